"""The comparison of two jobs as tables and lines, for terminals of any width."""

from collections.abc import Iterator
from math import isfinite, isnan

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from rrm_queue.actions.compare import Disagreement, JobComparison, JudgedSide
from rrm_queue.actions.money import amount
from rrm_queue.cli.render.ruled import ruled
from rrm_queue.cli.render.tables import MEDIUM, NARROW
from rrm_queue.diagnostics.comparison import JobAgreement
from rrm_queue.diagnostics.rates import Rate
from rrm_queue.judging.kinds import titled
from rrm_queue.ratings.changes import RatingChange
from rrm_queue.text import beginning, count, magnitude, percent, printable
from rrm_queue.views.matches import PlacedMatch

QUOTED = 160
"""Characters of a prompt or an answer that are shown."""


def comparison_view(found: JobComparison, width: int) -> Iterator[RenderableType]:
    """What was shared, how far the judges agree, and where they do not."""
    yield _sides_table(found)
    yield ""
    yield _shared_line(found)
    if not found.shared:
        return
    yield from _agreement_lines(found.agreement)
    if found.changes.rows:
        yield ""
        yield _changes_table(found.changes.rows, width)
        if not isnan(found.changes.tau):
            yield f"Kendall's tau of the two orders: {found.changes.tau:.2f}"
    for disagreement in found.disagreements:
        yield ""
        yield from _disagreement_lines(disagreement)


def _sides_table(found: JobComparison) -> Table:
    sides = (("A", found.one), ("B", found.two))
    priced = any(side.cost is not None for _, side in sides)
    table = ruled()
    table.add_column("")
    table.add_column("job", no_wrap=True)
    table.add_column("judge", overflow="fold")
    headings = ["matches", "shared", "votes", "tokens", *(["cost"] if priced else [])]
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, side in sides:
        table.add_row(name, *_side_cells(side, found.shared, priced))
    return table


def _side_cells(side: JudgedSide, shared: int, priced: bool) -> list[str]:
    spent = side.shared.prompt_tokens + side.shared.completion_tokens
    cost = "" if side.cost is None else amount(side.cost)
    return [
        side.view.id,
        printable(titled(side.view.judge)),
        f"{side.matches:,}",
        f"{shared:,}",
        f"{side.shared.votes:,}",
        magnitude(spent),
        *([cost] if priced else []),
    ]


def _shared_line(found: JobComparison) -> str:
    if found.shared:
        return (
            f"{count(found.shared, 'shared match')} of {count(found.prompts, 'prompt')}; "
            "votes, tokens and cost are those of the shared matches"
        )
    if found.shared_prompts:
        return (
            f"no match is shared: {count(found.shared_prompts, 'prompt')} are in both jobs, "
            "but no pair of answers was judged by both"
        )
    return "no match is shared: no prompt has judged matches in both jobs"


def _agreement_lines(agreement: JobAgreement) -> Iterator[str]:
    kappa = agreement.kappa
    beyond = (
        "kappa is not defined: both gave the same outcome every time"
        if isnan(kappa.estimate)
        else f"kappa {kappa.estimate:.2f} ({kappa.low:.2f} to {kappa.high:.2f})"
    )
    yield f"same outcome: {_share(agreement.same)}; {beyond}"
    if agreement.decided.n:
        yield f"same winner where both have one: {_share(agreement.decided)}"
    draws = agreement.draw_in_first + agreement.draw_in_second + agreement.draw_in_both
    if draws:
        yield (
            f"draws: {agreement.draw_in_both:,} in both, {agreement.draw_in_first:,} only in A, "
            f"{agreement.draw_in_second:,} only in B"
        )


def _share(rate: Rate) -> str:
    within = f"{percent(rate.low)} to {percent(rate.high)}"
    return f"{percent(rate.estimate)} % ({within}) of {rate.n:,}"


def _changes_table(rows: tuple[RatingChange, ...], width: int) -> Table:
    intervals, rates = width >= NARROW, width >= MEDIUM
    table = ruled(title=Text("generators on the shared matches", "bold"))
    table.add_column("generator", overflow="fold")
    headings = ["rank A", "rank B", "BT A", "BT B", "change"]
    headings += ["95 %"] if intervals else []
    headings += ["won % A", "won % B"] if rates else []
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        cells = [str(row.rank), str(row.other_rank), f"{row.bt:.0f}", f"{row.other_bt:.0f}"]
        cells.append(f"{row.change:+.0f}")
        known = isfinite(row.low)
        cells += [f"{row.low:+.0f} to {row.high:+.0f}" if known else ""] if intervals else []
        cells += [percent(row.win_rate), percent(row.other_win_rate)] if rates else []
        table.add_row(printable(row.generator), *cells)
    return table


def _disagreement_lines(found: Disagreement) -> Iterator[Text]:
    yield Text(printable(beginning(found.one.prompt, QUOTED)), "bold")
    for key, text in (
        (found.one.first_key, found.one.first_text),
        (found.one.second_key, found.one.second_text),
    ):
        yield Text(f"  {printable(key)}: {printable(beginning(text, QUOTED))}")
    for name, match in (("A", found.one), ("B", found.two)):
        yield Text(f"  {name}: {_ending(match)}", "dim")


def _ending(match: PlacedMatch) -> str:
    winner = match.judged_winner_key
    ending = "a draw" if winner is None else f"{printable(winner)} wins"
    return f"{ending} (tournament {printable(match.tournament)}, match {match.name})"
