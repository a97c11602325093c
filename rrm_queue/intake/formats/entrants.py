"""The answers of a row as the candidates of its tournament."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rrm_queue.domain import Candidate, LabelledPair, Tournament
from rrm_queue.errors import Message, Option, Problem
from rrm_queue.intake.formats.base import Empty, Parsed
from rrm_queue.intake.formats.fields import (
    MISSING,
    Row,
    criteria,
    fits_identifier,
    identifier,
    is_absent,
    optional_score,
    optional_text,
    reference,
)
from rrm_queue.intake.formats.messages import prose, says_nothing, unspoken

FEWEST_CANDIDATES = 2


class Answer(NamedTuple):
    """An answer as the row holds it, not yet checked."""

    place: str
    value: object
    key: str | None = None
    generator: object = None
    generator_place: str = ""
    gold: object = None
    gold_place: str = ""


class Entrants(NamedTuple):
    """A tournament's candidates; `numbers` gives each answer's number, None for a dropped one."""

    candidates: tuple[Candidate, ...]
    numbers: tuple[int | None, ...]

    @property
    def dropped(self) -> int:
        """How many empty answers were left out."""
        return self.numbers.count(None)


def enter(answers: Sequence[Answer], empty: Empty, place: str) -> Entrants:
    """The candidates among `answers`; `place` is what the row calls all of them.

    An answer without a key is named by its generator if all answers have different generators,
    else by its place among the answers, from 0.
    """
    generators = [optional_text(answer.generator, answer.generator_place) for answer in answers]
    names = _names(answers, generators)
    candidates: list[Candidate] = []
    numbers: list[int | None] = []
    for answer, name, generator in zip(answers, names, generators, strict=True):
        said = answer_text(answer.value, answer.place, empty, len(answers))
        if said is None:
            numbers.append(None)
            continue
        numbers.append(len(candidates))
        gold = optional_score(answer.gold, answer.gold_place)
        candidates.append(Candidate(name, said, generator, gold))
    refuse_too_few(len(candidates), numbers.count(None), place)
    return Entrants(tuple(candidates), tuple(numbers))


def refuse_too_few(candidates: int, dropped: int, place: str, advice: str = "") -> None:
    """Raises Problem when the candidates are too few for a tournament."""
    if candidates >= FEWEST_CANDIDATES:
        return
    answers = "1 answer" if candidates else "no answers"
    left = f" and {dropped} empty" if dropped else ""
    reason = f"`{place}` has {answers}{left}; a ranking needs at least {FEWEST_CANDIDATES}{advice}"
    if candidates + dropped >= FEWEST_CANDIDATES:
        keeps = Option("empty", Empty.KEEP.value)
        reason = Message(f"{reason}; ", keeps, " makes candidates of empty ones too")
    raise Problem(reason)


def kept(pairs: Iterable[LabelledPair], numbers: Sequence[int | None]) -> tuple[LabelledPair, ...]:
    """The pairs of answers as pairs of candidates; a pair of a dropped answer is dropped too."""
    return tuple(
        LabelledPair(first, second, pair.label)  # type: ignore[arg-type]  # numbers of candidates
        for pair in pairs
        if (first := numbers[pair.first]) is not None
        and (second := numbers[pair.second]) is not None
    )


def answer_text(
    value: object, place: str, empty: Empty, among: int = FEWEST_CANDIDATES + 1
) -> str | None:
    """The text of one `among` so many answers; None for an empty one that is left out.

    An answer is empty when it is null, has no characters or only white space, also as chat
    messages. A missing answer is not empty.
    """
    if value is MISSING or not says_nothing(value):
        return prose(value, place)
    if empty is Empty.REFUSE:
        raise Problem(_refusal(value, place, among))
    return None if empty is Empty.DROP else unspoken(value)


def _refusal(value: object, place: str, among: int) -> str:
    """What to say about an empty answer; to leave one of two out would leave no tournament."""
    what = f"`{place}` is {'null' if is_absent(value) else 'empty'}; "
    keep = (Option("empty", Empty.KEEP.value), " makes a candidate of it")
    if among <= FEWEST_CANDIDATES:
        return Message(what, *keep)
    return Message(what, Option("empty", Empty.DROP.value), " leaves it out, ", *keep)


def whole(
    row: Row,
    key: str,
    number: int,
    prompt: str,
    entrants: Entrants,
    *,
    ids: Sequence[str] = ("id", "prompt_id"),
    subsets: Sequence[str] = ("subset",),
    pairs: Iterable[LabelledPair] = (),
) -> Parsed:
    """The tournament of a row; `key` names it unless it has one of the `ids`.

    `pairs` are pairs of answers, not yet of candidates.
    """
    name, subset = first_of(row, ids), first_of(row, subsets)
    tournament = Tournament(
        key=identifier(row.get(name), name) or key,
        prompt=prompt,
        candidates=entrants.candidates,
        line=number,
        reference=reference(row.get("reference")),
        criteria=criteria(row.get("criteria")),
        pairs=kept(pairs, entrants.numbers),
        subset=optional_text(row.get(subset), subset),
    )
    return Parsed(tournament, entrants.dropped)


def first_of(row: Row, names: Sequence[str]) -> str:
    """The first of the names that has a value in the row; else the first that is a key of it."""
    for name in names:
        if not is_absent(row.get(name)):
            return name
    return next((name for name in names if name in row), names[0])


def _names(answers: Sequence[Answer], generators: Sequence[str | None]) -> list[str]:
    by_generator = own_names(generators)
    return [
        answer.key or (generator if by_generator and generator else str(number))
        for number, (answer, generator) in enumerate(zip(answers, generators, strict=True))
    ]


def own_names(generators: Sequence[str | None]) -> bool:
    """Whether each answer can be named by its generator."""
    return len(set(generators)) == len(generators) and all(
        generator is not None and fits_identifier(generator) for generator in generators
    )
