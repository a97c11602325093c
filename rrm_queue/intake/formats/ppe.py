"""Preference Proxy Evaluations: `{question_id, prompt, response_1, …, response_n, …}`.

Source: the cards of the data sets lmarena-ai/PPE-*. The set of human preferences has two responses
with `model_a`, `model_b` and `winner`. The best-of-k sets have 32 responses of one `model_name`.
Their `scores` are booleans that say whether each is right; they become the candidates' gold. Their
`sampled_conflict_pairs` are the pairs to judge: a right and a wrong response, counted from 0.
"""

import re

from rrm_queue.domain import CandidateNumber, Label, LabelledPair
from rrm_queue.errors import Problem
from rrm_queue.intake.formats.base import Empty, Parsed, Whole
from rrm_queue.intake.formats.entrants import Answer, enter, whole
from rrm_queue.intake.formats.fields import Row, is_absent, kind, listed, score
from rrm_queue.intake.formats.labels import KEYS, label
from rrm_queue.intake.formats.prompts import INSTRUCTION, asked

_RESPONSE = re.compile(r"response_(\d{1,6})")
_OPTIONAL = INSTRUCTION | frozenset(
    {
        "id",
        "question_id",
        "label",
        "winner",
        "model_a",
        "model_b",
        "model_name",
        "scores",
        "sampled_conflict_pairs",
        "subset",
        "reference",
        "criteria",
    }
)


def _parse(row: Row, key: str, number: int, empty: Empty) -> Parsed:
    responses = _responses(row)
    scores = _scores(row, len(responses))
    answers = [_answer(row, place, name, scores) for place, name in enumerate(responses)]
    entrants = enter(answers, empty, "response_1…n")
    pairs = _pairs(row, len(responses), scores)
    prompt, ids = asked(row, "prompt", "instruction"), ("id", "question_id")
    return whole(row, key, number, prompt, entrants, ids=ids, pairs=pairs)


def _responses(row: Row) -> list[str]:
    """The keys of the responses, in the order of their numbers."""
    numbers = {name: int(found[1]) for name in row if (found := _RESPONSE.fullmatch(name))}
    return sorted(numbers, key=numbers.__getitem__)


def _scores(row: Row, size: int) -> list[object] | None:
    """Whether each response is right; None where the row does not say it."""
    if is_absent(row.get("scores")):
        return None
    scores = listed(row["scores"], "scores")
    if len(scores) != size:
        raise Problem(f"`scores` has {len(scores)} items, but there are {size} responses")
    return scores


def _answer(row: Row, place: int, name: str, scores: list[object] | None) -> Answer:
    model = ("model_a", "model_b")[place] if place < 2 and "model_a" in row else "model_name"
    gold = None if scores is None else scores[place]
    return Answer(name, row[name], name, row.get(model), model, gold, f"scores[{place}]")


def _pairs(row: Row, size: int, scores: list[object] | None) -> list[LabelledPair]:
    conflicts = row.get("sampled_conflict_pairs")
    if not is_absent(conflicts):
        return [
            _conflict(pair, f"sampled_conflict_pairs[{number}]", scores, size)
            for number, pair in enumerate(listed(conflicts, "sampled_conflict_pairs"))
        ]
    if size == 2:
        return [LabelledPair(CandidateNumber(0), CandidateNumber(1), label(row))]
    return []


def _conflict(pair: object, place: str, scores: list[object] | None, size: int) -> LabelledPair:
    match pair:
        case [int(first), int(second)] if first != second and {first, second} <= {*range(size)}:
            one, other = CandidateNumber(first), CandidateNumber(second)
            return LabelledPair(one, other, _better(first, second, scores))
        case list():
            raise Problem(f"`{place}` is {str(pair)[:100]}, expected two numbers below {size}")
    raise Problem(f"`{place}` is {kind(pair)}, expected a list of two numbers")


def _better(first: int, second: int, scores: list[object] | None) -> Label | None:
    if scores is None:
        return None
    one, other = (score(scores[place], f"scores[{place}]") for place in (first, second))
    if one == other:
        return Label.TIE
    return Label.FIRST if one > other else Label.SECOND


PPE = Whole(
    name="ppe",
    title="PPE responses",
    keys=_OPTIONAL | {"prompt", "response_1", "response_2"},
    recognise=lambda row: "response_1" in row and "response_2" in row,
    lists=frozenset({"scores", "sampled_conflict_pairs"}),
    optional=_OPTIONAL,
    labels=KEYS,
    parse=_parse,
)
