"""One row per candidate: `{prompt_id?, prompt, response, model?}` and AlpacaEval's outputs.

The rows of a tournament have the same `prompt_id` or, without one, the same prompt. They may stand
anywhere in the file. Source of AlpacaEval's keys: the README of tatsu-lab/alpaca_eval. There each
model's outputs are a file of `{instruction, output, generator, dataset?}`. AlpacaFarm's have an
`input` too, and its samples are several texts under `output`.
"""

from collections.abc import Sequence
from functools import partial

from rrm_queue.intake.formats.base import Empty, Part, Parts
from rrm_queue.intake.formats.entrants import answer_text, first_of
from rrm_queue.intake.formats.fields import (
    MISSING,
    Row,
    criteria,
    identifier,
    optional_text,
    reference,
)
from rrm_queue.intake.formats.messages import is_conversation
from rrm_queue.intake.formats.prompts import INSTRUCTION, asked

_TEXTS = ("response", "text", "output", "answer", "completion")
GENERATORS = ("generator", "model", "model_name", "model_id")
PROMPT_IDS = ("prompt_id", "question_id", "uid")
_SUBSETS = ("subset", "dataset")
_OPTIONAL = frozenset(
    {"id", "candidate_id", "reference", "criteria", *PROMPT_IDS, *GENERATORS, *_SUBSETS}
)


def _parts(row: Row, empty: Empty, *, prompt: str, texts: Sequence[str]) -> list[Part]:
    prompt_id, generator, subset = (first_of(row, n) for n in (PROMPT_IDS, GENERATORS, _SUBSETS))
    key = identifier(row.get(prompt_id), prompt_id)
    question = asked(row, prompt)
    name = first_of(row, texts)
    part = Part(
        group=f"text:{question}" if key is None else f"id:{key}",
        key=key,
        row_id=identifier(row.get("id"), "id"),
        prompt=question,
        candidate=identifier(row.get("candidate_id"), "candidate_id"),
        text=None,
        generator=optional_text(row.get(generator), generator),
        reference=reference(row.get("reference")),
        subset=optional_text(row.get(subset), subset),
        criteria=criteria(row.get("criteria")),
    )
    said = row.get(name, MISSING)
    if not isinstance(said, list) or is_conversation(said):
        return [part._replace(text=answer_text(said, name, empty))]
    return [
        part._replace(text=answer_text(one, f"{name}[{place}]", empty))
        for place, one in enumerate(said)
    ]


def _recognise_answers(row: Row) -> bool:
    return "prompt" in row and any(name in row for name in _TEXTS)


ALPACA_EVAL = Parts(
    name="alpaca-eval",
    title="AlpacaEval outputs",
    keys=_OPTIONAL | INSTRUCTION | {"output"},
    recognise=lambda row: "instruction" in row and "output" in row,
    optional=_OPTIONAL | {"input"},
    parse=partial(_parts, prompt="instruction", texts=("output",)),
)

ANSWERS = Parts(
    name="answers",
    title="one answer a row",
    keys=_OPTIONAL | {"prompt", *_TEXTS},
    recognise=_recognise_answers,
    optional=_OPTIONAL,
    parse=partial(_parts, prompt="prompt", texts=_TEXTS),
)
"""The prompt may be an instruction in no row of `answers`: such rows are AlpacaEval's."""
