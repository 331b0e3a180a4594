//! How an environment's traffic is shared out: blue serves now, green is on its way in.

use crate::view::Share;
use domain::Role;
use leptos::prelude::*;

/// The bar. Widths are attributes of the drawing, since the page allows no inline style.
pub fn traffic(shares: &[Share]) -> impl IntoView + use<> {
    let mut x = 0;
    let bars = shares
        .iter()
        .filter(|share| share.weight > 0)
        .map(|share| {
            let start = x;
            x += share.weight;
            let class = match (share.incoming, share.role) {
                (true, _) => "traffic-new",
                (false, Role::Baseline) => "traffic-baseline",
                (false, _) => "traffic-old",
            };
            view! {
                <rect class=class x=format!("{start}%") width=format!("{}%", share.weight) height="100%" />
            }
        })
        .collect_view();
    view! {
        <svg class="traffic" role="img" aria-label=share_text(shares) height="8">
            {bars}
        </svg>
    }
}

/// `1.1.0 75% · baseline 5% · 1.2.0 20%`: the same in words. The baseline runs the old version too,
/// and is told apart by what it is.
pub fn share_text(shares: &[Share]) -> String {
    let text: Vec<_> = shares
        .iter()
        .filter(|share| share.weight > 0)
        .map(|share| match share.role {
            Role::Baseline => format!("baseline\u{a0}{}%", share.weight),
            _ => format!("{}\u{a0}{}%", share.version, share.weight),
        })
        .collect();
    if text.is_empty() {
        "no traffic".to_owned()
    } else {
        text.join(" · ")
    }
}
