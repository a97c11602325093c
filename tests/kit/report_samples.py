"""Reports to draw, every text of which may be chosen."""

import numpy as np

from rrm_queue.diagnostics.label_report import label_report
from rrm_queue.diagnostics.labels import Scoring
from rrm_queue.diagnostics.rates import Rate
from rrm_queue.diagnostics.report import DecidedMatches, judge_report
from rrm_queue.diagnostics.votes import Votes
from rrm_queue.domain import CandidateNumber, Seeding, Voting
from rrm_queue.ratings import Matches, leaderboard
from rrm_queue.report.contents import (
    Answer,
    Board,
    Bracket,
    Carried,
    Cast,
    Fact,
    Judge,
    Meeting,
    Report,
    Summary,
)

HOSTILE = (
    "</script><script>document.title='owned'</script>"
    "<img src=x onerror=\"document.title='owned'\"><!--<script>"
    "</style></details></main><h1 id='summary'>x</h1>'\"`${{}}{{ 7*7 }}\u2028\u2029\u202e&lt;&#60;"
    "]]><svg/onload=alert(1)><style>*{display:none}</style>"
)


def carried(text: str = "text", *, failed: bool = False) -> Carried:
    """A final between two, as a knockout's only match, with one vote."""
    first, second = CandidateNumber(0), CandidateNumber(1)
    cast = Cast(1, first, first, text, (text,), text)
    meeting = Meeting(1, 0, first, second, first, True, False, False, text, 1, 0, 1, (cast,))
    answers = tuple(
        Answer(number, text, text, 1.0, len(text), text, number + 1, 1, 0, 0, 1000.0, 1000.0)
        for number in (first, second)
    )
    return Carried(
        key=text,
        prompt=text,
        prompt_length=len(text),
        reference=text,
        size=2,
        seed=0,
        state=text,
        failed=failed,
        error=text if failed else None,
        champion=None if failed else first,
        names=(text, text),
        answers=answers,
        meetings=(meeting,),
        matches=1,
        bracket=Bracket(Seeding.GIVEN, double=False),
    )


def report(text: str = "text", *, tournaments: tuple[Carried, ...] | None = None) -> Report:
    """A report in which every text is `text`."""
    held = (carried(text), carried(text, failed=True)) if tournaments is None else tournaments
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
        board=Board(_board(text), (text,)),
        judge=judge(text),
        tournaments=iter(held),
        carried=text,
        texts=True,
    )


def judge(text: str) -> Judge:
    """A judge that always says the first of two."""
    ones = np.ones(4, np.int64)
    votes = Votes(np.arange(4), ones, np.zeros(4, np.bool_), ones.astype(np.int8))
    decided = DecidedMatches(
        np.arange(4),
        0 * ones,
        ones,
        ones.astype(np.uint8),
        np.zeros(4, np.bool_),
        ones.astype(np.float64),
        2.0 * ones,
    )
    found = judge_report(votes, [], -ones, decided, Voting())
    labels = label_report(
        ones.astype(np.int8), votes, np.array([0, 0, 1, 1]), [text, f"{text} "], 1, Scoring()
    )
    return Judge(text, found, labels, Rate(0.5, 0.2, 0.8, 4))


def _board(text: str):  # type: ignore[no-untyped-def]  # a Leaderboard
    ends = np.array([1, 1, 2, 1], np.uint8)
    zeros = np.zeros(4, np.int64)
    names = [text, f"{text}\u00a0b"]
    return leaderboard(names, Matches(np.arange(4), zeros, zeros + 1, ends), 0)
