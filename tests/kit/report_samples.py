"""Reports to draw, every text of which may be chosen."""

import numpy as np

from rrm_queue.columns import DecidedMatches, GeneratorMatches, Votes
from rrm_queue.diagnostics.diagnosis import Diagnosis
from rrm_queue.diagnostics.label_report import label_report
from rrm_queue.diagnostics.labels import Scoring
from rrm_queue.diagnostics.length import LongerWins
from rrm_queue.diagnostics.report import judge_report
from rrm_queue.diagnostics.vote_findings import JobSettings
from rrm_queue.domain import (
    CandidateNumber,
    DecidedBy,
    MatchId,
    MatchState,
    Seeding,
    Standing,
    TournamentId,
    TournamentState,
    Verdict,
    Voting,
)
from rrm_queue.ratings.leaderboard import leaderboard
from rrm_queue.reports.contents import (
    Board,
    Bracket,
    Fact,
    Judge,
    Report,
    Summary,
    Tournament,
)
from rrm_queue.reports.subsets import SubsetTable, subset_table
from rrm_queue.views.closeness import TournamentLine
from rrm_queue.views.matches import RecordedVote, TalliedMatch
from rrm_queue.views.tournaments import Answer, TournamentView

HOSTILE = (
    "</script><script>document.title='owned'</script>"
    "<img src=x onerror=\"document.title='owned'\"><!--<script>"
    "</style></details></main><h1 id='summary'>x</h1>'\"`${{}}{{ 7*7 }}\u2028\u2029\u202e&lt;&#60;"
    "]]><svg/onload=alert(1)><style>*{display:none}</style>"
)


def tournament(text: str = "text", *, failed: bool = False) -> Tournament:
    """A final between two, as a knockout's only match, with one vote."""
    first, second = CandidateNumber(0), CandidateNumber(1)
    match = TalliedMatch(
        1, 0, first, second, MatchState.DONE, first, DecidedBy.VOTES,
        (RecordedVote(1, Verdict.FIRST, text=text),),
        id=MatchId(1), error=None, votes=1, for_first=1, for_second=0,
    )  # fmt: skip
    answers = tuple(
        Answer(
            number, text, text, 1.0, len(text), text,
            Standing(number, number + 1, 1, 0, 0, 1000.0, 1000.0),
        )
        for number in (first, second)
    )  # fmt: skip
    view = TournamentView(
        id=TournamentId(1),
        key=text,
        prompt=text,
        reference=text,
        size=2,
        seed=0,
        state=TournamentState.FAILED if failed else TournamentState.DONE,
        champion=None if failed else first,
        error=text if failed else None,
        planned=1,
    )
    bracket = Bracket(Seeding.GIVEN, double=False)
    return Tournament(
        view,
        line_of(view, text),
        text,
        text,
        (text, text),
        answers,
        (match,),
        1,
        bracket,
        cost=text,
    )


def line_of(view: TournamentView, text: str = "text") -> TournamentLine:
    """How a tournament of one match stands in a list."""
    return TournamentLine(
        id=view.id,
        key=view.key,
        state=view.state,
        error=view.error,
        size=view.size,
        prompt=view.prompt,
        margin=None if view.champion is None else 12.0,
        champion=None if view.champion is None else text,
        runner_up=None if view.champion is None else text,
        matches=1,
        coins=0,
        votes=1,
        prompt_tokens=100,
        cached_tokens=0,
        completion_tokens=20,
    )


def report(text: str = "text", *, tournaments: tuple[Tournament, ...] | None = None) -> Report:
    """A report in which every text is `text`."""
    held = (tournament(text), tournament(text, failed=True)) if tournaments is None else tournaments
    return Report(
        summary=Summary(
            text,
            text,
            "succeeded",
            text,
            (text,),
            (text,),
            (Fact(text, text),),
            (Fact(text, text),),
        ),
        board=Board(_board(text), (text,), subsets=_subsets(text)),
        judge=judge(text),
        tournaments=iter(held),
        selection=text,
    )


def judge(text: str) -> Judge:
    """A judge that always says the first of two."""
    ones = np.ones(4, np.int64)
    votes = Votes(np.arange(4), ones, np.zeros(4, np.bool_), ones.astype(np.int8), -ones)
    decided = DecidedMatches(
        np.arange(4),
        np.arange(4),
        0 * ones,
        ones,
        ones.astype(np.uint8),
        np.zeros(4, np.bool_),
        ones.astype(np.float64),
        (2 * ones).astype(np.float64),
    )
    found = judge_report(votes, decided, JobSettings(Voting()))
    labels = label_report(
        ones.astype(np.int8), votes, np.array([0, 0, 1, 1]), [text, f"{text} "], 1, Scoring()
    )
    return Judge(text, Diagnosis(found, labels, LongerWins(0.5, 0.2, 0.8, 4)))


def _subsets(text: str) -> SubsetTable | None:
    ends, zeros = np.array([1, 1, 2, 1], np.uint8), np.zeros(4, np.int64)
    names = [text, f"{text}\u00a0b"]
    matches = GeneratorMatches(np.arange(4), zeros, zeros + 1, ends)
    return subset_table(names, matches, {0: text, 1: text, 2: f"{text} "}, names, 0)


def _board(text: str):  # type: ignore[no-untyped-def]  # a Leaderboard
    ends = np.array([1, 1, 2, 1], np.uint8)
    zeros = np.zeros(4, np.int64)
    names = [text, f"{text}\u00a0b"]
    return leaderboard(names, GeneratorMatches(np.arange(4), zeros, zeros + 1, ends), 0)
