"""OpenAI's preference pairs: `{input: {messages}, preferred_output, non_preferred_output}`.

Source: OpenAI's guide to direct preference optimization.
"""

from rrm_queue.intake.formats.base import Empty, Parsed, Whole
from rrm_queue.intake.formats.fields import Row
from rrm_queue.intake.formats.preference import PREFERENCE

_NAMES = {"input": "prompt", "preferred_output": "chosen", "non_preferred_output": "rejected"}
_KEYS = frozenset({"id", *_NAMES})


def _parse(row: Row, key: str, number: int, empty: Empty) -> Parsed:
    named = {_NAMES.get(name, name): row[name] for name in _KEYS if name in row}
    return PREFERENCE.parse(named, key, number, empty)


OPENAI_PREFERENCE = Whole(
    name="openai-preference",
    title="OpenAI's preference pairs",
    keys=_KEYS,
    recognise=lambda row: "preferred_output" in row and "non_preferred_output" in row,
    optional=frozenset({"id"}),
    parse=_parse,
)
