"""Rates large tournaments whose matches are all decided. No transaction is open meanwhile.

The transaction that decides the last match notes the tournament in the store. So it is found again
after a crash. Rating a tournament twice changes nothing.
"""

import logging

from rrm_queue.coordinator.plan import finished_places
from rrm_queue.domain import Standing
from rrm_queue.errors import ForeignJob, StoreUnavailable
from rrm_queue.judging.kinds import kind_of
from rrm_queue.log_once import log_once
from rrm_queue.ratings.standings import standings
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import closing, counters, planning
from rrm_queue.store.queue.counters import Counts
from rrm_queue.store.queue.job_options import FOREIGN
from rrm_queue.store.queue.planning import RunningTournament
from rrm_queue.text import first_line

log = logging.getLogger(__name__)

MOST_TAKEN = 64
"""Tournaments looked up at once."""


def rate_decided(database: Database) -> Counts:
    """Rates and closes the tournaments that wait for it, one after the other.

    A tournament that cannot be rated fails with its reason; `rrmq retry` tries it again. Raises
    StoreUnavailable.
    """
    with database.begin() as tx:
        waiting = planning.decided_tournaments(tx, MOST_TAKEN)
    counts = Counts()
    for tournament in waiting:
        try:
            counts += _rate(database, tournament)
        except StoreUnavailable:
            raise
        except ForeignJob as error:
            log_once(log, logging.ERROR, FOREIGN, tournament.job, str(error))
        except Exception as error:
            log.exception("tournament %s cannot be rated", tournament.id)
            counts += _fail(database, tournament, first_line(error))
    return counts


def _rate(database: Database, tournament: RunningTournament) -> Counts:
    lines = _standings(database, tournament)
    with database.begin() as tx:
        if not closing.take_decided(tx, tournament.id):
            return Counts()
        closing.finish_tournaments(tx, [(tournament.id, lines)])
        counts = closed_counts(tx, tournament)
        counters.count_for_job(tx, tournament.job, counts)
    return counts


def closed_counts(tx: Transaction, tournament: RunningTournament) -> Counts:
    """What a tournament that was closed adds to its job's counters."""
    writes = kind_of(tournament.judge).writes
    shares = counters.sharing(tx, [tournament.id]) if writes else {}
    shareable, shared = shares.get(tournament.job, (0, 0))
    return Counts(tournaments_done=1, shareable_tokens=shareable, shared_tokens=shared)


def _standings(database: Database, tournament: RunningTournament) -> list[Standing]:
    """The standings. One short transaction reads the results; the computation comes after it."""
    with database.begin() as tx:
        ended = finished_places(tx, tournament)
        results = closing.results(tx, [tournament.id])[tournament.id]
    if ended is None:
        raise ValueError("not all of its matches are decided")
    return standings(tournament.size, results, ended.places, tournament.seed)


def _fail(database: Database, tournament: RunningTournament, reason: str) -> Counts:
    with database.begin() as tx:
        if not closing.take_decided(tx, tournament.id):
            return Counts()
        error = f"its standings cannot be computed: {reason}"
        closing.fail_tournaments(tx, [(tournament.id, error)])
        counts = Counts(tournaments_failed=1)
        counters.count_for_job(tx, tournament.job, counts)
    return counts
