"""UltraFeedback's rows: `{instruction, completions: [{model, response, …}]}`.

Source: the dataset card of openbmb/UltraFeedback.
"""

from rrm_queue.domain import Tournament
from rrm_queue.errors import Problem
from rrm_queue.intake.formats.base import Answer, Empty, Parsed, Whole, enter
from rrm_queue.intake.formats.fields import (
    MISSING,
    Row,
    identifier,
    kind,
    listed,
    optional_text,
    reference,
)
from rrm_queue.intake.formats.messages import prose

_OPTIONAL = frozenset({"id", "prompt_id", "subset", "reference"})


def _parse(row: Row, key: str, number: int, empty: Empty) -> Parsed:
    completions = listed(row.get("completions", MISSING), "completions")
    answers = [_answer(value, f"completions[{place}]") for place, value in enumerate(completions)]
    entrants = enter(answers, empty, "completions")
    tournament = Tournament(
        key=identifier(row.get("id"), "id") or identifier(row.get("prompt_id"), "prompt_id") or key,
        prompt=prose(row.get("instruction", MISSING), "instruction"),
        candidates=entrants.candidates,
        line=number,
        reference=reference(row.get("reference")),
        subset=optional_text(row.get("subset"), "subset"),
    )
    return Parsed(tournament, entrants.dropped)


def _answer(completion: object, place: str) -> Answer:
    if not isinstance(completion, dict):
        raise Problem(f"`{place}` is {kind(completion)}, expected an object with `response`")
    return Answer(
        f"{place}.response",
        completion.get("response", MISSING),
        generator=completion.get("model"),
        generator_place=f"{place}.model",
    )


ULTRAFEEDBACK = Whole(
    name="ultrafeedback",
    title="UltraFeedback rows",
    keys=_OPTIONAL | {"instruction", "completions"},
    recognise=lambda row: "completions" in row,
    lists=frozenset({"completions"}),
    optional=_OPTIONAL,
    parse=_parse,
)
