"""How requests are changed for an endpoint that refuses some of their parameters.

What was refused is learned from the refusal, and kept once a request without it got through.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from rrm_queue.judging.engines.openai.refusal import BUDGETS, Refusal, refusal_of
from rrm_queue.text import listed

LEAST_ROOM = 128
"""Tokens that must remain for an answer, unless its own budget is smaller."""

_SPARE_SHARE, _SPARE = 1.02, 8
"""What is added to a prompt's estimated tokens."""

_GUESS = 0.35
"""Tokens a character, until a prompt was counted; English has about 0.25."""

_MORE = 2


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What one endpoint does not take; see `Refusal` for the numbers."""

    left_out: frozenset[str] = frozenset()
    renamed: bool = False
    most_tokens: int = 0
    context: int = 0

    def with_refusal(self, refusal: Refusal) -> "Adaptation":
        """The adaptation after one more refusal."""
        left_out = self.left_out | refusal.unwanted
        if left_out & set(BUDGETS):
            left_out |= set(BUDGETS)
        return Adaptation(
            left_out,
            self.renamed or refusal.renamed,
            refusal.most_tokens or self.most_tokens,
            refusal.context or self.context,
        )

    def sentences(self) -> list[str]:
        """What is done, one sentence each."""
        said = []
        if self.left_out:
            names = sorted(self.left_out - {BUDGETS[1]})
            is_, it = ("is", "it") if len(names) == 1 else ("are", "them")
            said.append(f"{listed(names)} {is_} not sent, because the endpoint refuses {it}")
        if self.renamed and not self.left_out & set(BUDGETS):
            said.append("max_completion_tokens is sent in place of max_tokens")
        if self.most_tokens:
            said.append(f"an answer may have at most {self.most_tokens:,} tokens here")
        if self.context:
            said.append(f"answers have what the prompt leaves of {self.context:,} tokens")
        return said


class AdaptedEndpoint:
    """One model at one address: what it refuses, and how long its prompts are in tokens."""

    def __init__(self) -> None:
        self._proven = self._now = Adaptation()
        self._tokens_a_character = 0.0
        self._guess = 0.0

    def applied(self, payload: Mapping[str, Any], own: frozenset[str]) -> dict[str, Any]:
        """The body to send for `payload`; `own` are the fields that a user added."""
        known = self._now
        body = {k: v for k, v in payload.items() if k in own or k not in known.left_out}
        if BUDGETS[0] in body and BUDGETS[0] not in own:
            budget = self._fitting(body.pop(BUDGETS[0]), _characters(payload))
            body[BUDGETS[1] if known.renamed else BUDGETS[0]] = budget
        return body

    def learn(self, status: int, answer: bytes, sent: dict[str, Any], own: frozenset[str]) -> None:
        """Takes note of a refused request, if the refusal is about parameters of ours."""
        ours = {name: value for name, value in sent.items() if name not in own}
        refusal = refusal_of(status, answer, ours)
        if refusal is None:
            return
        characters = _characters(sent)
        if refusal.context:
            if self._leaves_no_room(refusal, sent):
                return
            self._measure(refusal, characters)
        self._now = self._now.with_refusal(refusal)

    def answered(self, sent: Mapping[str, Any], prompt_tokens: int) -> list[str]:
        """Takes note of a good answer; what to tell of the adaptation, when it is new."""
        self._measured(prompt_tokens, _characters(sent))
        if self._now == self._proven:
            return []
        self._proven = self._now
        return self._proven.sentences()

    def forget_unproven(self) -> None:
        """After a request that no adaptation helped: keeps only what has helped before."""
        self._now = self._proven

    def _fitting(self, budget: int, characters: int) -> int:
        """The budget of an answer, within what the endpoint and its context allow."""
        known = self._now
        if known.most_tokens:
            budget = min(budget, known.most_tokens)
        if known.context:
            rate = self._tokens_a_character or self._guess or _GUESS
            prompt = ceil(characters * rate * _SPARE_SHARE) + _SPARE
            budget = min(budget, max(known.context - prompt, LEAST_ROOM))
        return budget

    def _leaves_no_room(self, refusal: Refusal, sent: Mapping[str, Any]) -> bool:
        """Whether the prompt itself is too long."""
        budget = next((sent[name] for name in BUDGETS if name in sent), LEAST_ROOM)
        return refusal.context - refusal.prompt_tokens < min(budget, LEAST_ROOM)

    def _measure(self, refusal: Refusal, characters: int) -> None:
        if refusal.prompt_tokens and not refusal.at_least:
            self._measured(refusal.prompt_tokens, characters)
            return
        rate = self._tokens_a_character or self._guess
        least = refusal.prompt_tokens / max(1, characters)
        self._guess = max(least, rate * _MORE if rate else _GUESS)
        self._tokens_a_character = 0.0

    def _measured(self, tokens: int, characters: int) -> None:
        """The largest rate counts: an answer that is cut short is better than a refused request."""
        self._tokens_a_character = max(self._tokens_a_character, tokens / max(1, characters))


def _characters(body: Mapping[str, Any]) -> int:
    return sum(len(message["content"]) for message in body["messages"])
