"""What a job will cost before it runs: votes, prompt tokens and hours, by arithmetic alone."""

from collections import defaultdict
from dataclasses import dataclass
from math import exp, lgamma, log

from rrm_queue.domain import JudgeSpec, Launch, Order, Seeding, Tournament, Voting
from rrm_queue.judging.kinds import kind_of
from rrm_queue.judging.prompt import messages
from rrm_queue.judging.voting import Tally, needed
from rrm_queue.strategies import named

AGREEMENT = 0.8
"""How often a vote sides with its match's leaning, where nobody says otherwise."""

CHARACTERS = 4.0
"""Characters of English that make a token, roughly; of code fewer do, of Chinese one and a half."""

NEGLIGIBLE = 1e-12
"""Chances below this are left out."""


@dataclass(frozen=True, slots=True)
class PromptShape:
    """A judge's prompt without its texts, in tokens: before the query, and all the rest."""

    head: float = 0.0
    tail: float = 0.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """Prompt tokens of all votes, and how many of them an engine can take from its cache."""

    prompt: float = 0.0
    shareable: float = 0.0

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(self.prompt + other.prompt, self.shareable + other.shareable)


@dataclass(frozen=True, slots=True)
class Rate:
    """Votes a second, on how many GPUs if that is known, and where the figure is from."""

    votes_per_second: float
    gpus: int | None
    source: str


PUBLISHED = {
    "rrm-7b": Rate(5.15, 2, "published for RRM-7B on what seem to be two GPUs"),
    "rrm-32b": Rate(1.53, 2, "published for RRM-32B on what seem to be two GPUs"),
}
"""From the metrics released with arXiv 2505.14674; your GPUs will differ."""


def expected_votes(voting: Voting, agreement: float = AGREEMENT) -> float:
    """The votes that a match launches on average; each sides with its leaning by `agreement`.

    Exact for votes that are independent and all have a verdict: the chances of every tally that
    the waves of the stop rule can reach. With `Launch.ALL` all are launched, whatever comes of
    those that are aborted.
    """
    if voting.launch is Launch.ALL:
        return float(voting.votes)
    reached: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    reached[0][0] = 1.0
    expected = 0.0
    for cast in range(voting.votes):
        for first, chance in reached.pop(cast, {}).items():
            wave = needed(Tally(first, cast - first, cast), voting)
            expected += chance * wave
            for more in range(wave + 1):
                likely = chance * _binomial(more, wave, agreement)
                if wave and likely > NEGLIGIBLE:
                    reached[cast + wave][first + more] += likely
    return expected


def prompt_tokens(
    query: float,
    answers: float,
    size: int,
    matches: int,
    votes: float,
    shape: PromptShape,
    order: Order,
) -> Tokens:
    """The prompt tokens of a tournament of `size` answers, `answers` tokens in all.

    `votes` are those of a match. Which answers meet is not known, so each is taken for as long as
    the average; where all meet equally often that is exact. What can be shared is the bound of the
    prefix cache: of m distinct prompts all but one share head and query, all but the first with
    the same answer in slot 1 share that answer, and a prompt that is sent again shares all but its
    last token. Slot 1 is taken for evenly filled, as the orientation does: if winners come back to
    it, as in a knockout, some more can be shared.
    """
    if not matches or size < 2:
        return Tokens()
    mean = answers / size
    length = shape.head + query + 2 * mean + shape.tail
    total = matches * votes
    distinct = matches * (1.0 if order is Order.FIXED else min(2.0, votes))
    first = (distinct - 1) * (shape.head + query) + max(distinct - size, 0.0) * mean
    again = (total - distinct) * max(length - 1, 0.0)
    return Tokens(total * length, first + again)


class Scale:
    """Weighs a job tournament by tournament, as its file is read."""

    def __init__(
        self,
        strategy: str,
        seeding: Seeding,
        spec: JudgeSpec,
        voting: Voting,
        agreement: float = AGREEMENT,
    ) -> None:
        self.tournaments = self.candidates = self.matches = 0
        self.tokens = Tokens()
        self._strategy, self._seeding, self._voting = strategy, seeding, voting
        self._each = expected_votes(voting, agreement)
        self._shape = prompt_shape(spec)

    @property
    def votes(self) -> float:
        """The votes to expect."""
        return self.matches * self._each

    @property
    def most_votes(self) -> int:
        """The votes that there can be at most."""
        return self.matches * self._voting.votes

    def add(self, tournament: Tournament) -> None:
        """Adds a tournament; the strategy's matches are those that it takes at most."""
        pairs = [(pair.first, pair.second) for pair in tournament.pairs]
        size = len(tournament.candidates)
        matches = named(self._strategy, seeding=self._seeding, pairs=pairs).matches(size)
        self.tournaments += 1
        self.candidates += size
        self.matches += matches
        if self._shape is not None:
            self.tokens += prompt_tokens(
                _tokens(tournament.prompt),
                sum(_tokens(candidate.text) for candidate in tournament.candidates),
                size,
                matches,
                self._each,
                self._shape,
                self._voting.order,
            )


def prompt_shape(spec: JudgeSpec) -> PromptShape | None:
    """How long the judge's prompt is without its texts; None for a judge that reads no prompt.

    What a chat template adds, some ten tokens, is left out.
    """
    if not kind_of(spec).writes:
        return None
    mark = "QUERY"
    chat = "".join(m["content"] for m in messages(spec, mark, "", "").messages)
    head, _, tail = chat.rpartition(mark)
    return PromptShape(_tokens(head), _tokens(tail))


def hours(votes: float, rate: Rate) -> float:
    """How long the votes take at this rate."""
    return votes / rate.votes_per_second / 3600


def _tokens(text: str) -> float:
    return len(text) / CHARACTERS


def _binomial(successes: int, trials: int, chance: float) -> float:
    """The chance of so many successes; by logarithms, as the factors overflow."""
    if chance in (0.0, 1.0):
        return float(successes == (trials if chance else 0))
    failures = trials - successes
    ways = lgamma(trials + 1) - lgamma(successes + 1) - lgamma(failures + 1)
    return exp(ways + successes * log(chance) + failures * log(1 - chance))
