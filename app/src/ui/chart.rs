//! The live figures: one small drawing a figure, both groups in it.

use crate::format;
use crate::view::{Point, Series};
use domain::Time;
use leptos::prelude::*;

mod scale;

use scale::{HEIGHT, WIDTH, Window, path, round_up};

/// At least this much time is drawn, so that a young group's line does not jump about.
const WINDOW_MS_MIN: u64 = 60_000;

struct Figure {
    name: &'static str,
    unit: &'static str,
    value: fn(&Point) -> Option<f64>,
    /// The axis goes at least this far, so that noise near zero stays small.
    top_min: f64,
}

const FIGURES: [Figure; 3] = [
    Figure {
        name: "Requests",
        unit: "/s",
        value: |point| Some(point.requests_per_s),
        top_min: 1.0,
    },
    Figure {
        name: "Errors",
        unit: "%",
        value: |point| point.error_rate.map(|rate| rate * 100.0),
        top_min: 1.0,
    },
    Figure {
        name: "p95",
        unit: "ms",
        value: |point| point.p95_ms,
        top_min: 1.0,
    },
];

/// Requests, errors and p95, old group and new in each.
pub fn charts(series: &[Series], now: Time) -> AnyView {
    let first = series
        .iter()
        .filter_map(|one| one.points.first())
        .map(|point| point.at)
        .min();
    let from = first.map_or(now, |first| {
        Time(first.0.min(now.0 - WINDOW_MS_MIN.cast_signed()))
    });
    let window = Window { from, to: now };
    view! {
        <div class="charts">{FIGURES.iter().map(|figure| chart(figure, series, window)).collect_view()}</div>
    }
    .into_any()
}

fn chart(figure: &Figure, series: &[Series], window: Window) -> impl IntoView + use<> {
    let highest = series
        .iter()
        .flat_map(|one| &one.points)
        .filter_map(figure.value)
        .fold(figure.top_min, f64::max);
    // Room above the highest point for the axis's figure.
    let top = round_up(highest * 1.15);
    let latest = |one: &Series| one.points.last().and_then(figure.value);
    let spoken: Vec<_> = series
        .iter()
        .map(|one| {
            let value = latest(one).map_or_else(|| "nothing".to_owned(), format::figure);
            format!("{} {value} {}", one.version, figure.unit)
        })
        .collect();
    let legend = series
        .iter()
        .map(|one| {
            let class = if one.incoming {
                "chart-now chart-now-new"
            } else {
                "chart-now chart-now-old"
            };
            let value = latest(one).map_or_else(|| "–".to_owned(), format::figure);
            view! {
                <span class=class title=one.group.to_string()>
                    <small>{one.version.to_string()}</small>
                    <b>{value}</b>
                </span>
            }
        })
        .collect_view();
    let lines = series
        .iter()
        .map(|one| {
            let class = if one.incoming {
                "chart-line chart-line-new"
            } else {
                "chart-line chart-line-old"
            };
            view! { <path class=class d=path(&one.points, figure.value, window, top) /> }
        })
        .collect_view();
    view! {
        <section class="card chart">
            <div class="chart-head">
                <h3>{figure.name} " " <small>{figure.unit}</small></h3>
                <span class="chart-legend">{legend}</span>
            </div>
            <div class="chart-plot">
                <svg
                    viewBox=format!("0 0 {WIDTH} {HEIGHT}")
                    preserveAspectRatio="none"
                    role="img"
                    aria-label=format!("{} now: {}", figure.name, spoken.join(", "))
                >
                    <line class="chart-grid" x1="0" x2=WIDTH.to_string() y1="0.5" y2="0.5" />
                    <line
                        class="chart-grid"
                        x1="0"
                        x2=WIDTH.to_string()
                        y1=(HEIGHT / 2.0).to_string()
                        y2=(HEIGHT / 2.0).to_string()
                    />
                    <line
                        class="chart-grid"
                        x1="0"
                        x2=WIDTH.to_string()
                        y1=(HEIGHT - 0.5).to_string()
                        y2=(HEIGHT - 0.5).to_string()
                    />
                    {lines}
                </svg>
                <span class="chart-top" aria-hidden="true">
                    {format::figure(top)}
                </span>
            </div>
            <div class="chart-axis" aria-hidden="true">
                <span>{format::clock(window.from)}</span>
                <span>"now"</span>
            </div>
        </section>
    }
}
