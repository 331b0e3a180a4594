//! Quantiles.

use super::*;

#[test]
fn quantiles_are_compared_at_their_place() {
    let mut noise = Noise(3);
    let control = noise.latencies(6_000);
    let same = noise.latencies(6_000);
    // Only one value in twenty is slower: the median does not move, the 99th percentile does.
    let tail: Vec<f64> = noise
        .latencies(6_000)
        .iter()
        .enumerate()
        .map(|(i, x)| if i % 20 == 0 { x * 4.0 } else { *x })
        .collect();
    let at = |q: f64, canary: &[f64], rule: &Rule| {
        judge(
            &Observed::Quantile {
                q,
                control: &control,
                canary,
            },
            rule,
        )
        .unwrap()
    };
    let p99 = at(0.99, &tail, &Rule::default());
    assert_eq!(
        (p99.verdict, p99.method),
        (Verdict::Fail, Method::SequentialQuantile)
    );
    assert!(p99.effect.unwrap() > 0.5);
    assert_eq!(at(0.5, &tail, &Rule::default()).verdict, Verdict::Pass);
    assert_eq!(at(0.5, &same, &Rule::default()).verdict, Verdict::Pass);
    let negative: Vec<f64> = control.iter().map(|x| -x).collect();
    let turned: Vec<f64> = tail.iter().map(|x| -x).collect();
    let lower = Rule {
        worse: Worse::Lower,
        ..Rule::default()
    };
    let found = judge(
        &Observed::Quantile {
            q: 0.01,
            control: &negative,
            canary: &turned,
        },
        &lower,
    )
    .unwrap();
    assert_eq!(found.verdict, Verdict::Fail);
    assert!(
        (found.effect.unwrap() + p99.effect.unwrap()).abs() < 0.05,
        "{found:?}"
    );
}
