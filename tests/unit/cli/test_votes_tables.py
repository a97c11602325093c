"""The list of a tournament's matches, as wide and narrow terminals show it."""

import io

import pytest
from rich.console import Console

from rrm_queue.cli.render.votes import matches_table
from rrm_queue.domain import CandidateNumber, DecidedBy, MatchId, MatchState
from rrm_queue.views.matches import TalliedMatch

KEYS = ["algebraic-1", "careful-2"]


def shown(width: int) -> str:
    first, second = CandidateNumber(0), CandidateNumber(1)
    match = TalliedMatch(
        1, 0, first, second, MatchState.DONE, second, DecidedBy.COIN,
        id=MatchId(1), error=None, votes=2, for_first=1, for_second=1,
    )  # fmt: skip
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    console.print(matches_table([match], KEYS, width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [50, 58, 80, 120])
def test_keys_of_common_length_stay_whole(width: int) -> None:
    (line,) = (line for line in shown(width).splitlines() if line.startswith("1.0"))
    assert line.split()[:5] == ["1.0", KEYS[0], KEYS[1], "1:1", KEYS[1]]
    assert all(len(line) <= width for line in shown(width).splitlines())


def test_what_decided_a_match_is_shown_where_there_is_room() -> None:
    assert "coin" in shown(80)
    assert "coin" not in shown(58)
