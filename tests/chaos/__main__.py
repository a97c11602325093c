"""The command: `python -m chaos --seed S --minutes M --kills N`."""

import argparse
import json
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from chaos import disk
from chaos.audit import Difference
from chaos.fleet import Size
from chaos.run import Plan, Report, run

_OWN_MOUNTS = "--own-mounts"
_SHOWN = 40
"""Differences printed; all of them are in the JSON."""

_began = time.monotonic()


def main() -> int:
    """Exit code 0 when the store is as it must be, 1 with a list of what is not."""
    given = _arguments()
    if not given.own_mounts and not given.no_disk:
        disk.enter(_OWN_MOUNTS)  # returns only where nothing may be mounted
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    full_disk = given.own_mounts and not given.no_disk
    if not full_disk:
        _say("skipped: filling the disk (mounting is not permitted, or not wanted)")
    plan = Plan(
        given.seed,
        given.minutes,
        given.kills,
        given.matches,
        disk=full_disk,
        size=Size(given.coordinators, given.workers, given.concurrency),
    )
    report = run(plan, _say, disturbed=True, logs=given.logs)
    if given.undisturbed:
        _say("once more, undisturbed")
        calm = run(plan, _say, disturbed=False, logs=None)
        report.differences += calm.differences
        report.differences += _compared(report, calm)
    _print(report)
    if given.json:
        given.json.write_text(json.dumps(_shape(plan, report), indent=1, default=str) + "\n")
    return 1 if report.differences else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same schedule")
    parser.add_argument("--minutes", type=float, default=10, help="how long the hand works")
    parser.add_argument("--kills", type=int, default=100, help="SIGKILLs; other deeds come on top")
    parser.add_argument("--matches", type=int, default=20_000)
    parser.add_argument("--coordinators", type=int, default=2)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=16, help="votes in flight a worker")
    parser.add_argument("--undisturbed", action="store_true", help="compare with a calm run, too")
    parser.add_argument("--no-disk", action="store_true", help="never fill the disk")
    parser.add_argument("--json", type=Path, metavar="FILE", help="what was done and found")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep the processes' logs")
    parser.add_argument(_OWN_MOUNTS, action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _compared(disturbed: Report, calm: Report) -> list[Difference]:
    """Standings that two runs do not share."""
    rule = "standings are those of the undisturbed fleet"
    keys = sorted(disturbed.standings.keys() | calm.standings.keys())
    return [
        Difference(rule, " ".join(map(str, key)), f"{one}, not {other}")
        for key in keys
        if (one := disturbed.standings.get(key)) != (other := calm.standings.get(key))
    ]


def _print(report: Report) -> None:
    width = max(len(name) for name in report.figures)
    for name, value in report.figures.items():
        if isinstance(value, dict):
            print(f"{name.replace('_', ' ')}:")
            for part, count in sorted(value.items()):
                print(f"  {part:<34} {count:>6}")
        else:
            print(f"{name.replace('_', ' '):<{width + 2}} {value:>10}")
    print(f"differences {len(report.differences)}")
    for difference in report.differences[:_SHOWN]:
        print(f"  {difference}")


def _shape(plan: Plan, report: Report) -> dict[str, object]:
    return {
        "plan": asdict(plan),
        "began": report.began,
        "figures": report.figures,
        "done": [asdict(done) for done in report.deeds],
        "differences": [asdict(difference) for difference in report.differences],
    }


def _leave(number: int, _frame: object) -> None:
    """Ends the run, and with it its fleet."""
    sys.exit(128 + number)


def _say(what: str) -> None:
    print(f"[{time.monotonic() - _began:6.1f}] {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
