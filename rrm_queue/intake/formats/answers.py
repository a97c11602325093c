"""One row per candidate: `{prompt_id?, prompt, response, model?}` and AlpacaEval's outputs.

The rows of a tournament have the same `prompt_id` or, without one, the same prompt. They may stand
anywhere in the file. Source of AlpacaEval's keys: the README of tatsu-lab/alpaca_eval. There each
model's outputs are a file of `{instruction, output, generator, dataset?}`.
"""

from collections.abc import Sequence
from functools import partial

from rrm_queue.intake.formats.base import Empty, Part, Parts, answer_text
from rrm_queue.intake.formats.fields import (
    MISSING,
    Row,
    identifier,
    is_absent,
    optional_text,
    reference,
)
from rrm_queue.intake.formats.messages import prose

_TEXTS = ("response", "text", "output", "answer", "completion")
_PROMPT_IDS = ("prompt_id", "question_id")
_GENERATORS = ("generator", "model")
_SUBSETS = ("subset", "dataset")
_OPTIONAL = frozenset({"id", "candidate_id", "reference", *_PROMPT_IDS, *_GENERATORS, *_SUBSETS})


def _part(row: Row, empty: Empty, *, prompt: str, texts: Sequence[str]) -> Part:
    prompt_id, generator, subset = (_first(row, n) for n in (_PROMPT_IDS, _GENERATORS, _SUBSETS))
    key = identifier(row.get(prompt_id), prompt_id)
    asked = prose(row.get(prompt, MISSING), prompt)
    name = _first(row, texts)
    return Part(
        group=f"text:{asked}" if key is None else f"id:{key}",
        key=key,
        row_id=identifier(row.get("id"), "id"),
        prompt=asked,
        candidate=identifier(row.get("candidate_id"), "candidate_id"),
        text=answer_text(row.get(name, MISSING), name, empty),
        generator=optional_text(row.get(generator), generator),
        reference=reference(row.get("reference")),
        subset=optional_text(row.get(subset), subset),
    )


def _first(row: Row, names: Sequence[str]) -> str:
    """The first of the names that has a value in the row; else the first that is a key of it."""
    for name in names:
        if not is_absent(row.get(name)):
            return name
    return next((name for name in names if name in row), names[0])


def _recognise_answers(row: Row) -> bool:
    return "prompt" in row and any(name in row for name in _TEXTS)


ALPACA_EVAL = Parts(
    name="alpaca-eval",
    title="AlpacaEval outputs",
    keys=_OPTIONAL | {"instruction", "output"},
    recognise=lambda row: "instruction" in row and "output" in row,
    optional=_OPTIONAL,
    parse=partial(_part, prompt="instruction", texts=("output",)),
)

ANSWERS = Parts(
    name="answers",
    title="one answer a row",
    keys=_OPTIONAL | {"prompt", *_TEXTS},
    recognise=_recognise_answers,
    optional=_OPTIONAL,
    parse=partial(_part, prompt="prompt", texts=_TEXTS),
)
