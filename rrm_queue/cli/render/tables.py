"""The tables of jobs and standings and the card of a job; what is too long is folded."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from rrm_queue.actions.formatting import (
    STYLES,
    bar,
    elapsed,
    matches,
    moment,
    tokens,
)
from rrm_queue.cli.render.ruled import ruled
from rrm_queue.domain import ChampionBy, TournamentState
from rrm_queue.text import chance, printable, rank_range, rating_interval, shortened
from rrm_queue.views.jobs import JobView
from rrm_queue.views.tournaments import RankedCandidate, TournamentError, TournamentResult

if TYPE_CHECKING:
    from rich.console import JustifyMethod

    from rrm_queue.actions.results import Ratings
    from rrm_queue.ratings.table import Rating  # it loads SciPy

NARROW, MEDIUM, WIDE = 60, 76, 112
"""Terminals of at least so many columns show more; below NARROW a table has no intervals."""

LONGEST_JUDGE = 26  # columns


def card(view: JobView, now: datetime, error: TournamentError | None, *, ascii_only: bool) -> Table:
    """A job's progress, one fact a line; `error` is that of its first failed tournament."""
    from rrm_queue.actions.money import cost_words  # standings need neither
    from rrm_queue.judging.kinds import titled

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("job", Text.assemble(view.id, "  ", (view.state, f"bold {STYLES[view.state]}")))
    if view.name:
        grid.add_row("name", printable(view.name))
    grid.add_row("source", printable(view.source))
    grid.add_row("strategy", f"{view.strategy}, seed {view.seed}")
    votes = f", {view.voting.votes} votes a match" if view.voting.votes > 1 else ""
    grid.add_row("judge", printable(titled(view.judge)) + votes)
    over = view.tournaments_done + view.tournaments_failed
    failed = f", {view.tournaments_failed:,} failed" if view.tournaments_failed else ""
    grid.add_row(
        "tournaments",
        f"{bar(over, view.tournaments, ascii_only=ascii_only)} "
        f"{view.tournaments_done:,} of {view.tournaments:,}{failed}",
    )
    grid.add_row("matches", matches(view))
    reused = f", {view.votes_reused:,} of them reused" if view.votes_reused else ""
    grid.add_row("votes", f"{view.votes:,}{reused}")
    if view.prompt_tokens or view.completion_tokens:
        grid.add_row("tokens", tokens(view))
    if cost := cost_words(view, now):
        grid.add_row("cost", cost)
    grid.add_row("created", moment(view.created_at))
    if view.started_at:
        grid.add_row("elapsed", f"{elapsed(view, now)}, since {moment(view.started_at)}")
    if view.note:
        grid.add_row("paused", Text(printable(view.note), style="yellow"))
    if error:
        what = f"{printable(error.tournament)}: {printable(error.error)}"
        grid.add_row("first error", Text(what, style="red"))
    return grid


def jobs_table(views: Iterable[JobView], width: int) -> Table:
    """The jobs, one row each; a narrow terminal gets fewer columns."""
    from rrm_queue.judging.kinds import titled  # standings do not need it

    columns: dict[str, Callable[[JobView], str | Text]] = {
        "job": lambda view: view.id,
        "state": lambda view: Text(view.state, style=STYLES[view.state]),
        "done": lambda view: f"{view.tournaments_done}/{view.tournaments}",
    }
    if width >= MEDIUM:
        columns["strategy"] = lambda view: view.strategy
        columns["created"] = lambda view: moment(view.created_at)[:-3]
    if width >= WIDE:
        columns["matches"] = lambda view: f"{view.matches_done:,}"
        columns["judge"] = lambda view: _cut(titled(view.judge))
    table = ruled()
    for heading in columns:
        justify: JustifyMethod = "right" if heading in ("done", "matches") else "left"
        table.add_column(heading, justify=justify, no_wrap=True)
    table.add_column("name", overflow="fold")
    for view in views:
        cells = [column(view) for column in columns.values()]
        table.add_row(*cells, printable(view.name or view.source))
    return table


def champions_table(results: Sequence[TournamentResult]) -> Table:
    """Each tournament's champion, or why it has none.

    Of a bracket the runner-up and the final's votes; the champion of a knockout has won them all.
    """
    bracket = any(result.final for result in results)
    table = ruled()
    table.add_column("tournament", overflow="fold")
    table.add_column("champion", overflow="fold")
    if bracket:
        table.add_column("runner-up", overflow="fold")
        table.add_column("votes", justify="right")
    else:
        table.add_column("won", justify="right")
        table.add_column("lost", justify="right")
    for result in results:
        cells: Sequence[str | Text] = [_why_none(result)]
        if result.standings:
            cells = [_champion(result), *(_final(result) if bracket else _record(result))]
        table.add_row(printable(result.key), *cells)
    return table


