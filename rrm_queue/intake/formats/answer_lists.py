"""Prompts with a list of answers, each a text, a message or an object that holds the text.

`{prompt, responses: [text], models?: [text]}`, and the same under other names. vLLM's results have
`outputs: [{text, …}]`.
"""

from collections.abc import Callable, Iterable
from functools import partial

from rrm_queue.domain import LabelledPair
from rrm_queue.errors import Problem
from rrm_queue.intake.formats.base import Empty, Parsed, Whole
from rrm_queue.intake.formats.entrants import Answer, enter, whole
from rrm_queue.intake.formats.fields import MISSING, Row, is_absent, is_plain, is_text, kind, listed
from rrm_queue.intake.formats.messages import is_message
from rrm_queue.intake.formats.prompts import INSTRUCTION, asked

TEXTS = (
    "text", "content", "response", "output", "completion", "generation", "generated_text",
    "answer", "message",
)  # fmt: skip
"""Under which keys an object may hold an answer; the first that it has counts."""

_GENERATORS = ("generator", "model")
"""Under which keys an object may name the model that wrote it."""

_LISTS = ("responses", "outputs", "samples", "predictions", "choices")
_MODELS = ("models", "model_names", "generation_models", "generators")
_OPTIONAL = INSTRUCTION | {"id", "prompt_id", "prompt", "subset", "reference", "criteria", *_MODELS}

Answers = list[Answer]


def _no_pairs(_row: Row, _key: str) -> Iterable[LabelledPair]:
    return ()


def answer_list(
    name: str,
    title: str,
    lists: tuple[str, ...],
    *,
    pairs: Callable[[Row, str], Iterable[LabelledPair]] = _no_pairs,
) -> Whole:
    """The format of rows with a list of answers under one of the keys `lists`.

    `pairs` gives the pairs that the list under a key ranks.
    """
    return Whole(
        name=name,
        title=title,
        keys=_OPTIONAL | {*lists},
        recognise=lambda row: any(key in row for key in lists),
        lists=frozenset({*lists, *_MODELS}),
        optional=_OPTIONAL,
        parse=partial(_parse, lists=lists, pairs=pairs),
    )


def answer_in(value: object, place: str) -> Answer:
    """The answer that an item of a list holds, with its generator. Raises Problem for none."""
    if not isinstance(value, dict):
        if value is None or is_text(value) or isinstance(value, list):
            return Answer(place, value)
        raise Problem(f"`{place}` is {kind(value)}, expected text or an object with `text`")
    model = next((key for key in _GENERATORS if is_plain(value.get(key))), _GENERATORS[0])
    name = None if is_message(value) else next((key for key in TEXTS if key in value), TEXTS[0])
    return Answer(
        f"{place}.{name}" if name else place,
        value.get(name, MISSING) if name else value,
        generator=value.get(model),
        generator_place=f"{place}.{model}",
    )


def _parse(
    row: Row,
    key: str,
    number: int,
    empty: Empty,
    *,
    lists: tuple[str, ...],
    pairs: Callable[[Row, str], Iterable[LabelledPair]],
) -> Parsed:
    name = next((name for name in lists if not is_absent(row.get(name))), lists[0])
    entrants = enter(_answers(row, name), empty, name)
    prompt = asked(row, "instruction", "prompt")
    return whole(row, key, number, prompt, entrants, pairs=pairs(row, name))


def _answers(row: Row, name: str) -> Answers:
    given = listed(row.get(name, MISSING), name)
    answers = [answer_in(value, f"{name}[{place}]") for place, value in enumerate(given)]
    key = next((key for key in _MODELS if not is_absent(row.get(key))), None)
    if key is None:
        return answers
    models = listed(row[key], key)
    if len(models) != len(answers):
        raise Problem(f"`{name}` has {len(answers)} items, but `{key}` has {len(models)}")
    return [
        answer._replace(generator=model, generator_place=f"{key}[{place}]")
        for place, (answer, model) in enumerate(zip(answers, models, strict=True))
    ]


ANSWER_LISTS = answer_list("answer-lists", "lists of answers", _LISTS)
