"""distilabel's rows: `{instruction, generations: [text], generation_models?: [text]}`.

Source: distilabel's UltraFeedback task and its step that groups generations; pipelines since
version 1.4 name the models `model_names`.
"""

from rrm_queue.domain import Tournament
from rrm_queue.errors import Problem
from rrm_queue.intake.formats.base import Answer, Empty, Parsed, Whole, enter
from rrm_queue.intake.formats.fields import (
    MISSING,
    Row,
    identifier,
    is_absent,
    listed,
    optional_text,
    reference,
)
from rrm_queue.intake.formats.messages import prose

_MODELS = ("generation_models", "model_names")
_OPTIONAL = frozenset({"id", "prompt_id", "subset", "reference", *_MODELS})


def _parse(row: Row, key: str, number: int, empty: Empty) -> Parsed:
    entrants = enter(_answers(row), empty, "generations")
    tournament = Tournament(
        key=identifier(row.get("id"), "id") or identifier(row.get("prompt_id"), "prompt_id") or key,
        prompt=prose(row.get("instruction", MISSING), "instruction"),
        candidates=entrants.candidates,
        line=number,
        reference=reference(row.get("reference")),
        subset=optional_text(row.get("subset"), "subset"),
    )
    return Parsed(tournament, entrants.dropped)


def _answers(row: Row) -> list[Answer]:
    generations = listed(row.get("generations", MISSING), "generations")
    name = next((name for name in _MODELS if not is_absent(row.get(name))), None)
    models = [None] * len(generations) if name is None else listed(row[name], name)
    if len(models) != len(generations):
        raise Problem(f"`generations` has {len(generations)} items, but `{name}` has {len(models)}")
    return [
        Answer(f"generations[{place}]", value, None, model, f"{name}[{place}]")
        for place, (value, model) in enumerate(zip(generations, models, strict=True))
    ]


DISTILABEL = Whole(
    name="distilabel",
    title="distilabel rows",
    keys=_OPTIONAL | {"instruction", "generations"},
    recognise=lambda row: "generations" in row,
    lists=frozenset({"generations", *_MODELS}),
    optional=_OPTIONAL,
    parse=_parse,
)
