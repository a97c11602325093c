"""MT-bench's and Arena-Hard's files: questions, a file of answers for each model, judgements.

Sources: FastChat's `llm_judge` (`question.jsonl`, `model_answer/`, `model_judgment/…_pair.jsonl`)
and the repository lmarena/arena-hard-auto. `question_id` or `uid` joins the rows. A question has
`turns`, which are texts or `{content}`, or a `prompt`. Answers have `choices`, each with as many
`turns`.
"""

from rrm_queue.domain import Label
from rrm_queue.errors import Problem
from rrm_queue.intake.formats.answers import GENERATORS, PROMPT_IDS
from rrm_queue.intake.formats.base import Empty, Judgement, Part, Parts, Question
from rrm_queue.intake.formats.entrants import answer_text, first_of
from rrm_queue.intake.formats.fields import (
    MISSING,
    Row,
    identifier,
    is_absent,
    listed,
    optional_text,
    text,
)
from rrm_queue.intake.formats.labels import LabelNumbers, read_label

_SUBSETS = ("subset", "category")
_BASELINES = ("gpt-4-0314",)
"""The model that Arena-Hard's first version compares others with; its judgements do not name it."""


def _question(row: Row, _empty: Empty) -> list[Question]:
    key, subset = _key(row), first_of(row, _SUBSETS)
    name = first_of(row, ("turns", "prompt"))
    given = row.get(name, MISSING)
    turns = given if isinstance(given, list) else [given]
    if not turns:
        raise Problem(f"`{name}` is empty")
    return [
        Question(
            group=f"id:{key}",
            key=key,
            turns=tuple(_turn(turn, f"{name}[{place}]") for place, turn in enumerate(turns)),
            reference=None,
            subset=optional_text(row.get(subset), subset),
        )
    ]


def _answers(row: Row, empty: Empty) -> list[Part]:
    key, generator = _key(row), first_of(row, GENERATORS)
    choices = listed(row.get("choices", MISSING), "choices")
    return [
        Part(
            group=f"id:{key}",
            key=key,
            row_id=None,
            prompt=None,
            candidate=None,
            text=_said(choice, f"choices[{place}]", empty),
            generator=optional_text(row.get(generator), generator),
            reference=None,
            subset=None,
        )
        for place, choice in enumerate(choices)
    ]


def _said(choice: object, place: str, empty: Empty) -> str | tuple[str, ...] | None:
    turns = listed(choice.get("turns", MISSING) if isinstance(choice, dict) else choice, place)
    said = [
        answer_text(
            turn.get("content") if isinstance(turn, dict) else turn,
            f"{place}.turns[{number}]",
            empty,
        )
        for number, turn in enumerate(turns)
    ]
    if not said:
        raise Problem(f"`{place}.turns` is empty")
    texts = tuple(turn for turn in said if turn is not None)
    if len(texts) < len(said):
        return None
    return texts[0] if len(texts) == 1 else texts


def _turn(turn: object, place: str) -> str:
    return text(turn.get("content", MISSING) if isinstance(turn, dict) else turn, place)


def _key(row: Row) -> str:
    name = first_of(row, PROMPT_IDS)
    key = identifier(row.get(name), name)
    if key is None:
        raise Problem(f"`{name}` is missing; it joins answers with their question")
    return key


def _judgements(row: Row, _empty: Empty) -> list[Judgement]:
    """A pair's verdict in both orders: those that contradict each other make a tie."""
    key = _key(row)
    if "g1_winner" in row:
        first, second = (text(row.get(n, MISSING), n) for n in ("model_1", "model_2"))
        said = [
            read_label(row[n], n, LabelNumbers.NONE) for n in ("g1_winner", "g2_winner") if n in row
        ]
    else:
        first = text(row.get("baseline", _BASELINES[0]), "baseline")
        second = text(row.get("model", MISSING), "model")
        said = _games(row)
    if not said:
        return []
    label = said[0] if len(set(said)) == 1 else Label.TIE
    return [Judgement(f"id:{key}", key, first, second, label)]


def _games(row: Row) -> list[Label]:
    """The verdicts for the baseline against the model, which is A in the second game."""
    labels = []
    for place, game in enumerate(listed(row["games"], "games")):
        score = game.get("score") if isinstance(game, dict) else None
        if not is_absent(score):
            said = read_label(score, f"games[{place}].score", LabelNumbers.NONE)
            labels.append(_TURNED[said] if place == 1 else said)
    return labels


_TURNED = {Label.FIRST: Label.SECOND, Label.SECOND: Label.FIRST, Label.TIE: Label.TIE}

_IDS = frozenset(PROMPT_IDS)

MT_BENCH_ANSWERS = Parts(
    name="mt-bench-answers",
    title="answers of MT-bench or Arena-Hard",
    keys=_IDS | {*GENERATORS, "choices"},
    recognise=lambda row: "choices" in row and any(name in row for name in PROMPT_IDS),
    lists=frozenset({"choices"}),
    parse=_answers,
    joins=True,
)

MT_BENCH_JUDGEMENTS = Parts(
    name="mt-bench-judgements",
    title="judgements of MT-bench or Arena-Hard",
    keys=_IDS | {"model", "baseline", "games", "model_1", "model_2", "g1_winner", "g2_winner"},
    recognise=lambda row: "g1_winner" in row or ("games" in row and "judge" in row),
    lists=frozenset({"games"}),
    parse=_judgements,
    joins=True,
)

MT_BENCH_QUESTIONS = Parts(
    name="mt-bench-questions",
    title="questions of MT-bench or Arena-Hard",
    keys=_IDS | {*_SUBSETS, "turns", "prompt"},
    recognise=lambda row: (
        ("turns" in row or "prompt" in row) and any(name in row for name in ("question_id", "uid"))
    ),
    lists=frozenset({"turns"}),
    parse=_question,
    joins=True,
)
