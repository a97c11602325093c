"""What a chat completion says, in whatever form an endpoint sends it; pure.

Forms seen: content as a text or as a list of parts (Mistral, Anthropic behind a gateway), reasoning
apart as `reasoning_content` (DeepSeek, SGLang, older vLLM), `reasoning` (OpenRouter, newer vLLM) or
`reasoning_details`, a choice that holds an error (OpenRouter), a refusal (OpenAI), half a surrogate
pair, bytes that are no UTF-8.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

_CUT = {"length", "max_tokens", "model_length", "max_output_tokens"}
_FILTERED = {
    "content_filter",
    "content_filtered",
    "safety",
    "recitation",
    "prohibited_content",
    "blocklist",
    "spii",
    "sensitive",
    "guardrail_intervened",
}
_REFUSED = {"refusal"}
_THINKING = ("thinking", "reasoning")


@dataclass(slots=True)
class Texts:
    """What a message holds, by kind."""

    answer: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)

    def add(self, value: object, where: list[str]) -> None:
        """Adds the text in a value: a text, a part, or a list of parts."""
        if isinstance(value, str):
            where.append(value)
        elif isinstance(value, list):
            for part in value:
                self.add(part, where)
        elif isinstance(value, dict):
            self._add_part(value, where)

    def _add_part(self, part: Mapping[str, Any], where: list[str]) -> None:
        kind = str(part.get("type", "")).lower()
        if any(word in kind for word in _THINKING):
            where = self.reasoning
        elif kind == "refusal":
            where = self.refusal
        for key in ("text", "content", "thinking", "reasoning", "summary", "refusal"):
            if part.get(key):
                self.add(part[key], where)
                return


@dataclass(frozen=True, slots=True)
class Completion:
    """One completion; `error` is what the choice holds in place of an answer."""

    answer: str
    reasoning: str
    refusal: str
    finish: str
    error: object
    model: str
    usage: Mapping[str, Any]
    logprobs: object

    @property
    def cut(self) -> bool:
        """Whether the budget ended the answer."""
        return self.finish in _CUT

    @property
    def filtered(self) -> bool:
        """Whether a content filter ended the answer."""
        return self.finish in _FILTERED

    @property
    def refused(self) -> bool:
        """Whether the judge said that it will not answer."""
        return self.finish in _REFUSED or bool(self.refusal.strip() and not self.answer.strip())


def completion_of(said: object) -> Completion | None:
    """The first choice of a decoded body; None when there is none."""
    choices = said.get("choices") if isinstance(said, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(said, dict) or not isinstance(choice, dict):
        return None
    message = choice.get("message")
    error = choice.get("error") or _fields(message).get("error")
    finish = str(choice.get("finish_reason") or "").lower()
    if message is None and not error and "text" not in choice:
        return None
    texts = _texts(message if message is not None else {"content": choice.get("text")})
    return Completion(
        answer="".join(texts.answer),
        reasoning="\n".join(texts.reasoning),
        refusal="".join(texts.refusal),
        finish=finish,
        error=error or ("the choice ended in an error" if finish == "error" else None),
        model=said["model"] if isinstance(said.get("model"), str) else "",
        usage=_fields(said.get("usage")),
        logprobs=choice.get("logprobs"),
    )


def decoded_leniently(body: bytes) -> Any:
    """The JSON value in the body; None when there is none.

    Half a surrogate pair, infinite numbers and bytes that are no UTF-8 do not cost the rest.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # the standard library reads what msgspec is too strict for
    try:
        return json.loads(body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None


def cached_tokens(usage: Mapping[str, Any]) -> object:
    """The prompt's tokens that were in a cache, under the names that endpoints have for them."""
    details = _fields(usage.get("prompt_tokens_details"))
    return details.get("cached_tokens") or usage.get("prompt_cache_hit_tokens")


def _texts(message: object) -> Texts:
    texts = Texts()
    fields = _fields(message)
    texts.add(fields.get("content"), texts.answer)
    if isinstance(message, str):
        texts.add(message, texts.answer)
    reasoning = next(
        filter(None, map(fields.get, ("reasoning_content", "reasoning", "reasoning_details"))), None
    )
    texts.add(reasoning, texts.reasoning)
    texts.add(fields.get("refusal"), texts.refusal)
    return texts


def _fields(value: object) -> Mapping[str, Any]:
    """An object's fields; none of what is no object: figures must not cost the answer."""
    return value if isinstance(value, dict) else {}
