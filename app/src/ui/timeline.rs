//! A rollout's time, drawn to scale: what was, what is, what is expected, and the way back.

use crate::format;
use crate::view::{Span, SpanKind};
use domain::Time;
use leptos::prelude::*;

mod layout;

use layout::{Segment, labels, now_at, segments, ticks};

/// When the first span of a timeline begins, and whether there is a *now* in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// Not known yet: all of it is plan.
    Open,
    Running(Time),
    Over(Time),
}

/// The large one, with names and an axis.
pub fn timeline(spans: &[Span], begin: Begin, now: Time) -> AnyView {
    let drawn = segments(spans);
    let total: u64 = spans.iter().map(|span| span.ms).sum();
    let precise = total < 20 * 60_000;
    let now_x = match begin {
        Begin::Running(start) => Some(now_at(&drawn, now.since_ms(start))),
        Begin::Open | Begin::Over(_) => None,
    };
    let (start, told) = match begin {
        Begin::Open => (Time(0), false),
        Begin::Running(start) | Begin::Over(start) => (start, true),
    };
    let axis = ticks(&drawn, start)
        .into_iter()
        .enumerate()
        .map(|(nth, tick)| {
            let text = match (told, precise) {
                (false, _) => format!("+{}", format::duration(tick.at.since_ms(start))),
                (true, true) => format::clock(tick.at),
                (true, false) => format::clock_minutes(tick.at),
            };
            let anchor = match tick.x {
                x if x < 4.0 => "start",
                x if x > 94.0 => "end",
                _ => "middle",
            };
            // Every second one gives way where it is narrow.
            let expected = match begin {
                Begin::Open => true,
                Begin::Running(_) => tick.at > now,
                Begin::Over(_) => false,
            };
            let class = match (nth % 2, expected) {
                (0, true) => "timeline-tick-expected",
                (0, false) => "",
                (_, true) => "timeline-tick-expected timeline-wide",
                (_, false) => "timeline-wide",
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
                    {drawn
                        .iter()
                        .zip(labels(&drawn))
                        .map(|(segment, fits)| bar(segment, "timeline-hatch", fits))
                        .collect_view()}
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
        .map(|segment| bar(segment, &hatch, None))
        .collect_view();
    view! {
        <svg class="timeline-mini" height="12" role="img" aria-label=in_words(spans)>
            {hatching(&hatch)}
            {bars}
        </svg>
    }
    .into_any()
}

/// `fits` names the width from which the label is shown: it is whole or not there.
fn bar(segment: &Segment, hatch: &str, fits: Option<&'static str>) -> impl IntoView + use<> {
    let class = match segment.kind {
        SpanKind::Done => "timeline-done",
        SpanKind::Now => "timeline-current",
        SpanKind::Next => "timeline-next",
        SpanKind::Back => "timeline-back",
    };
    let title = format!("{}, {}", segment.name, format::duration(segment.ms));
    let label =
        fits.map(|fits| view! { <text class=fits x="7" y="18">{segment.name.clone()}</text> });
    let fill = (segment.kind == SpanKind::Now).then(|| format!("url(#{hatch})"));
    view! {
        <svg class=class x=percent(segment.x) width=percent(segment.width) height="100%">
            <title>{title}</title>
            <rect width="100%" height="100%" rx="3" />
            {fill.map(|fill| view! { <rect width="100%" height="100%" rx="3" fill=fill class="timeline-fill" /> })}
            {label}
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