def _record(result: TournamentResult) -> Sequence[str]:
    best = result.standings[0].standing
    return str(best.wins), str(best.losses)


def _final(result: TournamentResult) -> Sequence[str]:
    """The second of the bracket and the votes of the final."""
    runner_up = printable(result.standings[1].key)
    final = result.final
    return runner_up, f"{final.champion}:{final.other}" if final else ""


def _champion(result: TournamentResult) -> Text:
    """The champion, how many candidates share its rank, and whether it won by a coin."""
    best = result.standings[0]
    name = Text(printable(best.key), "bold")
    others = sum(one.standing.rank == best.standing.rank for one in result.standings) - 1
    if others:
        name.append(f" and {others} more", "not bold dim")
    elif result.decided_by is ChampionBy.COIN:
        name.append(" by a coin", "not bold dim")
    return name


def standings_table(
    result: TournamentResult, ratings: "Ratings | None" = None, *, width: int = WIDE
) -> Table:
    """A tournament's standings, or why there are none; with intervals if there are ratings."""
    table = ruled(title=Text(printable(result.key), "bold"))
    if not result.standings:
        table.add_column()
        table.show_header = False
        table.add_row(_why_none(result))
        return table
    columns = _standing_columns(result, ratings, width)
    for heading in columns:
        if heading in ("candidate", "generator"):
            table.add_column(heading, overflow="fold")
        else:
            table.add_column(heading, justify="right", no_wrap=True)
    for ranked in result.standings:
        cells = (cell(ranked) for cell in columns.values())
        table.add_row(*cells, style="bold" if ranked.key == result.champion else "")
    if result.decided_by in _CAPTIONS:
        table.caption = Text(_CAPTIONS[result.decided_by], "dim")
        table.caption_justify = "left"
    return table


_CAPTIONS: dict[ChampionBy | None, str] = {
    ChampionBy.COIN: "a coin settled a match that the champion won: it counts as a draw here",
    ChampionBy.TIE: "several answers share the first rank: the votes do not tell which is best",
    ChampionBy.REFUSED: "the judge refused a match that the champion won",
}


def _standing_columns(
    result: TournamentResult, ratings: "Ratings | None", width: int
) -> dict[str, Callable[[RankedCandidate], str]]:
    """The columns of a standing, by heading."""
    columns: dict[str, Callable[[RankedCandidate], str]] = {
        "rank": lambda ranked: str(ranked.standing.rank),
        "candidate": lambda ranked: printable(ranked.key),
    }
    roomy = not ratings or width >= MEDIUM
    if roomy and any(ranked.generator for ranked in result.standings):
        columns["generator"] = lambda ranked: printable(ranked.generator or "")
    columns["won"] = lambda ranked: str(ranked.standing.wins)
    columns["lost"] = lambda ranked: str(ranked.standing.losses)
    if any(ranked.standing.draws for ranked in result.standings):
        columns["drawn"] = lambda ranked: str(ranked.standing.draws)
    if width >= NARROW:
        columns["Elo"] = lambda ranked: f"{ranked.standing.elo:.1f}"
    if ratings and roomy:
        columns["by order"] = lambda ranked: f"± {ratings[ranked.standing.candidate].elo_sd:.1f}"
    columns["BT"] = lambda ranked: f"{ranked.standing.bt:.0f}"
    if ratings and width >= NARROW:
        columns["95 %"] = lambda ranked: _interval(ratings[ranked.standing.candidate])
    if ratings and width >= WIDE:
        columns["ranks"] = lambda ranked: _ranks(ratings[ranked.standing.candidate])
        columns["> next"] = lambda ranked: _above_next(ratings[ranked.standing.candidate])
    return columns


def checks_table(rows: Iterable[tuple[str, bool, str, str | None]]) -> Table:
    """Names, whether each is well, details, and a remedy on a line of its own."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, well, detail, remedy in rows:
        mark = Text("ok", "green") if well else Text("wrong", "bold red")
        grid.add_row(name, mark, printable(detail))
        if remedy:
            grid.add_row("", "", Text(f"fix: {printable(remedy)}", "yellow"))
    return grid


def _cut(judge: str) -> str:
    """The judge, cut in the middle."""
    return shortened(printable(judge), LONGEST_JUDGE, "...", cell_len)


def _interval(rating: "Rating") -> str:
    return rating_interval(rating.low, rating.high, rating.undefeated, rating.winless)


def _ranks(rating: "Rating") -> str:
    return rank_range(rating.rank_low, rating.rank_high)


def _above_next(rating: "Rating") -> str:
    return "" if rating.above_next is None else chance(rating.above_next)


def _why_none(result: TournamentResult) -> Text:
    if result.state is TournamentState.FAILED:
        return Text(f"failed: {printable(result.error or 'no reason given')}", "red")
    return Text(result.state, "dim")
