"""Published figures from recorded verdicts, by rrmq's own code: published, ours, difference.

    make replications              # or: python benchmarks/replications.py FOLDER

FOLDER holds the recorded public verdicts as JSON lines; docs/replications.md says what they are.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rrm_queue.columns import FIRST, NONE, SECOND, GeneratorMatches
from rrm_queue.diagnostics.kappa import cohen_kappa
from rrm_queue.diagnostics.labels import agreement
from rrm_queue.domain import CandidateNumber, Outcome, Position, Seeding
from rrm_queue.ratings.bradley_terry import POINTS
from rrm_queue.ratings.leaderboard import leaderboard
from rrm_queue.strategies import Finished, named
from rrm_queue.strategies.base import History

DATA = Path(__file__).parents[2] / "shared" / "data"

Row = dict[str, Any]


class Line(NamedTuple):
    """A figure: who published it, of what, and its value there and here."""

    source: str
    item: str
    figure: str
    published: float
    ours: float

    @property
    def difference(self) -> float:
        """Ours less the published one."""
        return self.ours - self.published


def replications(folder: Path) -> Iterator[Line]:
    """Every figure."""
    yield from llmbar(folder)
    yield from rrm_knockouts(folder)
    yield from llmfao(folder)


def llmbar(folder: Path) -> Iterator[Line]:
    """The 15 rows of LLMBar's evaluation: five judges on three subsets, in percent."""
    codes = {"a": FIRST, "b": SECOND, None: NONE}
    verdicts = _rows(folder, "replay_llmbar_verdicts")
    for row in _rows(folder, "replay_llmbar_published"):
        subset, judge = row["subset"], row["judge"]
        mine = [
            one for one in verdicts if (one["id"].split("-")[1], one["judge"]) == (subset, judge)
        ]
        labels, straight, swapped = (
            np.array([codes[one[key]] for one in mine], np.int8)
            for key in ("label", "verdict_ab", "verdict_ba")
        )
        (held,) = agreement(labels, straight, swapped, [subset] * len(mine), silent_agree=True)
        # LLMBar's kappa of the two orders knows the first answer and everything else.
        orders = cohen_kappa(*((one == FIRST).astype(np.int64) for one in (straight, swapped)))
        for figure, published, ours in (
            ("accuracy, first answer first", row["correct_False"], held.straight.estimate),
            ("accuracy, second answer first", row["correct_True"], held.swapped.estimate),
            ("average accuracy", row["correct_average"], held.average.estimate),
            ("right in both orders", row["correct_both"], held.both.estimate),
            ("same verdict in both orders", row["equal"], held.consistency.estimate),
        ):
            percent = float(published.split("=")[-1].strip().rstrip("%"))
            yield Line("LLMBar", f"{judge}, {subset}", figure, percent, 100 * ours)
        kappa = row["kappa_agreement"]
        yield Line("LLMBar", f"{judge}, {subset}", "kappa of the orders", kappa, orders.estimate)


def rrm_knockouts(folder: Path) -> Iterator[Line]:
    """RRM-7B's knockouts of 32 answers: the same pairs meet, and the same answer wins."""
    held = _rows(folder, "replay_rrm7b_knockout_mmlu_pro")
    matches = sum(len(row["games"]) for row in held)
    played = [_replayed(row) for row in held]
    same = sum(pairs for pairs, _ in played)
    champions = sum(
        champion == row["champion"] for (_, champion), row in zip(played, held, strict=True)
    )
    for figure, published, ours in (
        ("champions", len(held), champions),
        ("matches between the same two answers", matches, same),
    ):
        yield Line("RRM-7B", "MMLU-Pro knockouts", figure, published, ours)


def _replayed(row: Row) -> tuple[int, int]:
    """How many matches of the bracket are those of the recording, and who wins it."""
    strategy = named("knockout", seeding=Seeding.GIVEN)
    games = {frozenset((game["first"], game["second"])): game for game in row["games"]}
    bracket, outcomes, same = row["bracket"], dict[Position, Outcome | None](), 0
    while True:
        decided = len(outcomes)
        plan = strategy.plan(len(bracket), History(decided, decided, outcomes), 0)
        if isinstance(plan, Finished):
            places = plan.places or {}
            return same, bracket[next(one for one, place in places.items() if place == 1)]
        for match in plan.new:
            game = games[frozenset((bracket[match.first], bracket[match.second]))]
            same += game["round"] == match.position.round
            winner = CandidateNumber(bracket.index(game["winner"]))
            outcomes[match.position] = Outcome(winner)


def llmfao(folder: Path) -> Iterator[Line]:
    """LLMFAO's leaderboard of 59 models: Bradley-Terry in points, and each model's rank."""
    battles = _rows(folder, "battles_llmfao_crowd")
    published = {
        row["item"]: row["score"]
        for row in _rows(folder, "ratings_reference")
        if row["dataset"] == "llmfao_crowd" and row["method"] == "evalica-golden:bradley_terry"
    }
    names = sorted(published)
    places = {name: place for place, name in enumerate(names)}
    tournaments = {one: number for number, one in enumerate({row["prompt_id"] for row in battles})}
    winners = {"tie": 0, "left": 1, "right": 2}
    matches = GeneratorMatches(
        np.array([tournaments[row["prompt_id"]] for row in battles]),
        np.array([places[row["left"]] for row in battles]),
        np.array([places[row["right"]] for row in battles]),
        np.array([winners[row["winner"]] for row in battles], np.uint8),
    )
    board = leaderboard(names, matches, 0, prior_draws=0)
    logits = np.log(np.array([published[name] for name in names]))
    points = dict(zip(names, POINTS * (logits - logits.mean()) + 1000, strict=True))
    order = sorted(names, key=lambda name: -points[name])
    for row in board.rows:
        rank = order.index(row.generator) + 1
        yield Line("LLMFAO", row.generator, "Bradley-Terry", float(points[row.generator]), row.bt)
        yield Line("LLMFAO", row.generator, "rank", rank, row.rank)


def table(lines: list[Line]) -> str:
    """The figures as a table of text."""
    cells = [("source", "of", "figure", "published", "ours", "difference")]
    cells += [
        (*line[:3], f"{line.published:.4f}", f"{line.ours:.4f}", f"{line.difference:+.0e}")
        for line in lines
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < 3 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    )


def summary(lines: list[Line]) -> Iterator[str]:
    """A line for each source: how many figures, and the largest difference."""
    for source in dict.fromkeys(line.source for line in lines):
        held = [line for line in lines if line.source == source]
        worst = max(abs(line.difference) for line in held)
        yield f"{source}: {len(held)} figures, largest difference {worst:.1e}"


def _rows(folder: Path, name: str) -> list[Row]:
    path = folder / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if not data.is_dir():
        sys.exit(f"{data} is not there: name the folder of recorded verdicts")
    found = list(replications(data))
    print(table(found), *summary(found), sep="\n")
