import io
from dataclasses import replace

import pytest
from kit.cli_views import NOW, done, job
from rich.console import Console, RenderableType

from rrm_queue.cli.render.tables import (
    card,
    champions_table,
    checks_table,
    jobs_table,
    standings_table,
)
from rrm_queue.domain import JobState, TournamentState
from rrm_queue.views.tournaments import FinalVotes, TournamentError, TournamentResult

EVIL = "\x1b[31m[bold]x[/bold]\n"
SHOWN = r"\x1b[31m[bold]x[/bold]\n"
FAILED = TournamentResult("q9", TournamentState.FAILED, "the judge " + EVIL, [])


def printed(renderable: RenderableType, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_view_fits_its_terminal_and_neutralises_what_it_shows(width: int) -> None:
    views = [job(name=EVIL, state=state) for state in JobState]
    error = TournamentError(EVIL, EVIL)
    for renderable in (
        card(views[0], NOW, error, ascii_only=False),
        jobs_table(views, width),
        champions_table([done(EVIL, EVIL), FAILED]),
        standings_table(done(EVIL, EVIL, "b")),
        standings_table(FAILED),
        checks_table([(SHOWN, False, EVIL, EVIL)]),
    ):
        text = printed(renderable, width)
        assert all(len(line) <= width for line in text.splitlines())
        assert "\x1b" not in text
        assert SHOWN in "".join(line.strip() for line in text.splitlines())


def test_long_ids_are_folded_not_cut() -> None:
    key, answer = "q" * 100, "z" * 100
    for renderable in (champions_table([done(key, answer)]), standings_table(done(key, answer))):
        text = printed(renderable, 60)
        assert (text.count("q"), text.count("z")) == (100, 100)


def test_a_champion_that_only_a_coin_put_first_is_not_alone() -> None:
    result = done("q", "a", "b", "c")
    assert " more" not in printed(champions_table([result]), 80)
    first, second, third = result.standings
    equal = [
        first._replace(standing=replace(first.standing, rank=1)),
        second._replace(standing=replace(second.standing, rank=1)),
        third,
    ]
    assert f"{first.key} and 1 more" in printed(
        champions_table([result._replace(standings=equal)]), 80
    )


def test_the_card_tells_how_far_the_job_is() -> None:
    view = job(
        tournaments=100,
        tournaments_done=50,
        tournaments_failed=1,
        matches_done=1240,
        prompt_tokens=100,
        cached_tokens=25,
    )
    text = printed(card(view, NOW, TournamentError("q1", "boom"), ascii_only=True), 80)
    for fact in (
        "50 of 100, 1 failed",
        "1,240 decided, 2 out, 1 ready",
        "100 prompt (25.0% cached)",
        "0:01:00",
        "q1: boom",
        "############------------",
    ):
        assert fact in text


def test_a_judge_that_generates_nothing_shows_no_tokens() -> None:
    assert "tokens" not in printed(card(job(), NOW, None, ascii_only=True), 80)


def test_draws_have_a_column_only_where_there_are_any() -> None:
    result = done("q1", "a", "b")
    best = result.standings[0]
    drawn = best._replace(standing=replace(best.standing, draws=1))
    assert "drawn" not in printed(standings_table(result), 60)
    assert "drawn" in printed(standings_table(result._replace(standings=[drawn])), 60)


def test_a_brackets_champions_stand_beside_their_runners_up() -> None:
    """A knockout's champion has won every match, so wins and losses would say nothing."""
    held = done("q", "best", "second")._replace(final=FinalVotes(3, 1))
    shown = printed(champions_table([held, FAILED]), 80)
    assert "runner-up" in shown
    assert "second" in shown
    assert "3:1" in shown
    assert "lost" not in shown
    assert "won" in printed(champions_table([done("q", "best", "second")]), 80)
