//! How long the rank methods take: 1,440 against 1,440 values (a day of minutes) and 100,000 against 100,000.
//!
//! `cargo run --release -p stats --example bench_ranks`; beside it SciPy's test alone, which has no shift:
//! `python -c "import numpy as n,scipy.stats as s,time;r=n.random.default_rng(1);a,b=r.gamma(2,3,(2,100_000));t=time.time();s.mannwhitneyu(a,b);print(time.time()-t)"`

use stats::rank::Pair;
use stats::{Alpha, Side};
use std::hint::black_box;
use std::time::Instant;

/// Positive values with a long tail, the same in every run.
fn values(n: usize, mut state: u64, grid: Option<f64>) -> Vec<f64> {
    (0..n)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let uniform = ((state >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0;
            let value = -100.0 * libm::log(uniform);
            grid.map_or(value, |grid| (value / grid).round() * grid)
        })
        .collect()
}

fn main() {
    println!(
        "{:>8} {:>10} {:>10} {:>10} {:>14}  shift",
        "values", "sort ms", "test ms", "shift ms", "interval"
    );
    for (n, rounds) in [(1_440, 50), (100_000, 5)] {
        for grid in [None, Some(10.0)] {
            let (a, b) = (values(n, 1, grid), values(n, 2, grid));
            let mut best = [f64::INFINITY; 3];
            let mut shift = None;
            for _ in 0..rounds {
                let start = Instant::now();
                let Ok(pair) = Pair::new(black_box(&a), black_box(&b)) else {
                    return;
                };
                let sorted = Instant::now();
                let _ = black_box(pair.mann_whitney());
                let tested = Instant::now();
                shift = Some(pair.shift(Alpha::default(), Side::Two));
                let done = Instant::now();
                for (best, took) in
                    best.iter_mut()
                        .zip([sorted - start, tested - sorted, done - tested])
                {
                    *best = best.min(took.as_secs_f64() * 1e3);
                }
            }
            if let Some(shift) = shift {
                println!(
                    "{n:>8} {:>10.3} {:>10.3} {:>10.3} [{:>5.2}, {:>5.2}]  {:.3}{}",
                    best[0],
                    best[1],
                    best[2],
                    shift.interval.lo,
                    shift.interval.hi,
                    shift.estimate,
                    if grid.is_some() { "  (many ties)" } else { "" },
                );
            }
        }
    }
}
