#!/usr/bin/env python3
"""Records what other software answers, so that the tests can replay it without Python.

    crates/stats/reference/record.py [METHOD…]

Installs `requirements.txt` into a throwaway environment and writes one `<method>.jsonl` a method
beside this file, a line {"id", "method", "inputs", "expected", "tolerance"?} each, and `numeric.tsv`.
A module here that has a dictionary METHODS, from the name of a method to a function that yields its
cases, is found by itself; see `reference.py` for what a case is made of. A module `record_*.py` is run as
a recorder of its own.

Where PyPI's gbstats is known to differ from its repository's head, the head's formula is written down
again in mpmath at 50 digits and only that is recorded; wherever the two do agree, the script asserts it.
"""

import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import venv

HERE = pathlib.Path(__file__).resolve().parent
INSIDE = "--inside"


def outside(wanted):
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = pathlib.Path(folder) / "bin" / "python"
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True
        )
        subprocess.run([python, "-B", __file__, INSIDE, *wanted], check=True)


def inside(wanted):
    sys.path.insert(0, str(HERE))
    for path in sorted(HERE.glob("*.py")):
        if path.stem in ("record", "reference"):
            continue
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for method, cases in getattr(module, "METHODS", {}).items():
            if wanted and method not in wanted:
                continue
            lines = []
            for number, case in enumerate(cases(), 1):
                line = {"id": f"{method}-{number}", "method": method, **case}
                lines.append(json.dumps(line, allow_nan=False) + "\n")
            (HERE / f"{method}.jsonl").write_text("".join(lines))
            print(f"{method}: {len(lines)} cases", flush=True)
        if path.stem.startswith("record_"):
            # A recorder of its own, which takes the names of its methods.
            names = [name for name in wanted if callable(getattr(module, name, None))]
            if names or not wanted:
                subprocess.run([sys.executable, "-B", path, *names], check=True)
        if hasattr(module, "lines") and (not wanted or path.stem in wanted):
            table(module, HERE / f"{path.stem}.tsv")


def table(module, path):
    seen = {}
    module.lines(lambda row: seen.setdefault((row[0], tuple(row[1])), row[2]))
    with path.open("w") as file:
        file.write("# function, arguments, value (mpmath, 40 digits); written by record.py\n")
        for (name, arguments), value in seen.items():
            file.write("\t".join([name, *map(repr, arguments), repr(value)]) + "\n")
    print(f"{path.name}: {len(seen)} lines", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == [INSIDE]:
        inside(sys.argv[2:])
    else:
        outside(sys.argv[1:])
