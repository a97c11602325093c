"""Recording with care: what cannot be recorded whole harms no more than it must."""

import logging
from collections.abc import Iterable, Sequence

from msgspec import structs

from rrm_queue.coordinator.record import record, refuse
from rrm_queue.coordinator.rules import together
from rrm_queue.domain import BatchId
from rrm_queue.errors import ForeignJob, StoreUnavailable
from rrm_queue.log_once import log_once
from rrm_queue.messages import MatchReport, Outcomes
from rrm_queue.store.database import Database
from rrm_queue.text import first_line

log = logging.getLogger(__name__)


def record_carefully(database: Database, flushes: Iterable[Outcomes]) -> list[Outcomes]:
    """Records flushes, as many as can be in one transaction; those that are left to others.

    Where the store or a plan refuses them together, each is recorded alone; where it refuses one,
    its matches are. A match that cannot be recorded fails, with its votes kept if these can be. A
    job that only another version can go on with is left to that, and so is what cannot even fail:
    it keeps no other flush waiting. Raises StoreUnavailable: what is recorded by then may be
    recorded again.
    """
    return [left for group in together(flushes) for left in record_group(database, group)]


def record_group(database: Database, group: Sequence[Outcomes]) -> list[Outcomes]:
    """The same for flushes that may go into one transaction (see `together`)."""
    try:
        record(database, *group)
    except StoreUnavailable:
        raise
    except Exception as error:
        if len(group) > 1 and not isinstance(error, ForeignJob):
            log.warning("%s flushes cannot be recorded together: %s", len(group), error)
        return [flush for flush in group if not _record_alone(database, flush)]
    return []


def _record_alone(database: Database, flush: Outcomes) -> bool:
    """Whether the flush is done with."""
    try:
        _record_flush(database, flush)
    except ForeignJob as error:
        leave(BatchId(flush.batch), str(error))
        return False
    except StoreUnavailable:
        raise
    except Exception as error:
        leave(BatchId(flush.batch), f"they cannot even be refused: {first_line(error)}")
        return False
    return True


def _record_flush(database: Database, flush: Outcomes) -> None:
    try:
        record(database, flush)
    except (StoreUnavailable, ForeignJob):
        raise
    except Exception:
        log.exception("a flush of batch %s cannot be recorded whole", flush.batch)
        for report in flush.matches:
            _record_one(database, structs.replace(flush, matches=[report]), report)


def _record_one(database: Database, flush: Outcomes, report: MatchReport) -> None:
    try:
        record(database, flush)
    except (StoreUnavailable, ForeignJob):
        raise
    except Exception as error:
        reason = f"its outcome cannot be recorded: {first_line(error)}"
        try:
            refuse(database, flush, reason)
        except (StoreUnavailable, ForeignJob):
            raise
        except Exception:
            log.exception("the votes of match %s cannot be kept", report.match)
            bare = MatchReport(report.match, [])
            refuse(database, structs.replace(flush, matches=[bare]), reason)


def leave(batch: BatchId, why: str) -> None:
    """Says that outcomes of a batch stay where they lie."""
    log_once(log, logging.ERROR, "outcomes of batch %s are left to others: %s", batch, why)
