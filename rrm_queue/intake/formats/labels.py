"""The labels by which data sets of two answers say which one people preferred."""

from rrm_queue.domain import Label
from rrm_queue.errors import Problem
from rrm_queue.intake.formats.fields import Row, is_absent, text

_LABELS = {
    "a": Label.FIRST,
    "model_a": Label.FIRST,
    "b": Label.SECOND,
    "model_b": Label.SECOND,
    "tie": Label.TIE,
    "tie (bothbad)": Label.TIE,
}
"""`a`, `b` and `tie` are ours and PandaLM's; the others are those of Chatbot Arena and PPE."""


def label(row: Row) -> Label | None:
    """The label under `label`, or else under `winner`; None when there is neither."""
    for key in ("label", "winner"):
        if is_absent(row.get(key)):
            continue
        said = text(row[key], key)
        if said.lower() not in _LABELS:
            expected = ", ".join(repr(known) for known in _LABELS)
            raise Problem(f"`{key}` is {said[:100]!r}, expected one of {expected}")
        return _LABELS[said.lower()]
    return None
