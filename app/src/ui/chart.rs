//! The live figures: one small drawing a figure, every group in it, each named by version and role.

use crate::format;
use crate::view::{Point, Series};
use domain::{Role, Strategy, Time};
use leptos::prelude::*;

mod scale;

use scale::{HEIGHT, WIDTH, Window, path, round_up};

/// At least this much time is drawn, so that a young group's line does not jump about.
const WINDOW_MS_MIN: u64 = 60_000;

/// What is older is not what a group does now: it is gone, or nobody asks it anything.
const LATEST_MS: u64 = 5_000;

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
pub fn charts(series: &[Series], strategy: Strategy, now: Time) -> AnyView {
    let first = series
        .iter()
        .filter_map(|one| one.points.first())
        .map(|point| point.at)
        .min();
    let from = first.map_or(now, |first| {
        Time(first.0.min(now.0 - WINDOW_MS_MIN.cast_signed()))
    });
    let window = Window { from, to: now };
    // A baseline that comes later finds its line kept.
    let class = if strategy == Strategy::Canary {
        "charts charts-three"
    } else {
        "charts"
    };
    view! {
        <div class=class>{FIGURES.iter().map(|figure| chart(figure, series, window)).collect_view()}</div>
    }
    .into_any()
}

/// Which kind of line a group has: readable without colour.
fn line_of(series: &Series) -> &'static str {
    match (series.incoming, series.role) {
        (true, _) => "new",
        (false, Role::Baseline) => "baseline",
        (false, _) => "old",
    }
}

fn chart(figure: &Figure, series: &[Series], window: Window) -> impl IntoView + use<> {
    let highest = series
        .iter()
        .flat_map(|one| &one.points)
        .filter_map(figure.value)
        .fold(figure.top_min, f64::max);
    // Room above the highest point for the axis's figure.
    let top = round_up(highest * 1.15);
    let latest = |one: &Series| {
        let last = one.points.last()?;
        (window.to.since_ms(last.at) < LATEST_MS).then(|| (figure.value)(last))?
    };
    let measured = series
        .iter()
        .flat_map(|one| &one.points)
        .any(|point| (figure.value)(point).is_some());
    let spoken: Vec<_> = series
        .iter()
        .map(|one| {
            let value = latest(one).map_or_else(|| "nothing".to_owned(), format::figure);
            format!(
                "{} {} {value} {}",
                one.version,
                one.role.as_str(),
                figure.unit
            )
        })
        .collect();
    let legend = series
        .iter()
        .map(|one| {
            let value = latest(one).map_or_else(|| "–".to_owned(), format::figure);
            view! {
                <li class=format!("chart-now chart-now-{}", line_of(one)) title=one.group.to_string()>
                    <span class="chart-who">
                        {one.role.as_str()} " " <small>{one.version.to_string()}</small>
                    </span>
                    <b>{value}</b>
                </li>
            }
        })
        .collect_view();
    let lines = series
        .iter()
        .map(|one| {
            let class = format!("chart-line chart-line-{}", line_of(one));
            view! { <path class=class d=path(&one.points, figure.value, window, top) /> }
        })
        .collect_view();
    view! {
        <section class="card chart">
            <h3>{figure.name} " " <small>{figure.unit}</small></h3>
            <ul class="chart-legend" role="list">
                {legend}
            </ul>
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
                {if measured {
                    view! {
                        <span class="chart-top" aria-hidden="true">
                            {format::figure(top)}
                        </span>
                    }
                        .into_any()
                } else {
                    view! { <span class="chart-none">"no figures yet"</span> }.into_any()
                }}
            </div>
            <div class="chart-axis" aria-hidden="true">
                <span>{format::clock(window.from)}</span>
                <span>"now"</span>
            </div>
        </section>
    }
}
