"""The leaderboard, intervals, diagnostics and notes on a job, as they are shown and as JSON."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from kit.cli_views import done, job
from rich.console import Console, RenderableType

from rrm_queue.actions.diagnosis_schema import diagnosis_shape
from rrm_queue.actions.health import undecided
from rrm_queue.actions.leaderboard import leaderboard_notes
from rrm_queue.actions.schemas import json_line, leaderboard_shape, result_shape
from rrm_queue.cli.render.diagnosis import findings_view, labels_view
from rrm_queue.cli.render.leaderboard import leaderboard_table
from rrm_queue.cli.render.tables import standings_table
from rrm_queue.columns import DecidedMatches, GeneratorMatches, Votes
from rrm_queue.diagnostics.diagnosis import Diagnosis
from rrm_queue.diagnostics.label_report import LabelReport, label_report
from rrm_queue.diagnostics.labels import Scoring
from rrm_queue.diagnostics.length import LengthSlope, LongerWins
from rrm_queue.diagnostics.report import JudgeReport, judge_report
from rrm_queue.diagnostics.vote_findings import JobSettings
from rrm_queue.domain import CandidateNumber, JobState, JudgeSpec, Result, Voting
from rrm_queue.ratings.leaderboard import Leaderboard, leaderboard
from rrm_queue.ratings.table import rating_table
from rrm_queue.views.jobs import NoVerdictSample

EVIL = "\x1b[31m[bold]x[/bold]\n"
SHOWN = r"\x1b[31m[bold]x[/bold]\n"


def printed(renderables: list[RenderableType], width: int) -> str:
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    for renderable in renderables:
        console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def board(*names: str, results: str) -> Leaderboard:
    """`results` are words such as `ab`: the first beat the second; `a=b` was a draw."""
    pairs = [(word[0], word[-1], 0 if "=" in word else 1) for word in results.split()]
    letters = "abcdefgh"
    matches = GeneratorMatches(
        np.arange(len(pairs)),
        np.array([letters.index(one) for one, _, _ in pairs]),
        np.array([letters.index(two) for _, two, _ in pairs]),
        np.array([winner for _, _, winner in pairs], np.uint8),
    )
    return leaderboard(names, matches, 0)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_every_view_fits_its_terminal_and_neutralises_what_it_shows(width: int) -> None:
    held = board(EVIL, "b" * 70, "c", results="ab bc ca a=b")
    ended = job(state=JobState.SUCCEEDED, judge=JudgeSpec("openai", EVIL))
    ratings = {line.candidate: line for line in rating_table(2, [Result(*_first_beat(0, 1))], 0)}
    views: list[list[RenderableType]] = [
        [leaderboard_table(held, width), *leaderboard_notes(ended, held)],
        [standings_table(done(EVIL, "b"), ratings, width=width)],
        list(findings_view(ended, _report(), width)),
        list(labels_view(_labels(EVIL), LongerWins(0.6, 0.5, 0.7, 99), width)),
    ]
    for renderables in views:
        text = printed(renderables, width)
        assert all(len(line) <= width for line in text.splitlines())
        assert "\x1b" not in text
        assert SHOWN[:8] in text  # the rest is folded among the other columns


def _first_beat(one: int, two: int) -> tuple[CandidateNumber, CandidateNumber, CandidateNumber]:
    return CandidateNumber(one), CandidateNumber(two), CandidateNumber(one)


def _report() -> JudgeReport:
    number = np.arange(30)
    votes = Votes(
        number // 2, number % 2 + 1, number % 2 == 1, np.ones(30, np.int8), np.full(30, -1)
    )
    nothing = np.zeros(15)
    matches = DecidedMatches(
        np.arange(15), np.arange(15), np.zeros(15, np.int64), np.ones(15, np.int64),
        np.ones(15, np.uint8), np.zeros(15, np.bool_), nothing, nothing,
    )  # fmt: skip
    return judge_report(votes, matches, JobSettings(Voting(2)))


def test_a_judge_that_goes_by_length_alone_has_no_slope() -> None:
    report = replace(_report(), slope=LengthSlope(np.inf, -np.inf, np.inf, 15))
    text = " ".join(printed(list(findings_view(job(), report, 80)), 80).split())
    assert (
        "the longer answer won whenever the lengths differed: 15 matches are too few to tell"
        in text
    )
    assert "inf" not in text


def _labels(subset: str) -> list[LabelReport]:
    number = np.arange(20)
    votes = Votes(
        number // 2, number % 2 + 1, number % 2 == 1, np.ones(20, np.int8), np.full(20, -1)
    )
    labels = np.array([1, 2] * 5, np.int8)
    return label_report(labels, votes, np.arange(10) % 2, [subset, "other"], 2, Scoring())


def test_open_ends_and_incomparable_generators_are_said() -> None:
    held = board("a", "b", "c", "d", "e", results="ab ab cd d=c ee")
    text = printed([leaderboard_table(held, 120)], 120)
    assert "> " in text
    assert "< " in text
    said = "\n".join(leaderboard_notes(job(), held))
    assert "4 matches in 4 tournaments so far" in said
    assert "left out: 1 match between two answers of one generator" in said
    assert "not comparable, as no chain of matches joins them: a, b; c, d" in said
    assert "undefeated, so their rating has no upper limit: a\n" in said
    assert said.endswith("winless, so their rating has no lower limit: b")


def test_ratings_of_nothing_but_draws_are_told_apart_from_equality() -> None:
    note = "no match was won"
    assert note in "\n".join(leaderboard_notes(job(), board("a", "b", results="a=b a=b")))
    assert note not in "\n".join(leaderboard_notes(job(), board("a", "b", results="a=b ab")))


def test_a_note_names_a_few_and_counts_the_rest() -> None:
    names = [*"abcdefgh"]
    held = board(*names, results="ah bh ch dh eh fh gh")
    said = "\n".join(leaderboard_notes(job(), held))
    assert "a, b, c, d, e and 2 more" in said


def test_the_leaderboards_json() -> None:
    shape = json.loads(json_line(leaderboard_shape(job(), board("x", "y", results="ab"))))
    assert list(shape) == [
        "job", "state", "matches", "tournaments", "own", "unnamed", "clustered", "method",
        "elo_orders", "generators", "soft", "prior", "lead",
    ]  # fmt: skip
    first = shape["generators"][0]
    assert (first["generator"], first["wins"], first["undefeated"]) == ("x", 1, True)
    assert {"rank", "best", "worst", "bt", "low", "high", "elo", "elo_sd"} <= first.keys()


def test_what_stands_on_intervals_comes_last_and_is_null_without_them() -> None:
    ratings = {line.candidate: line for line in rating_table(2, [Result(*_first_beat(0, 1))], 0)}
    rated, bare = (result_shape(done("q", "a", "b"), held) for held in (ratings, None))
    first, without = rated["standings"][0], bare["standings"][0]
    assert list(first) == list(without)
    assert list(first)[8:10] == ["bt_low", "bt_high"]
    assert first["bt_low"] is not None
    assert first["bt_high"] is not None
    assert first["bt_low"] < 1000 < first["bt_high"]
    assert (first["undefeated"], without["bt_low"], without["undefeated"]) == (True, None, None)


def test_the_diagnostics_json_has_no_number_that_json_has_not() -> None:
    report = _report()
    assert np.isnan(report.slope.estimate)
    shape = diagnosis_shape(job(), Diagnosis(report, _labels("s"), None))
    text = json_line(shape)
    assert json.loads(text, parse_constant=pytest.fail) == json.loads(text)
    assert shape["length_slope"]["estimate"] is None
    assert shape["votes_looked_at"] == 2
    names = [finding["name"] for finding in shape["findings"]]
    assert names == [
        "slot_bias", "flip_rate", "vote_agreement", "no_verdict", "coins", "draws",
        "cyclic_triples", "longer_wins",
    ]  # fmt: skip
    assert [held["votes"] for held in shape["labels"][0]["voting"]] == [1, 2]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (NoVerdictSample(100, 5, 5, 100, 1, True), []),
        (NoVerdictSample(7, 3, 0, 9, 0, True), ["3 of 7 matches were tied and settled by a coin"]),
        (NoVerdictSample(7, 0, 1, 9, 0, True), ["1 of 7 matches ended in a draw"]),
        (
            NoVerdictSample(1000, 0, 0, 3000, 900, False),
            ["about 30% of the votes gave no verdict: `rrmq diagnose 0123456789ab` says why"],
        ),
        (NoVerdictSample(1, 0, 0, 0, 0, True), []),
    ],
)
def test_votes_without_a_verdict_are_mentioned_when_they_are_not_few(
    seen: NoVerdictSample, said: list[str]
) -> None:
    assert list(undecided(job(), seen)) == said
