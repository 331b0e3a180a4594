"""`viridian analyze ab` beside pandas or polars with gbstats, on one file, in one run.

By hand, in a throwaway environment:

    python3 -m venv /tmp/beside && /tmp/beside/bin/pip install gbstats pandas polars "pyarrow<17"
    cargo xtask gen-experiment --exposures 10000000 --out /tmp/e.parquet
    cargo build --release -p analyze --example analyze
    /tmp/beside/bin/python crates/analyze/examples/beside_gbstats.py /tmp/e.parquet target/release/examples/analyze

Each does the same: the first exposure of each unit, units in two arms left out, values from the first
exposure on summed up for each unit, then the mean of revenue and the share converted with Welch's t.
"""

import json
import resource
import subprocess
import sys
import time

METRICS = ["revenue", "converted"]


def ours(path, binary):
    words = [binary, "ab", path, "--unit", "user_id", "--variant", "variant", "--time", "at"]
    words += ["--metric", "revenue", "--metric", "converted:conversion", "--json"]
    report = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    comparisons = [metric["comparisons"][0] for metric in report["metrics"]]
    return [(c["n"], c["effect"], *c["interval"], c["p"]) for c in comparisons]


def tested(arms):
    """gbstats on what was summed up: for each arm n, and for each metric its sum and sum of squares."""
    from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
    from gbstats.models.statistics import ProportionStatistic, SampleMeanStatistic

    def statistics(arm):
        n, sums = arm
        mean = SampleMeanStatistic(n=n, sum=sums[0][0], sum_squares=sums[0][1])
        return [mean, ProportionStatistic(n=n, sum=int(sums[1][0]))]

    found = []
    for control, treatment in zip(statistics(arms["control"]), statistics(arms["treatment"])):
        config = FrequentistConfig(difference_type="relative")
        try:
            result = TwoSidedTTest(control, treatment, config).compute_result()
        except TypeError:
            result = TwoSidedTTest([(control, treatment)], config).compute_result()
        found.append((treatment.n, result.expected, *result.ci, result.p_value))
    return found


def with_pandas(path):
    import pandas as pd

    events = pd.read_parquet(path, columns=["user_id", "variant", "at", *METRICS])
    seen = events.loc[events["variant"].notna(), ["user_id", "variant", "at"]]
    seen = seen.groupby("user_id").agg(
        at=("at", "min"), variant=("variant", "first"), last=("variant", "last")
    )
    seen = seen[seen["variant"] == seen["last"]]
    values = events.loc[events["revenue"].notna(), ["user_id", "at", *METRICS]]
    values = values.merge(seen[["at"]], left_on="user_id", right_index=True, suffixes=("", "_seen"))
    values = values[values["at"] >= values["at_seen"]].groupby("user_id")[METRICS].sum()
    values["converted"] = (values["converted"] != 0).astype(float)
    units = seen[["variant"]].join(values).fillna({name: 0.0 for name in METRICS})
    arms = {}
    for arm, of in units.groupby("variant"):
        sums = [(of[name].sum(), (of[name] ** 2).sum()) for name in METRICS]
        arms[arm] = (len(of), sums)
    return tested(arms)


def with_polars(path):
    import polars as pl

    events = pl.scan_parquet(path).select("user_id", "variant", "at", *METRICS)
    seen = (
        events.filter(pl.col("variant").is_not_null())
        .group_by("user_id")
        .agg(
            pl.col("at").min().alias("seen"),
            pl.col("variant").first(),
            pl.col("variant").n_unique().alias("arms"),
        )
        .filter(pl.col("arms") == 1)
    )
    values = (
        events.filter(pl.col("revenue").is_not_null())
        .select("user_id", "at", *METRICS)
        .join(seen.select("user_id", "seen"), on="user_id")
        .filter(pl.col("at") >= pl.col("seen"))
        .group_by("user_id")
        .agg(pl.col("revenue").sum(), (pl.col("converted") != 0).any().cast(pl.Float64))
    )
    units = seen.join(values, on="user_id", how="left").with_columns(pl.col(METRICS).fill_null(0.0))
    sums = [pl.col(name).sum().alias(name) for name in METRICS]
    squares = [(pl.col(name) ** 2).sum().alias(f"{name}_2") for name in METRICS]
    rows = units.group_by("variant").agg(pl.len().alias("n"), *sums, *squares).collect()
    arms = {
        row["variant"]: (row["n"], [(row[name], row[f"{name}_2"]) for name in METRICS])
        for row in rows.to_dicts()
    }
    return tested(arms)


def main():
    path, binary = sys.argv[1:3]
    if len(sys.argv) > 3:
        # One contender alone, in a process of its own: what it found, how long, how much memory.
        contender = {"pandas": with_pandas, "polars": with_polars}[sys.argv[3]]
        start = time.monotonic()
        found = contender(path)
        took = time.monotonic() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps([took, peak, found]))
        return
    start = time.monotonic()
    reference = ours(path, binary)
    took = time.monotonic() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"viridian analyze ab   {took:7.2f} s  {peak / 1024:7.0f} MiB")
    for name in ["polars", "pandas"]:
        words = [sys.executable, __file__, path, binary, name]
        answer = subprocess.run(words, check=True, capture_output=True).stdout
        took, peak, found = json.loads(answer)
        worst = 0.0
        for mine, theirs in zip(reference, found):
            # Their p is 2·(1 − cdf), which has no digits left this far out.
            usable = 5 if theirs[4] > 1e-9 else 4
            for a, b in list(zip(mine, theirs))[:usable]:
                worst = max(worst, abs(a - b) / max(abs(a), abs(b), 1e-300))
        print(
            f"{name} + gbstats      {took:7.2f} s  {peak / 1024:7.0f} MiB"
            f"  (largest relative difference to ours {worst:.1e})"
        )


main()
