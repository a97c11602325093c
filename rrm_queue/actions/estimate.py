"""`rrmq submit --dry-run`: everything is read and checked, and what it would take is said."""

from collections.abc import Iterator
from typing import Any

import click
from rich.table import Table

from rrm_queue.actions.app import connect, local_stack, open_store
from rrm_queue.actions.schemas import json_line
from rrm_queue.cli.render.terminal import screen
from rrm_queue.config import Settings
from rrm_queue.domain import JudgeSpec
from rrm_queue.errors import BadInput, Problem, SchemaMismatch, StackFault, StoreUnavailable
from rrm_queue.estimates import CHARACTERS, PUBLISHED, Rate, Scale, hours
from rrm_queue.intake.reader import MOST_PROBLEMS, Reading
from rrm_queue.seeds import derive
from rrm_queue.store.views.throughput import last_throughput
from rrm_queue.text import count, magnitude, printable

LINES = 2**32
"""More than a file has: a tournament's place and its line make one number, for half the memory."""


def weigh(reading: Reading, scale: Scale, source: str) -> None:
    """Puts all that is read on the scale. Raises BadInput naming up to MOST_PROBLEMS bad lines.

    Ids are remembered by their hashes, so that memory grows by some bytes a tournament only.
    """
    problems: list[Problem] = []
    spots: dict[int, int] = {}
    place = 0
    for item in reading:
        if isinstance(item, Problem):
            problems.append(item)
            continue
        first = spots.setdefault(derive(item.key), place * LINES + item.line)
        if len(spots) == scale.tournaments:
            problems.append(reading.repeat(item.key, place, item.line, *divmod(first, LINES)))
        else:
            scale.add(item)
        place += 1
        if len(problems) == MOST_PROBLEMS:
            break
    if problems:
        raise BadInput(source, sorted(problems, key=lambda p: (p.source or "", p.line or 0)))


def pace(
    settings: Settings, judge: JudgeSpec, given: float | None, gpus: int | None
) -> Rate | None:
    """The pace to reckon with: what is given, the store's last job with the judge, or published."""
    if given is not None:
        return Rate(given, gpus, "as given by --rate")
    measured = _measured(settings, judge, gpus)
    return measured or (PUBLISHED.get(judge.argument) if judge.kind == "sglang" else None)


def _measured(settings: Settings, judge: JudgeSpec, gpus: int | None) -> Rate | None:
    """A store that is away, or older, measures nothing: a dry run can do without.

    Nor is a local stack set up for it, which could hold no job yet.
    """
    if local_stack(settings) is not None and not settings.home.expanduser().exists():
        return None
    try:
        with (
            open_store(connect(settings, processes=False)) as database,
            database.begin() as tx,
        ):
            found = last_throughput(tx, judge)
    except (StoreUnavailable, StackFault, SchemaMismatch):
        return None
    if found is None:
        return None
    written = f", {found.completion_tokens / found.votes:,.0f} tokens a vote"
    source = f"as the fleet of job {found.job} did{written if found.completion_tokens else ''}"
    return Rate(found.votes / found.seconds, gpus, source)


def dry_run_shape(
    scale: Scale, agreement: float, rate: Rate | None, reading: Reading
) -> dict[str, Any]:
    """The estimate as JSON; null where nothing is known."""
    spent = hours(scale.votes, rate) if rate else None
    tokens = scale.tokens
    return {
        "dry_run": True,
        "tournaments": scale.tournaments,
        "candidates": scale.candidates,
        "matches_at_most": scale.matches,
        "votes": {
            "expected": round(scale.votes),
            "at_most": scale.most_votes,
            "agreement": agreement,
        },
        "prompt_tokens": {
            "total": round(tokens.prompt),
            "computed_when_shared": round(tokens.prompt - tokens.shareable),
            "characters_per_token": CHARACTERS,
        },
        "rate": rate
        and {
            "votes_per_second": rate.votes_per_second,
            "gpus": rate.gpus,
            "source": rate.source,
        },
        "hours": spent,
        "gpu_hours": spent * rate.gpus if spent is not None and rate and rate.gpus else None,
        "read_as": reading.description,
        "dropped": reading.dropped,
    }


def print_dry_run(
    scale: Scale, agreement: float, rate: Rate | None, reading: Reading, *, as_json: bool
) -> None:
    """Prints the estimate."""
    if as_json:
        click.echo(json_line(dry_run_shape(scale, agreement, rate, reading)))
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for what, said in _facts(scale, agreement, rate, reading):
        grid.add_row(what, said)
    screen().print(grid)
    click.echo("a dry run: nothing is stored", err=True)


def _facts(
    scale: Scale, agreement: float, rate: Rate | None, reading: Reading
) -> Iterator[tuple[str, str]]:
    dropped = f"; {count(reading.dropped, 'empty answer')} left out" if reading.dropped else ""
    yield "read as", printable(reading.description) + dropped
    tournaments = count(scale.tournaments, "tournament")
    yield "tournaments", f"{tournaments}, {count(scale.candidates, 'candidate')}"
    yield "matches", f"at most {scale.matches:,}"
    most = f", at most {scale.most_votes:,}" if scale.most_votes > round(scale.votes) else ""
    guess = f" where {agreement:.0%} of votes agree" if most else ""
    yield "votes", f"about {scale.votes:,.0f}{guess}{most}"
    if scale.tokens.prompt:
        yield "prompt tokens", _tokens(scale)
    yield "time", _time(scale, rate)


def _tokens(scale: Scale) -> str:
    total, shareable = scale.tokens.prompt, scale.tokens.shareable
    return (
        f"about {magnitude(round(total))} at {CHARACTERS:g} characters a token; "
        f"{shareable / total:.0%} can come from a cache, which leaves "
        f"{magnitude(round(total - shareable))}"
    )


def _time(scale: Scale, rate: Rate | None) -> str:
    if rate is None:
        return "unknown: no job with this judge has ended here; --rate tells its pace"
    spent = hours(scale.votes, rate)
    gpus = f", {_hours(spent * rate.gpus)} of GPUs" if rate.gpus else ""
    return f"about {_hours(spent)}{gpus}, at {rate.votes_per_second:,.2f} votes/s {rate.source}"


def _hours(spent: float) -> str:
    return f"{spent * 3600:,.0f} s" if spent < 0.1 else f"{spent:,.1f} hours"
