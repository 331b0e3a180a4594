//! A/B: the serving group is arm A, the new one arm B; visitors stay with the arm they first met,
//! through promotion, until their arm's group is retired.

use super::{Draft, set_traffic, waiting};
use crate::plan::{Action, Group, PhaseKind, Plan, Routes, Sticky, Until};

pub(super) fn compile(mut draft: Draft<'_>, a: &Group) -> Plan {
    let settings = &draft.env().ab;
    let b = draft.to();
    let size = draft.plan.to.size;
    let sticky = Sticky {
        unit_header: settings.unit_header.clone(),
        pinned: settings.header.clone().map(|header| (header, b.clone())),
    };
    let prepare = draft.start(&b, size);
    draft.phase(PhaseKind::Prepare, "Start variant B", prepare);

    let split = Routes {
        sticky: Some(sticky.clone()),
        ..Routes::of([(&b, settings.weight), (&a.name, 100 - settings.weight)])
    };
    let run = vec![
        set_traffic(split.clone(), Routes::all_on(&a.name)),
        waiting(Action::Pause {
            until: Until::Decision {
                at_most_ms: settings.run_ms,
            },
        }),
    ];
    draft.phase(PhaseKind::Shift, "Run the experiment", run);

    let won = Routes {
        sticky: Some(sticky),
        ..Routes::of([(&b, 100), (&a.name, 0)])
    };
    draft.phase(
        PhaseKind::Promote,
        "Promote the winner",
        vec![set_traffic(won, split)],
    );
    draft.retain_and_retire(a, settings.retain_ms);
    draft.finish()
}
