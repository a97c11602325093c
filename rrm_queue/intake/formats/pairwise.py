"""Two answers and perhaps who won: `{prompt, response_a, response_b, label?, model_a?, …}`.

Chatbot Arena's data sets have such rows; their `winner` is a label too. Instead of the responses
there may be conversations that hold their prompt.
"""

from rrm_queue.domain import CandidateNumber, LabelledPair, Tournament
from rrm_queue.intake.formats.base import Answer, Empty, Parsed, Whole, enter, kept
from rrm_queue.intake.formats.fields import (
    MISSING,
    Row,
    criteria,
    identifier,
    optional_text,
    reference,
)
from rrm_queue.intake.formats.labels import label
from rrm_queue.intake.formats.messages import prose, without_prompt

_OPTIONAL = frozenset(
    {
        "id",
        "question_id",
        "label",
        "winner",
        "model_a",
        "model_b",
        "subset",
        "reference",
        "criteria",
    }
)


def _parse(row: Row, key: str, number: int, empty: Empty) -> Parsed:
    values = [row.get("response_a", MISSING), row.get("response_b", MISSING)]
    shared, values = without_prompt(values)
    prompt = prose(shared, "response_a") if shared else prose(row.get("prompt", MISSING), "prompt")
    entrants = enter(
        [
            Answer(f"response_{name}", value, name, row.get(f"model_{name}"), f"model_{name}")
            for name, value in zip("ab", values, strict=True)
        ],
        empty,
        "response_a` and `response_b",
    )
    pair = LabelledPair(CandidateNumber(0), CandidateNumber(1), label(row))
    tournament = Tournament(
        key=identifier(row.get("id"), "id")
        or identifier(row.get("question_id"), "question_id")
        or key,
        prompt=prompt,
        candidates=entrants.candidates,
        line=number,
        reference=reference(row.get("reference")),
        criteria=criteria(row.get("criteria")),
        pairs=kept([pair], entrants.numbers),
        subset=optional_text(row.get("subset"), "subset"),
    )
    return Parsed(tournament, entrants.dropped)


PAIRWISE = Whole(
    name="pairwise",
    title="pairs of answers",
    keys=_OPTIONAL | {"prompt", "response_a", "response_b"},
    recognise=lambda row: "response_a" in row and "response_b" in row,
    optional=_OPTIONAL,
    parse=_parse,
)
