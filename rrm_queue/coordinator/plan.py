"""Plan: replay what is decided through the strategy, add the matches that follow, or close.

No cursor is stored: planning twice changes nothing, as a match's place in its tournament is unique.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import assert_never

from rrm_queue.domain import (
    CandidateNumber,
    JobId,
    JobState,
    JudgeSpec,
    Pairing,
    Position,
    Standing,
    TournamentId,
    TournamentState,
)
from rrm_queue.errors import ForeignJob, UsageFault
from rrm_queue.judging.kinds import is_known
from rrm_queue.judging.orientation import Orientation
from rrm_queue.ratings.elo import FEW
from rrm_queue.ratings.standings import standings
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue import closing, planning
from rrm_queue.store.queue.planning import RunningTournament
from rrm_queue.strategies import Finished, Pairings, Strategy, named
from rrm_queue.strategies.base import History

MOST_RATED = 100_000
"""Cells of all tables of wins that are rated while a transaction is open: about 0.1 s.

A table has a cell for each pair of candidates. Tournaments beyond it are rated by `rate`, and so
are those of more than FEW matches, for which Evalica and pandas are loaded.
"""


def open_tournaments(
    tx: Transaction, counts: Mapping[JobId, int]
) -> dict[JobId, list[TournamentId]]:
    """Starts up to so many of each job's waiting tournaments, the first ones; which they were."""
    opened = planning.open_tournaments(tx, counts)
    advance(tx, opened)
    of_jobs: dict[JobId, list[TournamentId]] = defaultdict(list)
    for tournament in opened:
        of_jobs[tournament.job].append(tournament.id)
    return of_jobs


def advance(tx: Transaction, tournaments: Sequence[RunningTournament]) -> list[TournamentId]:
    """Takes locked tournaments as far as their outcomes allow; those that are closed now.

    A tournament that is decided and not closed is noted for `rate`.
    """
    going = [t for t in tournaments if _goes_on(t)]
    strategies = {t.id: strategy_of(t) for t in going}
    looking_back = [t.id for t in going if strategies[t.id].looks_back and t.planned]
    played = planning.played(tx, looking_back) if looking_back else {}
    new: list[tuple[TournamentId, Pairing]] = []
    finished: list[tuple[RunningTournament, Mapping[CandidateNumber, int] | None]] = []
    for tournament in going:
        history = History(tournament.planned, tournament.decided, *played.get(tournament.id, ()))
        decision = strategies[tournament.id].plan(tournament.size, history, tournament.seed)
        match decision:
            case Pairings():
                new += [(tournament.id, pairing) for pairing in _oriented(tournament, decision)]
            case Finished():
                finished.append((tournament, decision.places))
            case _:
                assert_never(decision)
    planning.insert_matches(tx, new)
    return _close(tx, finished)


def finished_places(tx: Transaction, tournament: RunningTournament) -> Finished | None:
    """How a tournament ended whose matches are all decided; None if it has not ended."""
    strategy = strategy_of(tournament)
    played = planning.played(tx, [tournament.id]) if strategy.looks_back else {}
    history = History(tournament.planned, tournament.decided, *played.get(tournament.id, ()))
    decision = strategy.plan(tournament.size, history, tournament.seed)
    return decision if isinstance(decision, Finished) else None


def fail_tournaments(
    tx: Transaction, failed: Sequence[tuple[TournamentId, Position, str]]
) -> set[TournamentId]:
    """Fails the tournaments of failed matches, each with its first match's error."""
    reasons: dict[TournamentId, str] = {}
    for tournament, position, error in failed:
        where = f"round {position.round}, match {position.slot + 1}"
        reasons.setdefault(tournament, f"{where}: {error}")
    return closing.fail_tournaments(tx, list(reasons.items())) if reasons else set()


def check_judge(judge: JudgeSpec) -> None:
    """Raises ForeignJob for a kind of judge that is unknown here."""
    if not is_known(judge):
        raise ForeignJob(f"it has a kind of judge that this version does not know: {judge.kind}")


def strategy_of(tournament: RunningTournament) -> Strategy:
    """The strategy that the tournament's job asked for.

    Raises ForeignJob if the strategy or the kind of judge is unknown here.
    """
    check_judge(tournament.judge)
    try:
        return named(tournament.strategy, seeding=tournament.seeding, pairs=tournament.pairs)
    except UsageFault as fault:
        raise ForeignJob(str(fault)) from fault


def _goes_on(tournament: RunningTournament) -> bool:
    return (
        tournament.state is TournamentState.RUNNING
        and tournament.job_state is not JobState.CANCELLED
    )


def _oriented(tournament: RunningTournament, pairings: Pairings) -> list[Pairing]:
    """The pairings with the candidate first that stands in slot 1.

    In every other meeting of a pair that is the other one.
    """
    if not pairings.new:
        return []
    orientation = Orientation(tournament.size, tournament.seed)
    oriented = []
    for pairing in pairings.new:
        one = orientation.slot_one(pairing.first, pairing.second)
        two = pairing.second if one == pairing.first else pairing.first
        first, second = (one, two) if pairing.meeting % 2 else (two, one)
        oriented.append(Pairing(pairing.position, first, second, pairing.meeting))
    return oriented


def _close(
    tx: Transaction,
    finished: Sequence[tuple[RunningTournament, Mapping[CandidateNumber, int] | None]],
) -> list[TournamentId]:
    """Closes small tournaments, and notes that the others are to be rated; those closed."""
    small: list[tuple[RunningTournament, Mapping[CandidateNumber, int] | None]] = []
    large, cells = [], 0
    for tournament, places in finished:
        if cells + tournament.size**2 > MOST_RATED or tournament.decided > FEW:
            large.append(tournament.id)
        else:
            cells += tournament.size**2
            small.append((tournament, places))
    closing.note_decided(tx, large)
    if small:
        results = closing.results(tx, [t.id for t, _ in small])
        closed: list[tuple[TournamentId, list[Standing]]] = []
        for tournament, places in small:
            lines = standings(tournament.size, results[tournament.id], places, tournament.seed)
            closed.append((tournament.id, lines))
        closing.finish_tournaments(tx, closed)
    return [tournament.id for tournament, _ in small]
