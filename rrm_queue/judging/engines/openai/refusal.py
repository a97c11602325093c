"""What an endpoint says is wrong with a request's parameters: pure, from its status and body.

The words are those of OpenAI (o-series and gpt-5 too), Azure, Anthropic behind a gateway, Mistral,
DeepSeek, Together, TGI, OpenRouter, vLLM, SGLang and llama.cpp.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from rrm_queue.judging.engines.http_errors import decoded

BUDGETS = ("max_tokens", "max_completion_tokens")
"""The two names of the most tokens that an answer may have."""

PARAMETERS = (*BUDGETS, "temperature", "top_p", "seed")
"""What an endpoint may refuse and rrmq may leave out; a user's own fields are never changed."""

_STATUSES = {400, 413, 416, 422}
_LONGEST = 4000  # characters of an error that are read

_UNWANTED = re.compile(
    r"unsupported|(not|n't) (be )?(support|permit|allow|accept|recogni|expect)|does not accept"
    r"|unknown|unrecogni|unexpected|extra[ _](inputs?|fields?|forbidden)|forbidden|only the default"
    r"|only 1 is allowed|deprecated|cannot both|both .*specified|only one|mutually exclusive"
    r"|additional propert|invalid (parameter|field|argument)|not a valid|no longer|incompatible"
    r"|not available|not compatible|remove (the|this)"
)
_BOTH = re.compile(r"cannot both|\bboth\b|only one|mutually exclusive|either")
_CLAUSE = re.compile(r"[;\n]|\.\s|supported (parameters|values|fields)|\buse\b.*\binstead\b")
_SIZE = re.compile(
    r"too (large|big|high|long)|exceed|at most|less than|maximum|\bmax\b|range|limit|<=|≤|\d >"
)
_CONTEXT = re.compile(r"context (length|window|size|limit)|max_model_len|total tokens|`inputs` tok")
_CONTEXT_SIZE = (
    re.compile(
        r"(?:context (?:length|window|size|limit)|max_model_len)(?: (?:is|of|was))?"
        r"(?: only)?[ :=(]+(\d+)"
    ),
    re.compile(r"must be (?:<=|≤) ?(\d+)"),
)
_PROMPT = re.compile(
    r"(\d+) (?:in (?:the|your) (?:messages|prompt|input)|of (?:text|tool) input)"
    r"|(\d+) (?:input tokens|tokens from the input|`inputs` tokens|tokens in (?:the|your) prompt)"
    r"|(?:messages|prompt|input) (?:resulted in|has|contains|is) (\d+) tokens|(\d+) in your prompt"
)
_AT_LEAST = re.compile(r"at least (\d+) input tokens")
_BUDGET_WORDS = re.compile(r"max_(completion_|new_|output_)?tokens|(output|completion) tokens")
_PLACES = ("error", "message", "detail", "details", "msg", "metadata", "raw")
"""Where errors have their texts. OpenRouter puts its provider's error into `metadata.raw`."""

_NUMBER = re.compile(r"(?<![\w.-])\d+(?![\w-]|\.\d)")


class Refusal(NamedTuple):
    """What is wrong: parameters that are not taken, or a number of tokens that is too large.

    `renamed`: `max_completion_tokens` is wanted for `max_tokens`. `most_tokens` is the most that an
    answer may have, `context` the most of prompt and answer together, `prompt_tokens` what the
    prompt has (`at_least` so many where the endpoint did not count on); 0 where it does not say.
    """

    unwanted: frozenset[str] = frozenset()
    renamed: bool = False
    most_tokens: int = 0
    context: int = 0
    prompt_tokens: int = 0
    at_least: bool = False


def refusal_of(status: int, body: bytes, sent: Mapping[str, Any]) -> Refusal | None:
    """What the answer says of the parameters of the body that was `sent`; None if nothing."""
    if status not in _STATUSES:
        return None
    complaints = list(_complaints(decoded(body)))
    words = "\n".join(complaint.text for complaint in complaints if complaint.text)
    words = (words or body.decode("utf-8", "replace"))[:_LONGEST].lower()
    words = re.sub(r"(?<=\d),(?=\d{3})", "", words)
    ours = {name: value for name, value in sent.items() if name in PARAMETERS}
    named = {complaint.parameter for complaint in complaints} & ours.keys()
    return _context(words) or _too_many(words, named, ours) or _unwanted(words, named, ours)


