"""In a narrow terminal figures are left out, and names stay whole."""

import io

import pytest
from kit.cli_views import done, job
from rich.console import Console, RenderableType

from rrm_queue.cli.render.ruled import ruled
from rrm_queue.cli.render.tables import champions_table, jobs_table, standings_table
from rrm_queue.cli.render.votes import matches_table
from rrm_queue.domain import CandidateNumber, JobState, MatchId, MatchState
from rrm_queue.text import did_you_mean
from rrm_queue.views.matches import TalliedMatch
from rrm_queue.views.tournaments import FinalVotes

NAMES = ("claude-3-5-sonnet-20241022", "gemini-1.5-flash-8b-exp-0827")


def printed(renderable: RenderableType, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def columns_of(lines: list[str]) -> list[str]:
    """What stands in each column below the headings, put together again."""
    rule = next(number for number, line in enumerate(lines) if set(line.strip()) == {"─"})
    heading, rows = lines[rule - 1], lines[rule + 1 :]
    starts = [i for i, c in enumerate(heading) if c != " " and (i == 0 or heading[i - 1] == " ")]
    ends = [*starts[1:], None]
    return ["".join(r[a:b].strip() for r in rows) for a, b in zip(starts, ends, strict=True)]


def tally() -> TalliedMatch:
    return TalliedMatch(
        round=1, slot=0, first=CandidateNumber(0), second=CandidateNumber(1),
        state=MatchState.DONE, winner=CandidateNumber(0), decided_by=None,
        error=None, votes=15, for_first=12, for_second=3, id=MatchId(1),
    )  # fmt: skip


@pytest.mark.parametrize("width", [30, 40, 60, 80, 200])
def test_names_are_whole_at_every_width(width: int) -> None:
    final = done("q", *NAMES)._replace(final=FinalVotes(12, 3))
    for table in (
        champions_table([final]),
        jobs_table([job(name=NAMES[0], state=JobState.SUCCEEDED)], width),
        matches_table([tally()], NAMES, width),
    ):
        lines = printed(table, width)
        assert all(len(line) <= width for line in lines)
        assert NAMES[0] in columns_of(lines)
    standings = printed(standings_table(done("q", *NAMES), width=width), width)
    assert all(len(line) <= width for line in standings)
    assert "".join(NAMES) in columns_of(standings)


def test_figures_go_from_the_right_and_only_where_there_is_no_room() -> None:
    table = ruled()
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("name", overflow="fold")
    for heading in ("one", "two"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row("1", "x" * 20, "1,234,567", "9,876,543")
    shown = {width: printed(table, width)[0].split() for width in (26, 42, 48)}
    assert shown == {
        26: ["rank", "name", "one"], 42: ["rank", "name", "one", "two"],
        48: ["rank", "name", "one", "two"],
    }  # fmt: skip
    assert printed(table, 48) == printed(table, 500)


def test_the_word_that_was_meant() -> None:
    assert did_you_mean("knockuot", ("elo", "knockout")) == "; did you mean knockout?"
    assert did_you_mean("nightly", {"nightly-1": "ab12 (nightly-1)"}) == (
        "; did you mean ab12 (nightly-1)?"
    )
    assert did_you_mean("zzz", ("elo", "knockout")) == ""
    assert did_you_mean("tab", ("ta\x1bb",)) == r"; did you mean ta\x1bb?"
