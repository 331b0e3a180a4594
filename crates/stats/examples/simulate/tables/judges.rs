//! The judge of a canary: false stops and delay.

use super::super::draw::{Draw, Shape};
use super::super::judged::{self, Canary};
use super::super::trial::{Outcome, Tally};
use super::{Bench, LOOKS, percent, share};
use stats::judge::{Looks, Rule, Verdict, Worse};

impl Bench {
    /// False stops, which are "fail", and what else comes of arms that are equal.
    pub(crate) fn judge_on_equal_arms(&self) {
        println!("\n### The judge on equal arms, level 5%, {LOOKS} looks\n");
        println!(
            "| metric | data | canary's share | n of the canary | tolerance | runs | false stops |"
        );
        println!("|---|---|---|---|---|---|---|");
        // Without any tolerance and either way: what holds there holds under every rule. And by
        // the direction that most metrics have.
        for worse in [Worse::Either, Worse::Higher] {
            self.equal(worse);
        }
        self.equal_by_default();
        println!("\nAsked once (`Looks::One`):\n");
        println!("| metric | data | n an arm | tolerance | runs | false stops |");
        println!("|---|---|---|---|---|---|");
        for (shape, n) in [
            (Shape::Latency, 30),
            (Shape::Latency, 500),
            (Shape::Exponential, 100),
            (Shape::Bernoulli(0.5), 100),
        ] {
            let canary = Canary {
                rule: Rule {
                    tolerance: 0.0,
                    looks: Looks::One,
                    worse: Worse::Either,
                    ..Rule::default()
                },
                looks: 1,
                each: n,
                control_for_one: 1,
                change: 0.0,
            };
            let tally = self.repeat(&format!("once: {shape:?} {n}"), 4_000, |draw| {
                judged::values(shape, None, &canary, draw)
            });
            println!(
                "| continuous | {} | {n} | 0.0% | {} | {} |",
                shape.name(),
                tally.runs,
                self.held(&tally, tally.rejected, 0.05)
            );
        }
    }

    fn equal(&self, worse: Worse) {
        let canary = Canary {
            rule: Rule {
                tolerance: 0.0,
                worse,
                ..Rule::default()
            },
            looks: LOOKS,
            each: 1,
            control_for_one: 1,
            change: 0.0,
        };
        for shape in [Shape::Latency, Shape::Exponential] {
            self.equal_row("continuous", &shape.name(), &canary, |draw| {
                judged::values(shape, None, &canary, draw)
            });
        }
        for q in [0.5, 0.99] {
            let metric = format!("quantile {q}");
            self.equal_row(&metric, &Shape::Latency.name(), &canary, |draw| {
                judged::values(Shape::Latency, Some(q), &canary, draw)
            });
        }
        for (p, each, control_for_one) in
            [(0.001, 100, 1), (0.01, 10, 19), (0.5, 5, 1), (0.95, 5, 1)]
        {
            let canary = Canary {
                each,
                control_for_one,
                ..canary
            };
            self.equal_row("rate", &Shape::Bernoulli(p).name(), &canary, |draw| {
                judged::errors(p, &canary, draw)
            });
        }
        let ramp = Canary {
            each: 100,
            ..canary
        };
        self.equal_row("rate", "Bernoulli 1%, ramp 1-5-25-50%", &ramp, |draw| {
            judged::errors_in_a_ramp(0.01, &ramp, draw)
        });
        let restarts = Canary {
            control_for_one: 9,
            ..canary
        };
        self.equal_row("count", "0.2 a look", &restarts, |draw| {
            judged::restarts(0.2, &restarts, draw)
        });
    }

    fn equal_by_default(&self) {
        let canary = Canary {
            rule: Rule::default(),
            looks: LOOKS,
            each: 1,
            control_for_one: 1,
            change: 0.0,
        };
        self.equal_row("continuous", &Shape::Latency.name(), &canary, |draw| {
            judged::values(Shape::Latency, None, &canary, draw)
        });
        let few = Canary {
            each: 10,
            control_for_one: 19,
            ..canary
        };
        self.equal_row("rate", &Shape::Bernoulli(0.01).name(), &few, |draw| {
            judged::errors(0.01, &few, draw)
        });
    }

