"""Formats: what a row of a file means. Pure: one module for each format, listed in `FORMATS`.

A row has the first format in `FORMATS` whose keys it has. `docs/input.md` describes them in the
same order.
"""

from rrm_queue.errors import UsageFault
from rrm_queue.intake.formats.answers import ALPACA_EVAL, ANSWERS
from rrm_queue.intake.formats.base import Format
from rrm_queue.intake.formats.distilabel import DISTILABEL
from rrm_queue.intake.formats.fields import Row
from rrm_queue.intake.formats.own import OWN
from rrm_queue.intake.formats.pairwise import PAIRWISE
from rrm_queue.intake.formats.ppe import PPE
from rrm_queue.intake.formats.preference import PREFERENCE
from rrm_queue.intake.formats.ultrafeedback import ULTRAFEEDBACK

FORMATS: tuple[Format, ...] = (
    OWN,
    PREFERENCE,
    PPE,
    PAIRWISE,
    ULTRAFEEDBACK,
    DISTILABEL,
    ALPACA_EVAL,
    ANSWERS,
)

NAMES = tuple(known.name for known in FORMATS)
KEYS = frozenset().union(*(known.keys for known in FORMATS))
"""Every key that some format reads."""


def named(name: str) -> Format:
    """The format of that name. Raises UsageFault for an unknown name."""
    for known in FORMATS:
        if known.name == name:
            return known
    raise UsageFault(f"no format is called {name!r}; choose one of {', '.join(NAMES)}")


def recognised(row: Row) -> Format | None:
    """The format whose keys the row has."""
    return next((known for known in FORMATS if known.recognise(row)), None)
