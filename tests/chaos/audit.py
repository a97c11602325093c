"""The audit: the store compared with what the strategy needs, match by match and vote by vote.

It reads Postgres only. What a match needs is known twice: from a play of the strategy in this
process with the same judge, and from the store's own votes, counted anew. Where the engine noted
that it sent bad counts of tokens, the counts of that vote are only held against their bounds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from msgspec import structs

from chaos.endpoint import request_key
from chaos.expected import (
    Ended,
    ExpectedMatch,
    asked_seeds,
    decided,
    play,
    replay,
    tournament_seed,
    voting_of,
)
from chaos.given import GivenJob, GivenTournament
from chaos.rows import COUNTED, JOB, LEFT, ORPHANS, Stored, outcome, tournaments
from rrm_queue.domain import (
    CandidateNumber,
    Outcome,
    Pairing,
    Position,
    Vote,
)
from rrm_queue.judging.bounds import MOST
from rrm_queue.judging.voting import wave
from rrm_queue.store.connection import Connection, Row
from rrm_queue.strategies import named

_COUNTS = ("prompt_tokens", "cached_tokens", "completion_tokens")
_CLOSE = 1e-6  # of ratings: they are sums of floats in one order, but pass through text


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be; `rule` names what it breaks."""

    rule: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.where}: {self.what}"


def audit(
    store: Connection, jobs: Mapping[str, GivenJob], miscounted: frozenset[str] = frozenset()
) -> Iterator[Difference]:
    """Everything in the store that is not as it must be after `jobs`, by id, have ended.

    `miscounted` are the keys of the requests that were answered with bad counts.
    """
    for id_, given in jobs.items():
        yield from _job(store, id_, given)
        for chunk, stored in tournaments(store, id_, given):
            yield from _tournament(given, chunk, stored, miscounted)
    for row in store.execute(LEFT):
        yield Difference("nothing is left over", "store", f"{row.count} {row.what}")
    for row in store.execute(ORPHANS, {"jobs": list(jobs)}):
        yield Difference("nothing comes of nothing", "store", f"{row.count} {row.what} of no job")


def left(store: Connection) -> list[str]:
    """What is not over yet."""
    return [f"{row.count} {row.what}" for row in store.execute(LEFT)]


def _job(store: Connection, id_: str, given: GivenJob) -> Iterator[Difference]:
    job = store.execute(JOB, {"job": id_}).first()
    where = f"job {id_} ({given.strategy})"
    if job is None:
        yield Difference("nothing is lost", where, "it is not in the store")
        return
    counted = store.execute(COUNTED, {"job": id_}).one()._asdict()
    needed = {
        "tournaments": len(given.tournaments),
        "tournaments_done": len(given.tournaments),
        "matches_done": given.matches,
    }
    yield from _unlike("a job ends well", where, {"state": job.state}, {"state": "succeeded"})
    yield from _unlike("counters equal rows", where, job._asdict(), counted)
    yield from _unlike("a job plays what its strategy needs", where, counted, needed)


def _tournament(
    job: GivenJob, given: GivenTournament, stored: Stored | None, miscounted: frozenset[str]
) -> Iterator[Difference]:
    if stored is None:
        yield Difference("nothing is lost", given.key, "it is not in the store")
        return
    count = len(stored.matches)
    facts = {**stored.row._asdict(), "texts": stored.texts, "rows": count}
    needed = {
        "state": "done",
        "error": None,
        "prompt": given.prompt,
        "size": len(given.texts),
        "texts": given.texts,
        "seed": tournament_seed(job, given),
        "planned": count,
        "decided": count,
        "rows": named(job.strategy).matches(len(given.texts)),
    }
    yield from _unlike("a tournament ends whole", given.key, facts, needed)
    ended = play(job, given)
    yield from _structure(job, given, stored)
    yield from _matches(job, given, stored, ended, miscounted)
    yield from _standings(given, stored, ended)


def _structure(job: GivenJob, given: GivenTournament, stored: Stored) -> Iterator[Difference]:
    """The strategy replayed over the recorded outcomes asks for the recorded matches, each once."""
    rows = {Position(row.round, row.slot): row for row in stored.matches}
    if len(rows) < len(stored.matches):
        yield Difference("a match stands once", given.key, "two matches have one place")
    pairs = {frozenset((row.first, row.second)) for row in stored.matches}
    if len(pairs) < len(stored.matches):
        yield Difference("a pair meets once", given.key, "a pair met twice")
    asked: dict[Position, frozenset[int]] = {}

    def recorded(pairing: Pairing) -> Outcome:
        asked[pairing.position] = frozenset((pairing.first, pairing.second))
        return outcome(rows[pairing.position])

    try:
        replay(named(job.strategy), len(given.texts), tournament_seed(job, given), recorded)
    except (KeyError, ValueError) as error:
        yield Difference("recorded outcomes can be replayed", given.key, repr(error))
        return
    found = {position: frozenset((row.first, row.second)) for position, row in rows.items()}
    yield from _unlike("the matches are the strategy's", given.key, found, asked)


