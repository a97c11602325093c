"""`rrmq votes`: why a match went as it did."""

from collections.abc import Iterator, Sequence
from itertools import islice

import click

from rrm_queue.actions.app import connect, open_store, read_settings
from rrm_queue.actions.schemas import json_line
from rrm_queue.actions.vote_schemas import match_shape, reasons_shape
from rrm_queue.cli.options.arguments import job_argument, offered_tournaments
from rrm_queue.cli.render.terminal import screen
from rrm_queue.cli.render.votes import match_view, matches_table
from rrm_queue.domain import CandidateNumber, Position, TournamentId
from rrm_queue.errors import MatchNotFound, UsageFault
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.jobs import find_job
from rrm_queue.store.views.results import find_tournament
from rrm_queue.store.views.votes import reasons, tallies
from rrm_queue.views import Tally

PAGE = 500  # matches that stand in one table


@click.command("votes")
@job_argument
@click.argument("tournament", metavar="TOURNAMENT", shell_complete=offered_tournaments)
@click.argument("match", metavar="[ROUND.SLOT | CANDIDATE CANDIDATE]", nargs=-1)
@click.option("--full", is_flag=True, help="With each vote's whole reasoning, not its end alone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each match.")
def command(job: str, tournament: str, match: Sequence[str], full: bool, as_json: bool) -> None:
    """List the matches of JOB's TOURNAMENT, or show why one of them went as it did.

    A match is named by its round and slot, such as 1.0, or by the ids of its two candidates, who
    may have met more than once. Shown are the prompt, both answers, and each vote: in which order
    it saw them, what it says, what it cost, and the end of its reasoning. JSON always holds the
    whole texts, and `shown_first` names the answer that stood in slot 1 of the vote.
    """
    if len(match) > 2:  # a position is one word, a pair is two
        raise UsageFault("a match is ROUND.SLOT or two candidates' ids")
    addresses = connect(read_settings(), processes=False)
    with open_store(addresses) as database, database.begin() as tx:
        shown = find_tournament(tx, find_job(tx, job), tournament)
        if match:
            found = _named(tx, shown.id, shown.candidates, match)
            _explain(tx, shown.id, found, full=full, as_json=as_json)
        else:
            _list(tallies(tx, shown.id), shown.candidates, as_json=as_json)


def _named(
    tx: Transaction, tournament: TournamentId, candidates: Sequence[str], match: Sequence[str]
) -> list[Tally]:
    """The matches that the words mean. Raises MatchNotFound."""
    if len(match) == 1:
        found = list(tallies(tx, tournament, position=_position(match[0])))
    else:
        one, other = (_number(candidates, key) for key in match)
        found = list(tallies(tx, tournament, pair=(one, other)))
    if not found:
        raise MatchNotFound(f"'{' '.join(match)}'; without it all are listed")
    return found


def _position(word: str) -> Position:
    round_, dot, slot = word.partition(".")
    if not dot or not all(part.isascii() and part.isdecimal() for part in (round_, slot)):
        raise UsageFault(f"'{word}' is no ROUND.SLOT; a candidate's id needs another beside it")
    if max(len(round_), len(slot)) > len("999999999"):
        raise MatchNotFound(f"'{word}'; without it all are listed")
    return Position(int(round_), int(slot))


def _number(candidates: Sequence[str], key: str) -> CandidateNumber:
    try:
        return CandidateNumber(candidates.index(key))
    except ValueError:
        raise MatchNotFound(f"the tournament has no candidate '{key}'") from None


def _list(matches: Iterator[Tally], candidates: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        for tally in matches:
            click.echo(json_line(match_shape(tally, candidates)))
        return
    console, empty = screen(), True
    while page := list(islice(matches, PAGE)):
        console.print(matches_table(page, candidates, console.width))
        empty = False
    if empty:
        console.print("no match is planned yet")


def _explain(
    tx: Transaction,
    tournament: TournamentId,
    found: Sequence[Tally],
    *,
    full: bool,
    as_json: bool,
) -> None:
    console = screen()
    for place, tally in enumerate(found):
        why = reasons(tx, tournament, tally)
        if as_json:
            click.echo(json_line(reasons_shape(why)))
            continue
        console.print(*([""] if place else []), match_view(why, console.width, full=full), sep="\n")
