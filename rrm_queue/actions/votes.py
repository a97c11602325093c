"""A tournament's matches, and what the votes of one of them say."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.domain import CandidateNumber, JobId, Position
from rrm_queue.errors import MatchNotFound, UsageFault
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.matches import match_details, tournament_matches
from rrm_queue.store.views.results import candidate_keys, find_tournament
from rrm_queue.views.matches import MatchDetails, TalliedMatch


class TournamentMatches(NamedTuple):
    """A tournament's matches by round and place, streamed: read `matches` or `details`, once.

    `candidates` are keys by number; `of` is how many tournaments the job has.
    """

    job: JobId
    of: int
    candidates: list[str]
    matches: Iterator[TalliedMatch]
    details: Iterator[MatchDetails]


@contextmanager
def open_matches(app: App, job: str, tournament: str | None) -> Iterator[TournamentMatches]:
    """All matches of the job's tournament, by default its first, while the context is open.

    Raises JobNotFound and TournamentNotFound.
    """
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        found = find_tournament(tx, view.id, tournament)
        matches = tournament_matches(tx, found)
        details = (match_details(tx, found, one) for one in matches)
        keys = candidate_keys(tx, found.id)
        yield TournamentMatches(view.id, view.tournaments, keys, matches, details)


def explain_match(app: App, job: str, tournament: str, match: Sequence[str]) -> list[MatchDetails]:
    """The matches that `match` names, with their votes: `ROUND.PLACE`, or two candidates' keys.

    Two candidates may have met more than once. Raises JobNotFound, TournamentNotFound and
    MatchNotFound, and UsageFault for words that name no match.
    """
    check_match(match)
    with app.begin() as tx:
        found = find_tournament(tx, find_job(tx, job), tournament)
        if len(match) == 1:
            matches = tournament_matches(tx, found, position=_position(match[0]))
        else:
            keys = candidate_keys(tx, found.id)
            one, other = (_number(keys, key) for key in match)
            matches = tournament_matches(tx, found, pair=(one, other))
        details = [match_details(tx, found, one) for one in list(matches)]
    if not details:
        raise MatchNotFound(_unknown(" ".join(match)))
    return details


def check_match(match: Sequence[str]) -> None:
    """Raises UsageFault unless the words can name a match."""
    if len(match) not in (1, 2):
        raise UsageFault("name a match by ROUND.PLACE or by the ids of its two candidates")


def _position(word: str) -> Position:
    round_, dot, slot = word.partition(".")
    if not dot or not all(part.isascii() and part.isdecimal() for part in (round_, slot)):
        raise UsageFault(
            f"'{word}' is not ROUND.PLACE; to name a match by candidates, give two ids"
        )
    if max(len(round_), len(slot)) > len("999999999"):
        raise MatchNotFound(_unknown(word))
    return Position(int(round_), int(slot))


def _unknown(words: str) -> str:
    return f"'{words}'; without it, all matches are listed"


def _number(candidates: Sequence[str], key: str) -> CandidateNumber:
    try:
        return CandidateNumber(candidates.index(key))
    except ValueError:
        raise MatchNotFound(f"the tournament has no candidate '{key}'") from None
