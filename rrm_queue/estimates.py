"""What a job will cost, before it runs: votes, prompt tokens and hours, by arithmetic only."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, log

from rrm_queue.domain import JudgeSpec, Launch, Order, Seeding, Tournament, Voting
from rrm_queue.domain.jury import alone, members
from rrm_queue.judging.kinds import kind_of
from rrm_queue.judging.prompt import messages
from rrm_queue.judging.voting import Tally, needed
from rrm_queue.strategies import judges_own_pairs, named, stops_early

AGREEMENT = 0.8
"""How often a vote agrees with the answer that its match favours, by default."""

CHARACTERS = 4.0
"""Characters in a token of English, roughly; fewer for code, about 1.5 for Chinese."""

NEGLIGIBLE = 1e-12
"""Probabilities below this are ignored."""


@dataclass(frozen=True, slots=True)
class PromptShape:
    """Tokens of a judge's prompt without its texts: before the query, and all the rest."""

    head: float = 0.0
    tail: float = 0.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """Prompt tokens of all votes, and how many of them an engine can find in its cache."""

    prompt: float = 0.0
    shareable: float = 0.0

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(self.prompt + other.prompt, self.shareable + other.shareable)


@dataclass(frozen=True, slots=True)
class Rate:
    """Votes a second, the number of GPUs if it is known, and the source of the figure."""

    votes_per_second: float
    gpus: int | None
    source: str


PUBLISHED = {
    "rrm-7b": Rate(5.15, 2, "published for RRM-7B, apparently on two GPUs"),
    "rrm-32b": Rate(1.53, 2, "published for RRM-32B, apparently on two GPUs"),
}
"""From the metrics released with arXiv 2505.14674; your GPUs will differ."""


def expected_votes(voting: Voting, agreement: float = AGREEMENT) -> float:
    """The votes that a match starts on average; each favours the same answer with `agreement`.

    Exact for independent votes that all have a verdict: it sums over every tally that the waves of
    the stop rule can reach. With `Launch.ALL` all votes are started, also those aborted later.
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
    matches: float,
    votes: float,
    shape: PromptShape,
    order: Order,
) -> Tokens:
    """The prompt tokens of a tournament of `size` answers, `answers` tokens in all.

    `votes` is for one match. It is not known which answers meet, so each counts as long as the
    average; that is exact where all meet equally often. The shareable tokens are the bound of the
    prefix cache: of m distinct prompts all but one share head and query; all but the first with
    the same answer in slot 1 share that answer; a prompt that is sent again shares all but its
    last token. Answers are assumed to be in slot 1 equally often, as the orientation does. Where
    winners return to it, as in a knockout, more can be shared.
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
    """Adds up what a job needs, tournament by tournament, as its file is read."""

    def __init__(
        self,
        strategy: str,
        seeding: Seeding,
        spec: JudgeSpec,
        voting: Voting,
        agreement: float = AGREEMENT,
    ) -> None:
        self.tournaments = self.candidates = self.matches = 0
        self.equal = 0.0
        """Expected matches between two answers with the same text: nobody is asked."""
        self.tokens = Tokens()
        self._strategy, self._seeding, self._voting = strategy, seeding, voting
        self._each = expected_votes(alone(voting), agreement)
        self._shapes = [prompt_shape(judge) for judge in members(spec)]

    @property
    def stops_early(self) -> bool:
        """Whether the figures are for the whole budget of a strategy that may need less."""
        return stops_early(self._strategy)

    @property
    def votes(self) -> float:
        """The expected number of votes."""
        return (self.matches - self.equal) * self._each * self._voting.judges

    @property
    def most_votes(self) -> int:
        """The largest possible number of votes."""
        return self.matches * self._voting.votes

    def add(self, tournament: Tournament) -> None:
        """Adds a tournament, with the most matches that the strategy can need."""
        pairs = [(pair.first, pair.second) for pair in tournament.pairs]
        size = len(tournament.candidates)
        matches = named(self._strategy, seeding=self._seeding, pairs=pairs).matches(size)
        self.tournaments += 1
        self.candidates += size
        self.matches += matches
        own = pairs if judges_own_pairs(self._strategy) else []
        equal = _equal_matches(tournament, own, matches)
        self.equal += equal
        for shape in filter(None, self._shapes):
            self.tokens += prompt_tokens(
                _tokens(tournament.prompt),
                sum(_tokens(candidate.text) for candidate in tournament.candidates),
                size,
                matches - equal,
                self._each,
                shape,
                self._voting.order,
            )


def _equal_matches(tournament: Tournament, pairs: Sequence[tuple[int, int]], matches: int) -> float:
    """How many of the matches are expected to be between two answers with the same text.

    `pairs` are those that the job judges, where the file names them. Exact there, and where all
    answers meet.
    """
    texts = [candidate.text for candidate in tournament.candidates]
    if pairs:
        return float(sum(texts[first] == texts[second] for first, second in pairs))
    size = len(texts)
    same = sum(count * (count - 1) for count in Counter(texts).values())
    return matches * same / (size * (size - 1)) if same else 0.0


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
    """The binomial probability of so many successes; in logarithms, as the factors overflow."""
    if chance in (0.0, 1.0):
        return float(successes == (trials if chance else 0))
    failures = trials - successes
    ways = lgamma(trials + 1) - lgamma(successes + 1) - lgamma(failures + 1)
    return exp(ways + successes * log(chance) + failures * log(1 - chance))
