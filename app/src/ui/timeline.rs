//! A rollout's time, drawn to scale: what was, what is, what is expected, and the way back.

use crate::format;
use crate::view::{Span, SpanKind};
use domain::Time;
use leptos::prelude::*;

mod layout;

use layout::{Segment, now_at, segments, ticks};

/// The large one, with names and an axis. `start` is where the first span begins.
pub fn timeline(spans: &[Span], start: Time, now: Time, ended: bool) -> AnyView {
    let drawn = segments(spans);
    let total: u64 = spans.iter().map(|span| span.ms).sum();
    let precise = total < 20 * 60_000;
    let now_x = (!ended).then(|| now_at(&drawn, now.since_ms(start)));
    let axis = ticks(&drawn, start)
        .into_iter()
        .map(|tick| {
            let text = if precise {
                format::clock(tick.at)
            } else {
                format::clock_minutes(tick.at)
            };
            let anchor = match tick.x {
                x if x < 4.0 => "start",
                x if x > 94.0 => "end",
                _ => "middle",
            };
            let class = if tick.at > now && !ended {
                "timeline-tick-expected"
            } else {
                ""
            };
            view! {
                <g class=class>
                    <line x1=percent(tick.x) x2=percent(tick.x) y1="32" y2="36" />
                    <text x=percent(tick.x) y="49" text-anchor=anchor>
                        {text}
                    </text>
                </g>
            }
        })
        .collect_view();
    view! {
        <div class="timeline">
            <svg class="timeline-drawing" height="54" role="img" aria-label=in_words(spans)>
                {hatching("timeline-hatch")}
                <svg y="4" height="28">
                    {drawn.iter().map(|segment| bar(segment, "timeline-hatch", true)).collect_view()}
                </svg>
                {axis}
                {now_x
                    .map(|x| {
                        view! {
                            <line class="timeline-now" x1=percent(x) x2=percent(x) y1="0" y2="36" />
                        }
                    })}
            </svg>
        </div>
    }
    .into_any()
}

/// The small one, for a row of a list.
pub fn mini_timeline(spans: &[Span], id: impl std::fmt::Display) -> AnyView {
    let hatch = format!("hatch-{id}");
    let bars = segments(spans)
        .iter()
        .map(|segment| bar(segment, &hatch, false))
        .collect_view();
    view! {
        <svg class="timeline-mini" height="12" role="img" aria-label=in_words(spans)>
            {hatching(&hatch)}
            {bars}
        </svg>
    }
    .into_any()
}

/// A nested drawing clips its label, so that a name never runs into its neighbour.
fn bar(segment: &Segment, hatch: &str, labelled: bool) -> impl IntoView + use<> {
    let class = match segment.kind {
        SpanKind::Done => "timeline-done",
        SpanKind::Now => "timeline-current",
        SpanKind::Next => "timeline-next",
        SpanKind::Back => "timeline-back",
    };
    let title = format!("{}, {}", segment.name, format::duration(segment.ms));
    let label = (labelled && segment.width > 2.5).then(|| segment.name.clone());
    let fill = (segment.kind == SpanKind::Now).then(|| format!("url(#{hatch})"));
    view! {
        <svg class=class x=percent(segment.x) width=percent(segment.width) height="100%">
            <title>{title}</title>
            <rect width="100%" height="100%" rx="3" />
            {fill.map(|fill| view! { <rect width="100%" height="100%" rx="3" fill=fill class="timeline-fill" /> })}
            {label.map(|label| view! { <text x="7" y="18">{label}</text> })}
        </svg>
    }
}

/// The stripes of what is under way: a pattern, so that it does not hang on colour.
fn hatching(id: &str) -> impl IntoView + use<> {
    view! {
        <defs>
            <pattern
                id=id.to_owned()
                width="12"
                height="12"
                patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)"
            >
                <rect class="timeline-stripe" width="6" height="12" />
            </pattern>
        </defs>
    }
}

fn percent(x: f64) -> String {
    format!("{x:.2}%")
}

fn in_words(spans: &[Span]) -> String {
    let words: Vec<_> = spans
        .iter()
        .map(|span| {
            let kind = match span.kind {
                SpanKind::Done => "done",
                SpanKind::Now => "now",
                SpanKind::Next => "expected",
                SpanKind::Back => "rolling back",
            };
            format!("{} {}, {kind}", span.name, format::duration(span.ms))
        })
        .collect();
    format!("Time: {}", words.join("; "))
}
