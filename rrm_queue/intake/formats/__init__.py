"""Formats: what a row of a file means. Pure: one module for each format, listed in `FORMATS`.

A row has the first format in `FORMATS` whose keys it has. `docs/input.md` describes them in the
same order.
"""

from rrm_queue.errors import UsageFault
from rrm_queue.intake.formats.answer_lists import ANSWER_LISTS
from rrm_queue.intake.formats.answers import ALPACA_EVAL, ANSWERS
from rrm_queue.intake.formats.arena import ARENA
from rrm_queue.intake.formats.auto_j import AUTO_J
from rrm_queue.intake.formats.base import Format
from rrm_queue.intake.formats.conversations import CONVERSATIONS
from rrm_queue.intake.formats.distilabel import DISTILABEL
from rrm_queue.intake.formats.fields import Row
from rrm_queue.intake.formats.helpsteer import HELPSTEER2, HELPSTEER3
from rrm_queue.intake.formats.judgebench import JUDGEBENCH
from rrm_queue.intake.formats.llmbar import LLMBAR
from rrm_queue.intake.formats.lm_eval import LM_EVAL
from rrm_queue.intake.formats.mt_bench import (
    MT_BENCH_ANSWERS,
    MT_BENCH_JUDGEMENTS,
    MT_BENCH_QUESTIONS,
)
from rrm_queue.intake.formats.nectar import NECTAR
from rrm_queue.intake.formats.openai_batch import BATCH_REQUESTS, BATCH_RESULTS
from rrm_queue.intake.formats.openai_preference import OPENAI_PREFERENCE
from rrm_queue.intake.formats.own import OWN
from rrm_queue.intake.formats.pairwise import PAIRWISE
from rrm_queue.intake.formats.pandalm import PANDALM
from rrm_queue.intake.formats.ppe import PPE
from rrm_queue.intake.formats.preference import PREFERENCE
from rrm_queue.intake.formats.shp import SHP
from rrm_queue.intake.formats.ultrafeedback import ULTRAFEEDBACK

FORMATS: tuple[Format, ...] = (
    OWN,
    PREFERENCE,
    OPENAI_PREFERENCE,
    HELPSTEER2,
    PPE,
    PAIRWISE,
    ARENA,
    JUDGEBENCH,
    LLMBAR,
    HELPSTEER3,
    PANDALM,
    AUTO_J,
    SHP,
    ULTRAFEEDBACK,
    DISTILABEL,
    LM_EVAL,
    BATCH_REQUESTS,
    BATCH_RESULTS,
    MT_BENCH_ANSWERS,
    MT_BENCH_JUDGEMENTS,
    ALPACA_EVAL,
    ANSWERS,
    NECTAR,
    ANSWER_LISTS,
    CONVERSATIONS,
    MT_BENCH_QUESTIONS,
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
