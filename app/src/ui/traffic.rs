//! How an environment's traffic is shared out: blue serves now, green is on its way in.

use crate::view::Share;
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
            view! {
                <rect
                    class=if share.incoming { "traffic-new" } else { "traffic-old" }
                    x=format!("{start}%")
                    width=format!("{}%", share.weight)
                    height="100%"
                />
            }
        })
        .collect_view();
    view! {
        <svg class="traffic" role="img" aria-label=share_text(shares) height="8">
            {bars}
        </svg>
    }
}

/// `1.1.0 75% · 1.2.0 25%`: the same in words.
pub fn share_text(shares: &[Share]) -> String {
    let text: Vec<_> = shares
        .iter()
        .filter(|share| share.weight > 0)
        .map(|share| format!("{} {}%", share.version, share.weight))
        .collect();
    if text.is_empty() {
        "no traffic".to_owned()
    } else {
        text.join(" · ")
    }
}
