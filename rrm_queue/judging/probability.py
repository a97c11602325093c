"""How sure a judge was: the probability of the answer shown first, from its tokens' logprobs.

Taken in the last mark that gives the verdict, at the first token that another of the likeliest
tokens would have turned into a verdict for the other answer: p(first) / (p(first) + p(second)).
"""

from collections.abc import Callable, Sequence
from itertools import accumulate
from math import exp
from typing import NamedTuple

from rrm_queue.domain import JudgeSpec, Verdict
from rrm_queue.judging.dialects import ParsedVerdict, find_dialect
from rrm_queue.judging.dialects.thinking import answer_of
from rrm_queue.judging.kinds import dialect_of

TOP_LOGPROBS = 5
"""The likeliest tokens that an endpoint is asked for at each place: the most that all of them give.
"""

REACH = 200
"""The tokens of an answer, from its end, among which the verdict's token is looked for."""


class Token(NamedTuple):
    """A token of a text; `top` are the likeliest tokens at its place with their logprobs.

    The token itself is one of them.
    """

    text: str
    top: Sequence[tuple[str, float]]

    @classmethod
    def of(cls, text: str, logprob: float, top: Sequence[tuple[str, float]]) -> "Token":
        """The token; an endpoint may leave a written token out of the likeliest ones."""
        known = any(other == text for other, _ in top)
        return cls(text, top if known else [*top, (text, logprob)])


def sureness(judge: JudgeSpec, tokens: Sequence[Token], text: str) -> float | None:
    """The probability, in the judge's text, of the answer shown first; see `probability_of_first`.

    None in a dialect whose verdict takes several tokens, such as two scores: no single token's
    logprobs say how sure the judge was.
    """
    dialect = find_dialect(dialect_of(judge))
    answer = answer_of(text, finished=True, thinks=False)
    if answer is None or not dialect.one_token:
        return None
    return probability_of_first(tokens, answer.strip(), dialect.read)


def probability_of_first(
    tokens: Sequence[Token], answer: str, read: Callable[[str], ParsedVerdict]
) -> float | None:
    """The probability, 0 to 1, that the judge gave the answer shown first.

    `answer` is the judge's text without its reasoning, `tokens` those of the whole text, `read`
    what a verdict is read with. None where it cannot be told: the tokens do not make up the answer,
    a verdict for one of the two answers is not among the likeliest tokens, or the verdict is a
    grade, which takes several tokens.
    """
    said = read(answer)
    if said.verdict is Verdict.NONE or said.margin:
        return None
    mark = _last_mark(_tokens_of(answer, tokens), said, read)
    texts = [token.text for token in mark]
    for place, token in enumerate(mark):
        around = "".join(texts[:place]), "".join(texts[place + 1 :])
        found = _share(token, around, read)
        if found is not None:
            return found
    return None


def _tokens_of(answer: str, tokens: Sequence[Token]) -> list[Token]:
    """The tokens that the answer is made of; none where they do not make it up."""
    written = "".join(token.text for token in tokens)
    begin = written.rfind(answer)
    ends = list(accumulate(len(token.text) for token in tokens))
    return [
        token
        for token, end in zip(tokens, ends, strict=True)
        if 0 <= begin < end and end - len(token.text) < begin + len(answer)
    ]


def _last_mark(
    tokens: Sequence[Token], said: ParsedVerdict, read: Callable[[str], ParsedVerdict]
) -> Sequence[Token]:
    """The fewest last tokens that give the verdict by themselves: no earlier mark is among them."""
    ending = ""
    for place in range(len(tokens) - 1, max(-1, len(tokens) - 1 - REACH), -1):
        ending = tokens[place].text + ending
        if read(ending) == said:
            return tokens[place:]
    return []


def _share(
    token: Token, around: tuple[str, str], read: Callable[[str], ParsedVerdict]
) -> float | None:
    """The share of `first` among the token's alternatives that give a verdict for one answer."""
    weights = {Verdict.FIRST: 0.0, Verdict.SECOND: 0.0}
    for text, logprob in token.top:
        verdict = read(text.join(around)).verdict
        if verdict in weights:
            weights[verdict] += exp(min(logprob, 0.0))
    first, second = weights.values()
    return first / (first + second) if first and second else None
