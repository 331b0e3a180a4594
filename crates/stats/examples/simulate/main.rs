//! What the methods promise, tried out: false positives, coverage, power and delay by simulation.
//!
//! `cargo run --release -p stats --example simulate [SEED [PERCENT_OF_RUNS [TABLE]]]` prints the tables
//! of `docs/SIMULATION.md`, in Markdown, or one of them: `anytime`, `uneven`, `lopsided`, `conversions`, `boundaries`,
//! `rare`, `once`, `equal`, `ramp`, `coarse`, `dependent`, `breaks`, `bursts`, `edge`, `detect`.
//! The same seed gives the same figures with any number of cores. A short form runs as a test
//! (`tests/it/simulation.rs`).

mod anytime;
mod boundaries;
mod bursty;
mod coarse;
mod conversions;
mod dependent;
mod draw;
mod fixed;
mod judged;
mod lopsided;
mod quantiles;
mod ramp;
mod rough;
mod screen;
mod tables;
mod trial;
mod uneven;

use tables::Bench;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, usual: u64| {
        let given = arguments.get(at).map(|given| given.parse());
        given.and_then(Result::ok).unwrap_or(usual)
    };
    let bench = Bench::new(
        number(0, 20_261_121),
        number(1, 100).max(1),
        std::thread::available_parallelism().map_or(1, usize::from),
    );
    println!("Seed {}; {}% of the runs.", bench.seed, bench.percent);
    type Print = fn(&Bench);
    let tables: [(&str, Print); 15] = [
        ("anytime", Bench::anytime),
        ("uneven", Bench::uneven),
        ("lopsided", Bench::lopsided),
        ("conversions", Bench::conversions),
        ("boundaries", Bench::boundaries),
        ("rare", Bench::rare_events),
        ("once", Bench::one_look),
        ("equal", Bench::judge_on_equal_arms),
        ("ramp", Bench::ramps),
        ("coarse", Bench::judge_on_coarse_values),
        ("dependent", Bench::judge_on_dependent_values),
        ("breaks", Bench::judge_on_what_breaks),
        ("bursts", Bench::judge_on_bursts),
        ("edge", Bench::judge_on_the_edge),
        ("detect", Bench::judge_detects),
    ];
    let asked = arguments.get(2);
    for (name, print) in tables {
        if asked.is_none_or(|asked| asked == name) {
            print(&bench);
            bench.count_marks();
        }
    }
}
