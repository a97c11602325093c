"""A dry run's estimate on the screen."""

from collections.abc import Iterator

import click
from rich.table import Table
from rich.text import Text

from rrm_queue.actions.estimate import Estimate, estimate_shape
from rrm_queue.actions.money import amount
from rrm_queue.actions.schemas import json_line
from rrm_queue.cli.options.flags import flag
from rrm_queue.cli.render.terminal import screen
from rrm_queue.errors import spelled
from rrm_queue.estimates import CHARACTERS, Scale
from rrm_queue.text import count, magnitude, printable

EXCERPT = 300
"""The most characters of a text that are shown."""


def print_estimate(estimate: Estimate, *, as_json: bool) -> None:
    """Prints the estimate as a table or as JSON."""
    if as_json:
        click.echo(json_line(estimate_shape(estimate)))
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in _facts(estimate):
        grid.add_row(name, value)
    for name, value in estimate.sample._asdict().items():
        grid.add_row(f"first {name}", _excerpt(value))
    screen().print(grid)
    click.echo("a dry run: nothing is stored", err=True)


def _facts(estimate: Estimate) -> Iterator[tuple[str, str]]:
    scale = estimate.scale
    dropped = f"; {count(estimate.dropped, 'empty answer')} left out" if estimate.dropped else ""
    yield "read as", printable(estimate.read_as) + dropped
    if estimate.unread:
        yield "not read", ", ".join(f"`{printable(column[:50])}`" for column in estimate.unread)
    tournaments = count(scale.tournaments, "tournament")
    yield "tournaments", f"{tournaments}, {count(scale.candidates, 'candidate')}"
    equal = f", about {scale.equal:,.0f} of them between equal texts" if scale.equal else ""
    yield "matches", f"at most {scale.matches:,}{equal}"
    most = f", at most {scale.most_votes:,}" if scale.most_votes > round(scale.votes) else ""
    guess = f" if {estimate.agreement:.0%} of votes agree" if most else ""
    yield "votes", f"about {scale.votes:,.0f}{guess}{most}"
    if scale.stops_early:
        yield "", "all figures are for the whole budget; adaptive ends earlier where it is sure"
    if scale.tokens.prompt:
        yield "prompt tokens", _tokens(scale)
    if estimate.written:
        each = f"{estimate.written.tokens:,.0f} a vote, {estimate.written.source}"
        yield "completion tokens", f"about {magnitude(round(estimate.completion_tokens))}: {each}"
    yield "time", _time(estimate)
    if estimate.price:
        known = estimate.cost is not None
        about = f"about {amount(estimate.cost or 0)}" if known else "unknown, as the time is"
        yield "cost", f"{about}, at {estimate.price}, nothing from a cache"


def _excerpt(text: str) -> Text:
    """The start of a text, with its lines; the judge sees all of it."""
    lines = "\n".join(map(printable, text[:EXCERPT].splitlines()))
    more = len(text) - EXCERPT
    return Text(f"{lines}… ({more:,} more characters)" if more > 0 else lines)


def _tokens(scale: Scale) -> str:
    total, shareable = scale.tokens.prompt, scale.tokens.shareable
    return (
        f"about {magnitude(round(total))} at {CHARACTERS:g} characters a token; "
        f"{shareable / total:.0%} can come from a cache, which leaves "
        f"{magnitude(round(total - shareable))}"
    )


def _time(estimate: Estimate) -> str:
    rate, spent = estimate.rate, estimate.hours
    if rate is None or spent is None:
        return "unknown: no job with this judge has ended here; give its speed with --rate"
    gpus = f", {_hours(estimate.gpu_hours)} of GPUs" if estimate.gpu_hours else ""
    source = spelled(rate.source, flag)
    return f"about {_hours(spent)}{gpus}, at {rate.votes_per_second:,.2f} votes/s {source}"


def _hours(spent: float) -> str:
    return f"{spent * 3600:,.0f} s" if spent < 0.1 else f"{spent:,.1f} hours"
