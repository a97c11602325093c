"""Recording with care: what cannot be recorded whole harms no more than it must."""

import logging

from msgspec import structs

from rrm_queue.coordinator.record import record, refuse
from rrm_queue.errors import ForeignJob, StoreUnavailable
from rrm_queue.messages import MatchReport, Outcomes
from rrm_queue.store.database import Database

log = logging.getLogger(__name__)


def record_carefully(database: Database, message: Outcomes) -> None:
    """Records a flush; where the store or a plan refuses it, match by match.

    A match that cannot be recorded fails, with its votes kept if these can be. Raises
    StoreUnavailable, and ForeignJob for a job that only another version can go on with: nothing of
    the flush is lost then, if it stays where it lies.
    """
    try:
        record(database, message)
    except (StoreUnavailable, ForeignJob):
        raise
    except Exception:
        log.exception("a flush of batch %s cannot be recorded whole", message.batch)
        for report in message.matches:
            _record_one(database, structs.replace(message, matches=[report]), report)


def _record_one(database: Database, message: Outcomes, report: MatchReport) -> None:
    try:
        record(database, message)
    except (StoreUnavailable, ForeignJob):
        raise
    except Exception as error:
        reason = f"its outcome cannot be recorded: {_first_line(error)}"
        try:
            refuse(database, message, reason)
        except (StoreUnavailable, ForeignJob):
            raise
        except Exception:
            log.exception("the votes of match %s cannot be kept", report.match)
            bare = MatchReport(report.match, [])
            refuse(database, structs.replace(message, matches=[bare]), reason)


def _first_line(error: Exception) -> str:
    """What went wrong, without the statement that SQLAlchemy adds."""
    return (str(error) or type(error).__name__).split("\n", 1)[0]
