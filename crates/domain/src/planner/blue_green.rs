//! Blue/green: a full second group is proved beside the serving one, then takes everything at once.

use super::{Draft, pause, set_traffic};
use crate::plan::{Group, PhaseKind, Plan, Routes};

pub(super) fn compile(mut draft: Draft<'_>, blue: &Group) -> Plan {
    let settings = &draft.env().blue_green;
    let green = draft.to();
    let size = draft.plan.to.size;
    let mut routes = Routes::all_on(&blue.name);

    let mut prepare = draft.start(&green, size);
    // Where the cloud cannot route by a header, green is looked at by its own addresses.
    if draft.request.capabilities.headers {
        let preview = Routes {
            preview: Some(green.clone()),
            ..Routes::of([(&blue.name, 100), (&green, 0)])
        };
        prepare.push(set_traffic(preview.clone(), routes));
        routes = preview;
    }
    prepare.extend(pause(settings.preview_ms));
    prepare.extend(draft.approval(settings.approval));
    draft.phase(PhaseKind::Prepare, "Prove green", prepare);

    let switch = set_traffic(Routes::of([(&green, 100), (&blue.name, 0)]), routes);
    draft.phase(PhaseKind::Promote, "Switch", vec![switch]);
    draft.retain_and_retire(blue, settings.retain_ms);
    draft.finish()
}
