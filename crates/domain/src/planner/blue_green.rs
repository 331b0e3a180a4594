//! Blue/green: a full second group is proved beside the serving one, then takes everything at once.

use super::{Draft, pause, set_traffic};
use crate::plan::{Group, PhaseKind, Plan, Routes};

pub(super) fn compile(mut draft: Draft<'_>, blue: &Group) -> Plan {
    let settings = &draft.env().blue_green;
    let green = draft.to();
    let size = draft.plan.to.size;
    let blue_only = Routes::all_on(&blue.name);
    let preview = Routes {
        preview: Some(green.clone()),
        ..Routes::of([(&blue.name, 100), (&green, 0)])
    };

    let mut prepare = draft.start(&green, size);
    prepare.push(set_traffic(preview.clone(), blue_only));
    prepare.extend(pause(settings.preview_ms));
    prepare.extend(draft.approval(settings.approval));
    draft.phase(PhaseKind::Prepare, "Prove green", prepare);

    let switch = set_traffic(Routes::of([(&green, 100), (&blue.name, 0)]), preview);
    draft.phase(PhaseKind::Promote, "Switch", vec![switch]);
    draft.retain_and_retire(blue, settings.retain_ms);
    draft.finish()
}
