"""Two answers and perhaps which is better: `{prompt, response_a, response_b, label?, model_a?, …}`.

Chatbot Arena's data sets have such rows; their `winner` is a label too. Instead of the responses
there may be conversations that hold their prompt. The public formats that have other names for the
same columns are made of `Columns` as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count

from rrm_queue.domain import CandidateNumber, LabelledPair
from rrm_queue.intake.formats.base import Empty, Parsed, Whole
from rrm_queue.intake.formats.entrants import Answer, enter, whole
from rrm_queue.intake.formats.fields import MISSING, Row
from rrm_queue.intake.formats.labels import KEYS, ONE_HOT, LabelNumbers, label
from rrm_queue.intake.formats.messages import asks, conversation, prose, without_prompt
from rrm_queue.intake.formats.prompts import INSTRUCTION, asked
from rrm_queue.intake.formats.turns import conversations


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The names under which a format has two answers and what belongs to them.

    Of `prompts`, `labels`, `ids` and `subsets` the first with a value counts. `turn` says up to
    which turn a conversation was judged.
    """

    answers: tuple[str, str]
    prompts: tuple[str, ...] = ("prompt", "instruction")
    models: tuple[str, str] = ("model_a", "model_b")
    labels: tuple[str, ...] = KEYS
    numbers: LabelNumbers = LabelNumbers.NONE
    ids: tuple[str, ...] = ("id", "question_id")
    subsets: tuple[str, ...] = ("subset",)
    turn: str = "turn"

    @property
    def optional(self) -> frozenset[str]:
        """The names of what may be absent."""
        names = {
            *self.models,
            *self.labels,
            *self.ids,
            *self.subsets,
            self.turn,
            "reference",
            "criteria",
        }
        return frozenset(names | ONE_HOT.keys() | INSTRUCTION)


def two_answers(name: str, title: str, columns: Columns, needs: Sequence[str] = ()) -> Whole:
    """The format of rows with these columns; recognised by the answers and by what it `needs`."""
    keys = {*columns.answers, *needs}
    return Whole(
        name=name,
        title=title,
        keys=columns.optional | keys | {*columns.prompts},
        recognise=lambda row: all(key in row for key in keys),
        optional=columns.optional,
        labels=columns.labels,
        parse=partial(_parse, columns=columns),
    )


def _parse(row: Row, key: str, number: int, empty: Empty, *, columns: Columns) -> Parsed:
    prompt, values = _split(row, columns)
    entrants = enter(
        [
            Answer(place, value, side, row.get(model), model)
            for place, value, side, model in zip(
                columns.answers, values, "ab", columns.models, strict=True
            )
        ],
        empty,
        "` and `".join(columns.answers),
    )
    said = label(row, columns.labels, columns.numbers)
    pair = LabelledPair(CandidateNumber(0), CandidateNumber(1), said)
    return whole(
        row, key, number, prompt, entrants, ids=columns.ids, subsets=columns.subsets, pairs=[pair]
    )


def _split(row: Row, columns: Columns) -> tuple[str, list[object]]:
    """The prompt and the answers, also when the prompt is part of the answers."""
    values = [conversation(row.get(name, MISSING)) for name in columns.answers]
    values = conversations(row.get("prompt"), values) or values
    shared, answers = without_prompt([_until(value, row.get(columns.turn)) for value in values])
    if shared:
        return prose(shared, columns.answers[0]), answers
    return asked(row, *columns.prompts), answers


def _until(value: object, turn: object) -> object:
    """A conversation up to the answer of a turn, counted from 1; it may be longer than judged."""
    if not isinstance(turn, int) or not isinstance(value, list):
        return value
    answered = count(1)
    for place, message in enumerate(value):
        if not asks(message) and next(answered) == turn:
            return value[: place + 1]
    return value


PAIRWISE = two_answers(
    "pairwise", "pairs of answers", Columns(answers=("response_a", "response_b"))
)
