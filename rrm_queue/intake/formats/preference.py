"""Preference pairs of TRL and RewardBench: `{prompt?, chosen, rejected, subset?, …}`.

Source: TRL's page "Dataset formats and types", preference with an explicit and an implicit prompt,
standard and conversational; the dataset cards of RewardBench (`chosen_model`, `rejected_model`,
`subset`, `id`) and RewardBench 2 (`chosen` and `rejected` are lists of texts).
"""

import re
from collections.abc import Sequence

from rrm_queue.domain import CandidateNumber, Label, LabelledPair, Tournament
from rrm_queue.errors import Problem
from rrm_queue.intake.formats.base import Answer, Empty, Parsed, Whole, answer_text, enter, kept
from rrm_queue.intake.formats.fields import (
    MISSING,
    Row,
    criteria,
    identifier,
    is_absent,
    is_text,
    optional_text,
    reference,
)
from rrm_queue.intake.formats.messages import is_conversation, prose, without_prompt
from rrm_queue.seeds import shuffled

_WORD_AT_END = re.compile(r"\S+\Z")
_TURN = "\n\nAssistant:"
"""The text before an answer in the dialogues of Anthropic's HH-RLHF."""


def _parse(row: Row, key: str, number: int, empty: Empty) -> Parsed:
    sides = [_side(row, "chosen"), _side(row, "rejected")]
    prompt, texts = _split(row, [answer.value for side in sides for answer in side])
    chosen = len(sides[0])
    answers = [
        answer._replace(value=text)
        for answer, text in zip([*sides[0], *sides[1]], texts, strict=True)
    ]
    order = _order(prompt, [answer_text(a.value, a.place, Empty.KEEP) or "" for a in answers])
    entrants = enter([answers[place] for place in order], empty, "chosen` and `rejected")
    preferred = {order.index(place) for place in range(chosen)}
    tournament = Tournament(
        key=identifier(row.get("id"), "id") or identifier(row.get("prompt_id"), "prompt_id") or key,
        prompt=prompt,
        candidates=entrants.candidates,
        line=number,
        reference=reference(row.get("reference")),
        criteria=criteria(row.get("criteria")),
        pairs=kept(_pairs(preferred, len(order)), entrants.numbers),
        subset=optional_text(row.get("subset"), "subset"),
    )
    return Parsed(tournament, entrants.dropped)


def _side(row: Row, side: str) -> list[Answer]:
    """The answers on a side: one text or conversation, or a list of several texts."""
    value = row.get(side, MISSING)
    model = row.get(f"{side}_model")
    if not isinstance(value, list) or is_conversation(value):
        return [Answer(side, value, side, model, f"{side}_model")]
    return [
        Answer(f"{side}[{place}]", text, f"{side}-{place}", model, f"{side}_model")
        for place, text in enumerate(value)
    ]


def _split(row: Row, values: Sequence[object]) -> tuple[str, list[object]]:
    """The prompt and the answers, also when the prompt is part of the answers."""
    shared, answers = without_prompt(values)
    if shared:
        return prose(shared, "chosen"), answers
    if not is_absent(row.get("prompt")):
        return prose(row["prompt"], "prompt"), answers
    texts = [value for value in values if is_text(value)]
    start = _answer_start(_beginning(texts)) if len(texts) == len(values) else 0
    if not start:
        raise Problem(
            "`prompt` is missing, and `chosen` and `rejected` do not begin with the same prompt"
        )
    return texts[0][:start], [text[start:] for text in texts]


def _beginning(texts: Sequence[str]) -> str:
    """The beginning that all texts share."""
    for place, characters in enumerate(zip(*texts, strict=False)):
        if len(set(characters)) > 1:
            return texts[0][:place]
    return min(texts, key=len)


def _answer_start(shared: str) -> int:
    """Where the answers begin in texts that all begin with `shared`; 0 if that is no prompt.

    In a dialogue, after its last turn. Else where the texts first differ, moved back over white
    space as TRL's `extract_prompt` does it, but never within a word.
    """
    turn = shared.rfind(_TURN)
    if turn >= 0:
        return turn + len(_TURN)
    cut = shared if not shared or shared[-1].isspace() else _WORD_AT_END.sub("", shared)
    return len(cut.rstrip())


def _order(prompt: str, said: Sequence[str]) -> list[int]:
    """The answers' places in an order that depends on their texts alone.

    It does not depend on which is preferred, nor on whether the file has texts or messages.
    """
    by_text = sorted(range(len(said)), key=said.__getitem__)
    return [by_text[place] for place in shuffled(len(said), "order", prompt, *sorted(said))]


def _pairs(preferred: set[int], size: int) -> list[LabelledPair]:
    """Each preferred answer paired with each other one, in the order of the candidates."""
    return [
        LabelledPair(
            CandidateNumber(first),
            CandidateNumber(second),
            Label.FIRST if first in preferred else Label.SECOND,
        )
        for first in range(size)
        for second in range(first + 1, size)
        if (first in preferred) != (second in preferred)
    ]


PREFERENCE = Whole(
    name="preference",
    title="TRL preference pairs",
    keys=frozenset(
        {
            "id",
            "prompt_id",
            "prompt",
            "chosen",
            "rejected",
            "chosen_model",
            "rejected_model",
            "subset",
            "reference",
            "criteria",
        }
    ),
    recognise=lambda row: "chosen" in row and "rejected" in row,
    optional=frozenset(
        {
            "id",
            "prompt_id",
            "prompt",
            "chosen_model",
            "rejected_model",
            "subset",
            "reference",
            "criteria",
        }
    ),
    parse=_parse,
)
