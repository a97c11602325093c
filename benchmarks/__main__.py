"""Runs the benchmarks one after another: `python benchmarks [--quick] [--only NAME] [--json FILE]`.

Each is a script of its own; the JSON of all of them is gathered in one file. Exit code 1 when one
of them misses a target or fails.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

NAMES = (
    "voting_waves",
    "reference_judge",
    "startup",
    "store_scale",
    "disk",
    "wide",
    "submitting",
    "pipeline",
    "judgements",
    "ends",
    "broker_memory",
    "many_jobs",
    "fleet",
    "latency",
    "rewards",
    "makespan",
    "open_pages",
    "prefixes",
    "engine_throughput",
)


def main() -> int:
    """Prints every table."""
    parser = argparse.ArgumentParser(prog="python benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a tenth of the work")
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"), metavar="FILE")
    given = parser.parse_args()
    given.json.parent.mkdir(parents=True, exist_ok=True)
    gathered, missed = [], []
    for name in given.only or NAMES:
        part = given.json.with_suffix(f".{name}.json")
        part.unlink(missing_ok=True)
        quick = ["--quick"] if given.quick else []
        script = [sys.executable, str(HERE / f"{name}.py"), *quick, "--json", str(part)]
        if subprocess.run(script, check=False).returncode:  # noqa: S603  # our own
            missed.append(name)
        if part.exists():
            gathered.append(json.loads(part.read_text()))
            part.unlink()
    given.json.write_text(json.dumps(gathered, indent=1) + "\n")
    print(f"written to {given.json}" + (f"; not met: {', '.join(missed)}" if missed else ""))
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
