"""What a format is, and what every format's rows become.

A `Whole` format has a whole tournament in each row. A `Parts` format has one candidate in each row;
`rrm_queue.intake.group_rows` joins the rows of a tournament.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from rrm_queue.domain import Candidate, LabelledPair, Tournament
from rrm_queue.errors import Problem
from rrm_queue.intake.formats.fields import (
    MISSING,
    Row,
    fits_identifier,
    optional_score,
    optional_text,
)
from rrm_queue.intake.formats.messages import prose, says_nothing, unspoken

FEWEST_CANDIDATES = 2


class Empty(StrEnum):
    """What happens to an empty answer.

    `refuse`: the file is refused. `drop`: the answer is left out. `keep`: it is a candidate.
    """

    REFUSE = "refuse"
    DROP = "drop"
    KEEP = "keep"


class Parsed(NamedTuple):
    """A row's tournament, and how many empty answers were left out of it."""

    tournament: Tournament
    dropped: int = 0


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


class Part(NamedTuple):
    """One candidate's row of a tournament that is spread over several.

    `group` tells tournaments apart. `row_id` names the tournament or the candidate: only all rows
    of the tournament together show which. `text` is None for an empty answer that is left out.
    """

    group: str
    key: str | None
    row_id: str | None
    prompt: str
    candidate: str | None
    text: str | None
    generator: str | None
    reference: str | None
    subset: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A kind of row: its name for `--format`, its title for people, and how to recognise it.

    `keys` are all keys that it reads. The values of `lists` are lists; a CSV file writes them as
    JSON. For the keys in `optional`, an empty cell of a CSV file means that there is no value.
    """

    name: str
    title: str
    keys: frozenset[str]
    recognise: Callable[[Row], bool]
    lists: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Format):
    """A format with a tournament in each row."""

    parse: Callable[[Row, str, int, Empty], Parsed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts(Format):
    """A format with a candidate in each row."""

    parse: Callable[[Row, Empty], Part]


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
        said = answer_text(answer.value, answer.place, empty)
        if said is None:
            numbers.append(None)
            continue
        numbers.append(len(candidates))
        gold = optional_score(answer.gold, answer.gold_place)
        candidates.append(Candidate(name, said, generator, gold))
    refuse_too_few(len(candidates), numbers.count(None), place)
    return Entrants(tuple(candidates), tuple(numbers))


def refuse_too_few(candidates: int, dropped: int, place: str) -> None:
    """Raises Problem when the candidates are too few for a tournament."""
    if candidates >= FEWEST_CANDIDATES:
        return
    answers = "1 answer" if candidates else "no answers"
    left = f" and {dropped} empty" if dropped else ""
    raise Problem(f"`{place}` has {answers}{left}; a ranking needs at least {FEWEST_CANDIDATES}")


def kept(pairs: Iterable[LabelledPair], numbers: Sequence[int | None]) -> tuple[LabelledPair, ...]:
    """The pairs of answers as pairs of candidates; a pair of a dropped answer is dropped too."""
    return tuple(
        LabelledPair(first, second, pair.label)  # type: ignore[arg-type]  # numbers of candidates
        for pair in pairs
        if (first := numbers[pair.first]) is not None
        and (second := numbers[pair.second]) is not None
    )


def answer_text(value: object, place: str, empty: Empty) -> str | None:
    """The text of an answer; None for an empty one that is left out.

    An answer is empty when it is null, has no characters or only white space, also as chat
    messages. A missing answer is not empty.
    """
    if empty is Empty.REFUSE or value is MISSING or not says_nothing(value):
        return prose(value, place)
    return None if empty is Empty.DROP else unspoken(value)


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