def _matches(
    job: GivenJob,
    given: GivenTournament,
    stored: Stored,
    ended: Ended,
    miscounted: frozenset[str],
) -> Iterator[Difference]:
    for row in stored.matches:
        position = Position(row.round, row.slot)
        where = f"{given.key} round {row.round} slot {row.slot}"
        votes = stored.votes.get(row.id, [])
        yield from _votes(job, given, row, votes, where)
        expected = ended.matches.get(position)
        if expected is None:
            yield Difference("the matches are the strategy's", where, "nobody asked for it")
            continue
        counted = [
            vote if wanted is None else _counted(job, given, expected, vote, wanted, miscounted)
            for vote, wanted in zip_longest(votes, expected.votes[: len(votes)])
        ]
        yield from _match(row, counted, expected, where)


def _counted(
    job: GivenJob,
    given: GivenTournament,
    match: ExpectedMatch,
    vote: Vote,
    wanted: Vote,
    miscounted: frozenset[str],
) -> Vote:
    """The vote, with the wanted counts if a request of it was answered with bad ones."""
    pair = (match.pairing.first, match.pairing.second)
    one, two = (given.texts[c] for c in (reversed(pair) if wanted.swapped else pair))
    seeds = asked_seeds(job, given.prompt, one, two, wanted)
    bounded = all(0 <= getattr(vote, name) <= MOST for name in _COUNTS)
    if not bounded or miscounted.isdisjoint(request_key(one, two, seed) for seed in seeds):
        return vote
    return structs.replace(vote, **{name: getattr(wanted, name) for name in _COUNTS})


def _votes(
    job: GivenJob, given: GivenTournament, row: Row, votes: Sequence[Vote], where: str
) -> Iterator[Difference]:
    """The votes by themselves: numbers, as many as the rule casts, and what they decide."""
    if [vote.number for vote in votes] != list(range(1, len(votes) + 1)):
        cast_numbers = [vote.number for vote in votes]
        yield Difference("each vote number once, from 1", where, f"there are {cast_numbers}")
    cast = 0
    while numbers := wave(votes[:cast], voting_of(job)):
        cast += len(numbers)
        if cast > len(votes):
            break
    if cast != len(votes):
        what = f"{len(votes)} where the rule casts {cast}{' or more' if cast > len(votes) else ''}"
        yield Difference("as many votes as are needed", where, what)
    pairing = Pairing(
        Position(row.round, row.slot), CandidateNumber(row.first), CandidateNumber(row.second)
    )
    again = decided(job, pairing, votes, tournament_seed(job, given))
    if row.state != "done" or outcome(row) != again:
        what = f"{row.state}, {row.winner} by {row.decided_by} ({row.error}); votes say {again}"
        yield Difference("the winner is that of the votes", where, what)


def _match(
    row: Row, votes: Sequence[Vote], expected: ExpectedMatch, where: str
) -> Iterator[Difference]:
    """The match as an undisturbed run has it."""
    pairing = (expected.pairing.first, expected.pairing.second)
    found = {"pair": (row.first, row.second), "winner": row.winner}
    needed = {"pair": pairing, "winner": expected.outcome.winner}
    yield from _unlike("a match is that of an undisturbed run", where, found, needed)
    if list(votes) != list(expected.votes):
        what = f"{_told(votes)}, not {_told(expected.votes)}"
        yield Difference("votes are those of an undisturbed run", where, what)


def _standings(given: GivenTournament, stored: Stored, ended: Ended) -> Iterator[Difference]:
    champion = {"champion": stored.row.champion}
    needed = {"champion": ended.standings[0].candidate}
    yield from _unlike("the champion is that of an undisturbed run", given.key, champion, needed)
    lines = {line.candidate: line for line in ended.standings}
    if len(stored.standings) != len(lines):
        what = f"{len(stored.standings)} standings of {len(lines)}"
        yield Difference("standings are those of an undisturbed run", given.key, what)
    for row in stored.standings:
        line = lines[row.candidate]
        places = (line.rank, line.wins, line.losses, line.draws)
        same = (row.rank, row.wins, row.losses, row.draws) == places
        close = abs(row.elo - line.elo) < _CLOSE and abs(row.bt - line.bt) < _CLOSE
        if not (same and close):
            what = f"{tuple(row)[1:]}, not {line}"
            yield Difference("standings are those of an undisturbed run", given.key, what)


def _unlike(
    rule: str, where: str, found: Mapping[Any, Any], needed: Mapping[Any, Any]
) -> Iterator[Difference]:
    """What `needed` names and `found` has otherwise or not at all."""
    for name, value in needed.items():
        if name not in found or found[name] != value:
            have = found.get(name, "nothing")
            yield Difference(rule, where, f"{name} is {have}, not {value}")


def _told(votes: Iterable[Vote]) -> str:
    return str([(v.number, v.verdict.value, v.swapped, v.seed, v.samples) for v in votes])
