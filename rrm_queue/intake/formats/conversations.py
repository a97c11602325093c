"""One conversation a row, which ends with the answer: `{uid?, messages, model?}`.

Arena-Hard's answers are such rows since version 2.0, a file for each model. Source: the repository
lmarena/arena-hard-auto, `data/arena-hard-v2.0/model_answer`.
"""

from rrm_queue.errors import Problem
from rrm_queue.intake.formats.answers import GENERATORS, PROMPT_IDS
from rrm_queue.intake.formats.base import Empty, Part, Parts
from rrm_queue.intake.formats.entrants import answer_text, first_of
from rrm_queue.intake.formats.fields import (
    MISSING,
    Row,
    identifier,
    listed,
    optional_text,
    reference,
)
from rrm_queue.intake.formats.messages import asks, conversation, prose

_LISTS = ("messages", "conversations", "conversation")
_OPTIONAL = frozenset({"id", "reference", "subset", *PROMPT_IDS, *GENERATORS})


def _parts(row: Row, empty: Empty) -> list[Part]:
    name, generator = first_of(row, _LISTS), first_of(row, GENERATORS)
    prompt_id = first_of(row, PROMPT_IDS)
    key = identifier(row.get(prompt_id), prompt_id)
    said = listed(conversation(row.get(name, MISSING)), name)
    if len(said) < 2 or asks(said[-1]):
        raise Problem(f"`{name}` does not end with an answer of the assistant")
    prompt = prose(said[:-1], name)
    return [
        Part(
            group=f"text:{prompt}" if key is None else f"id:{key}",
            key=key,
            row_id=identifier(row.get("id"), "id"),
            prompt=prompt,
            candidate=None,
            text=answer_text(said[-1:], f"{name}[{len(said) - 1}]", empty),
            generator=optional_text(row.get(generator), generator),
            reference=reference(row.get("reference")),
            subset=optional_text(row.get("subset"), "subset"),
        )
    ]


CONVERSATIONS = Parts(
    name="conversations",
    title="conversations with one answer",
    keys=_OPTIONAL | {*_LISTS},
    recognise=lambda row: any(name in row for name in _LISTS),
    lists=frozenset(_LISTS),
    optional=_OPTIONAL,
    parse=_parts,
    joins=True,
)