def _context(words: str) -> Refusal | None:
    """Prompt and answer together are too long."""
    found = next(filter(None, (size.search(words) for size in _CONTEXT_SIZE)), None)
    if found is None or not _CONTEXT.search(words):
        return None
    if bound := _AT_LEAST.search(words):
        return Refusal(context=int(found[1]), prompt_tokens=int(bound[1]), at_least=True)
    counts = [int(next(filter(None, match.groups()))) for match in _PROMPT.finditer(words)]
    together = sum if "of text input" in words else max
    return Refusal(context=int(found[1]), prompt_tokens=together(counts) if counts else 0)


def _too_many(words: str, named: set[str], sent: Mapping[str, Any]) -> Refusal | None:
    """An answer may not have so many tokens; half as many are tried where no limit is named."""
    budget = next((sent[name] for name in BUDGETS if name in sent), None)
    about = named.intersection(BUDGETS) or _BUDGET_WORDS.search(words)
    if not about or budget is None or _UNWANTED.search(words) or not _SIZE.search(words):
        return None
    limits = [int(number) for number in _NUMBER.findall(words) if 1 < int(number) < budget]
    return Refusal(most_tokens=max(limits, default=budget // 2))


def _unwanted(words: str, named: set[str], sent: Mapping[str, Any]) -> Refusal | None:
    """Parameters that are not taken, or not beside each other."""
    refused = named or _complained_of(words, sent)
    if not _UNWANTED.search(words):  # a value out of range is the user's own, but for these
        refused = {name for name in refused if name == "seed" or (name, sent[name]) == ("top_p", 1)}
    if {"temperature", "top_p"} <= refused | _mentioned(words, sent) and _BOTH.search(words):
        refused = refused - {"temperature"} | {"top_p"}
    renamed = "max_tokens" in refused
    if renamed:
        refused.remove("max_tokens")
    return Refusal(frozenset(refused), renamed=renamed) if refused or renamed else None


def _complained_of(words: str, sent: Collection[str]) -> set[str]:
    """The parameters that stand in the same clause as the complaint; else all that are named."""
    clauses = [clause for clause in _CLAUSE.split(words) if clause and _UNWANTED.search(clause)]
    near = set().union(*(_mentioned(clause, sent) for clause in clauses))
    return near or _mentioned(words, sent)


def _mentioned(words: str, names: Collection[str]) -> set[str]:
    """The parameters among `names` that the words mention."""
    return {name for name in names if re.search(rf"\b{name}\b", words)}


class _Complaint(NamedTuple):
    """A text of an error, and the parameter that it names in a field of its own."""

    text: str
    parameter: str = ""


def _complaints(said: Any) -> Iterator[_Complaint]:
    """All complaints in an error, without what it repeats of the request."""
    if isinstance(said, str):
        inner = decoded(said.encode("utf-8", "replace")) if said.lstrip().startswith("{") else None
        yield from [_Complaint(said)] if inner is None else _complaints(inner)
    elif isinstance(said, list):
        for part in said:
            yield from _complaints(part)
    elif isinstance(said, dict):
        yield from _of_object(said)


def _of_object(said: Mapping[str, Any]) -> Iterator[_Complaint]:
    """The complaints in an error's object; one of pydantic's has a place, `loc`."""
    place = said.get("loc")
    if isinstance(place, list) and place:
        text = f"{place[-1]}: {said.get('msg', '')} ({said.get('type', '')})"
        yield _Complaint(text, str(place[-1]))
        return
    if isinstance(said.get("param"), str):
        yield from (_Complaint("", name) for name in re.split("[, ]+", said["param"]))
    if "n_ctx" in said:
        text = f"context size is {said['n_ctx']}, {said.get('n_prompt_tokens', 0)} input tokens"
        yield _Complaint(text)
    for key in _PLACES:
        yield from _complaints(said.get(key))
