"""The tables and pictures of `choosing.py`."""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
from choosing_line import Line
from choosing_saved import saved_tables
from matplotlib import pyplot as plt

DOCS = Path(__file__).parent.parent / "docs"
DOCUMENT = DOCS / "strategies.md"
PICTURES = DOCS / "pictures"
BEGIN, END = "<!-- choosing: begin -->", "<!-- choosing: end -->"

mpl.use("svg")
# The same figures make the same file, to the byte.
mpl.rcParams |= {"svg.hashsalt": "rrmq", "svg.fonttype": "none", "font.size": 9}


def write(lines: list[Line], seconds: float) -> None:
    """Puts the tables between the document's markers and draws the pictures."""
    for name, attribute, label in (
        ("champion", "found", "best answer found, % of tournaments"),
        ("order", "tau", "Kendall's tau with the true order"),
    ):
        draw(lines, attribute, label, PICTURES / f"choosing_{name}.svg")
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    tables = "\n".join([*_preface(lines, seconds), *_tables(lines)])
    DOCUMENT.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}", encoding="utf-8")


def _preface(lines: list[Line], seconds: float) -> Iterator[str]:
    trials = {line.size: line.trials for line in lines}
    errors = ", ".join(f"{50 / math.sqrt(count):.1f}" for count in trials.values())
    tau_error = max(line.tau_error for line in lines)
    yield (
        f"{', '.join(map(str, trials.values()))} tournaments a cell for "
        f"{', '.join(map(str, trials))} candidates, {seconds / 60:.1f} minutes on one core. "
        f'Standard error of "found": at most {errors} points; of tau: at most {tau_error:.3f}.'
    )
    yield ""


def _tables(lines: list[Line]) -> Iterator[str]:
    sizes = sorted({line.size for line in lines})
    graded = [line for line in lines if line.kind == "graded"]
    for size in sizes:
        here = [line for line in graded if line.size == size]
        yield f"### {size} candidates"
        yield ""
        yield from _table(line for line in here if not line.bias)
        yield "<details><summary>The same with a judge that favours slot 1 by 1 logit</summary>"
        yield ""
        yield from _table(line for line in here if line.bias)
        yield "</details>"
        yield ""
    yield "### Votes that `adaptive` saves at equal accuracy"
    yield ""
    yield from saved_tables([line for line in graded if not line.bias], sizes)
    yield "### Right or wrong"
    yield ""
    yield from _right([line for line in lines if line.kind == "right"], sizes)


def _table(lines: Iterable[Line]) -> Iterator[str]:
    rows: dict[tuple[str, int], list[Line]] = {}
    for line in lines:
        rows.setdefault((line.strategy, line.votes), []).append(line)
    some = next(iter(rows.values()))
    at = " / ".join(f"{100 * line.accuracy:.0f}" for line in some)
    yield f"| strategy | votes a match | matches | votes cast | found, %, at {at} | tau at {at} |"
    yield "|---|---|---|---|---|---|"
    for (strategy, votes), row in rows.items():
        found = " / ".join(f"{100 * line.found:.0f}" for line in row)
        tau = " / ".join(f"{line.tau:.2f}" for line in row)
        middle = next(line for line in row if line.accuracy == 0.8)
        yield (
            f"| `{strategy}` | {votes} | {middle.matches:.0f} | {middle.cast:.0f} "
            f"| {found} | {tau} |"
        )
    yield ""


def _right(lines: list[Line], sizes: list[int]) -> Iterator[str]:
    accuracies = sorted({line.accuracy for line in lines})
    at = " / ".join(f"{100 * accuracy:.0f}" for accuracy in accuracies)
    yield (
        "| strategy | votes a match | "
        + " | ".join(f"{size} candidates, at {at}" for size in sizes)
        + " |"
    )
    yield "|---" * (2 + len(sizes)) + "|"
    cells: dict[tuple[str, int], dict[int, list[Line]]] = {}
    for line in sorted(lines, key=lambda line: -line.size):  # the largest fields every strategy
        sized = cells.setdefault((line.strategy, line.votes), {})
        sized.setdefault(line.size, []).append(line)
    for (strategy, votes), sized in cells.items():
        found = (" / ".join(f"{100 * line.found:.0f}" for line in sized.get(n, [])) for n in sizes)
        yield f"| `{strategy}` | {votes} | {' | '.join(cell or 'as `elo`' for cell in found)} |"


def draw(lines: list[Line], attribute: str, label: str, path: Path) -> None:
    """What each strategy reaches with an unbiased judge, over the votes that it casts."""
    sizes, accuracies = (16, 64), (0.7, 0.9)
    figure, axes = plt.subplots(2, 2, figsize=(8, 6), sharey="row", layout="constrained")
    for row, accuracy in enumerate(accuracies):
        for column, size in enumerate(sizes):
            axis: Any = axes[row][column]
            here = [
                line
                for line in lines
                if (line.kind, line.size, line.accuracy, line.bias)
                == ("graded", size, accuracy, 0.0)
            ]
            _curves(axis, here, attribute)
            axis.set_title(f"{size} candidates, {100 * accuracy:.0f} % of votes right")
            axis.set_xscale("log")
            ticks = [(size - 1) * 2**doubling for doubling in range(8 if size > 16 else 6)]
            axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
            axis.minorticks_off()
            axis.grid(visible=True, alpha=0.3)
    figure.supylabel(label)
    figure.supxlabel("votes cast (hollow: 1 a match, full: 5)")
    handles, names = axes[0][1].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, frameon=False)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _curves(axis: Any, lines: list[Line], attribute: str) -> None:
    strategies = list(dict.fromkeys(_without_budget(line) for line in lines))
    scale = 100 if attribute == "found" else 1
    for strategy in strategies:
        points = sorted(
            (line for line in lines if _without_budget(line) == strategy),
            key=lambda line: line.cast,
        )
        costs = [line.cast for line in points]
        reached = [scale * getattr(line, attribute) for line in points]
        (curve,) = axis.plot(costs, reached, marker="o", markerfacecolor="none", label=strategy)
        full = [place for place, line in enumerate(points) if line.votes > 1]
        axis.plot(costs, reached, marker="o", linestyle="", markevery=full, color=curve.get_color())


def _without_budget(line: Line) -> str:
    return line.strategy.partition(" ")[0].rstrip(",")