    fn equal_row(
        &self,
        metric: &str,
        data: &str,
        canary: &Canary,
        run: impl Fn(&mut Draw) -> Outcome + Sync,
    ) {
        let worse = match canary.rule.worse {
            Worse::Either => "either way",
            Worse::Higher => "higher is worse",
            Worse::Lower => "lower is worse",
        };
        let row = format!("equal: {metric} {worse} {data} {}", canary.rule.tolerance);
        let tally = self.repeat(&row, 1_000, run);
        println!(
            "| {metric}, {worse} | {data} | {} | {} | {} | {} | {} |",
            percent(1.0 / (1 + canary.control_for_one) as f64),
            canary.each * canary.looks,
            percent(canary.rule.tolerance),
            tally.runs,
            self.held(&tally, tally.rejected, 0.05)
        );
    }

    /// What is told of a difference that there is: on its tolerance no verdict is right.
    pub(crate) fn judge_on_the_edge(&self) {
        println!("\n### The judge with a tolerance as large as the change, asked once, level 5%\n");
        println!(
            "| metric | data | change | n of control and canary | runs | interval holds the change \
             | fails | passes |"
        );
        println!("|---|---|---|---|---|---|---|---|");
        for (shape, n, change) in [
            (Shape::Latency, [200, 200], 1.0),
            (Shape::Latency, [800, 800], 1.0),
            (Shape::Latency, [400, 40], 0.1),
            (Shape::Exponential, [200, 200], 1.0),
            (Shape::Pareto, [200, 200], 0.5),
            (Shape::Signed, [200, 200], 1.0),
            (Shape::Signed, [50, 200], 0.5),
        ] {
            for q in [None, Some(0.5)] {
                let tally = |wrong: Verdict| {
                    let row = format!("edge: {shape:?} {q:?} {n:?} {change} {}", wrong.name());
                    self.repeat(&row, 1_000, |draw| {
                        judged::on_the_edge(shape, q, (n, change), wrong, draw)
                    })
                };
                let (fails, passes) = (tally(Verdict::Fail), tally(Verdict::Pass));
                println!(
                    "| {} | {} | {} | {} and {} | {} | {} | {} | {} |",
                    q.map_or("continuous".to_owned(), |q| format!("quantile {q}")),
                    shape.name(),
                    percent(change),
                    n[0],
                    n[1],
                    fails.runs,
                    self.covered(&fails, fails.missed_at_end, 0.05),
                    self.held(&fails, fails.rejected, 0.05),
                    self.held(&passes, passes.rejected, 0.05),
                );
            }
        }
    }

    /// How long it takes to find what is wrong: 200 requests/s, of which the canary gets 5%.
    pub(crate) fn judge_detects(&self) {
        println!(
            "\n### Detection by the judge: 200 requests/s, canary 5%, level 5%, higher is worse\n"
        );
        println!(
            "| what is wrong | metric | tolerance | looks | runs | found | n of the canary: median | 90% \
             | seconds: median | 90% |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|");
        for tolerance in [0.0, 0.1] {
            let every = |seconds: u64, looks: u64, change: f64| Canary {
                rule: Rule {
                    tolerance,
                    ..Rule::default()
                },
                looks,
                each: 10 * seconds,
                control_for_one: 19,
                change,
            };
            let errors = every(1, 1_800, 4.0);
            let row = format!("detect: errors {tolerance}");
            let tally = self.repeat(&row, 1_000, |draw| judged::errors(0.001, &errors, draw));
            found("errors 0.5% against 0.1%", "rate", &errors, 1, &tally);
            let slow = every(10, 90, 0.3);
            for (what, whole) in [("all latencies +30%", true), ("slowest 5% +30%", false)] {
                for q in [Some(0.99), Some(0.95), None] {
                    let row = format!("detect: {what} {q:?} {tolerance}");
                    let tally = self.repeat(&row, 200, |draw| {
                        if whole {
                            judged::values(Shape::Latency, q, &slow, draw)
                        } else {
                            judged::slow_tail(q, &slow, draw)
                        }
                    });
                    let metric = q.map_or("continuous".to_owned(), |q| format!("quantile {q}"));
                    found(what, &metric, &slow, 10, &tally);
                }
            }
        }
    }
}

fn found(what: &str, metric: &str, canary: &Canary, seconds: u64, tally: &Tally) {
    let at = |q: f64, each: u64| {
        tally
            .stop_at_quantile(q)
            .map_or("-".to_owned(), |look| (look * each).to_string())
    };
    println!(
        "| {what} | {metric} | {} | every {seconds} s, {} s | {} | {} | {} | {} | {} | {} |",
        percent(canary.rule.tolerance),
        canary.looks * seconds,
        tally.runs,
        share(tally, tally.rejected),
        at(0.5, canary.each),
        at(0.9, canary.each),
        at(0.5, seconds),
        at(0.9, seconds),
    );
}
