//! What the gate said, with the numbers it said it from.

use super::{Tone, at_clock, pill};
use crate::format::{count, latency, percent};
use crate::view::JudgementView;
use domain::gate::Reading;
use leptos::prelude::*;

pub fn judgement(judgement: &JudgementView) -> AnyView {
    let (tone, word) = match judgement.verdict.as_str() {
        "pass" => (Tone::Good, "passed"),
        "fail" => (Tone::Bad, "failed"),
        _ => (Tone::Wait, "no verdict yet"),
    };
    let body = if judgement.readings.is_empty() {
        view! { <tr><td colspan="6"><small>"no figure has been measured yet"</small></td></tr> }
            .into_any()
    } else {
        judgement.readings.iter().map(row).collect_view().into_any()
    };
    view! {
        <div class="judgement">
            <p class="judgement-sentence">
                {pill(tone, word)}
                <span>{judgement.sentence.clone()}</span>
                <small>{at_clock(judgement.at)}</small>
            </p>
            <div class="scroll" tabindex="0" role="group" aria-label="Readings">
                <table>
                    <caption class="hidden">"Each figure beside its bound"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"figure"</th>
                            <th scope="col" class="num">"value"</th>
                            <th scope="col" class="num">"bound"</th>
                            <th scope="col" class="judgement-wide">"of the bound"</th>
                            <th scope="col" class="num">"requests"</th>
                            <th scope="col">"verdict"</th>
                        </tr>
                    </thead>
                    <tbody>{body}</tbody>
                </table>
            </div>
        </div>
    }
    .into_any()
}

fn row(reading: &Reading) -> impl IntoView + use<> {
    let write = |value| {
        if reading.figure == "error rate" {
            percent(value)
        } else {
            latency(value)
        }
    };
    let used = used(reading);
    let (class, tone, word) = if reading.kept {
        ("meter", Tone::Good, "within")
    } else {
        ("meter meter-over", Tone::Bad, "over")
    };
    view! {
        <tr>
            <th scope="row">{reading.figure.clone()}</th>
            <td class="num">{write(reading.value)}</td>
            <td class="num">{write(reading.bound)}</td>
            <td class="judgement-wide">
                <svg class=class height="8" role="img" aria-label=format!("{used:.0}% of the bound")>
                    <rect class="meter-fill" width=format!("{:.1}%", used.min(150.0) / 1.5) height="100%" />
                    <line class="meter-bound" x1="66.67%" x2="66.67%" y1="0" y2="8" />
                </svg>
            </td>
            <td class="num">{count(reading.n)}</td>
            <td>{pill(tone, word)}</td>
        </tr>
    }
}

/// The value in percent of its bound.
fn used(reading: &Reading) -> f64 {
    match reading.bound {
        bound if bound > 0.0 => 100.0 * reading.value / bound,
        _ if reading.value > 0.0 => 150.0,
        _ => 0.0,
    }
}
