r"""Makes texts safe before they stand in a prompt: no control token, no forged line, no verdict.

Tokenizers read the name of a control token in a text as that token: an answer could close its turn
and speak for the judge. A copied line of the prompt could begin a second answer. A judge could
quote a boxed verdict from an answer after its own verdict. All of these are searched for in the
folded text (see `folding`) and broken in the original text. Tokens, delimiters and boxes get a
space after their first character (`< |im_end|>`, `\ boxed{Assistant 1}`). Lines get a backslash
before them (`\### Assistant 2`). All other text stays the same, byte for byte.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from rrm_queue.judging.folding import Folded, fold
from rrm_queue.judging.forged_lines import forged_lines
from rrm_queue.judging.protected import Protected

_TOKENS = (
    r"<\|[^<>|\s]{1,80}\|>",  # ChatML, Llama 3, Phi, Harmony; DeepSeek's with full-width bars
    r"</?(?i:think(?:ing)?)\s{0,8}>",
    r"</?(?:s|bos|eos|pad|unk|sop|eop|(?:start|end)_of_turn|tool_call|tool_response)>",
    r"</?seed:\w{1,30}>",
    r"\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|THINK"
    r"|MODEL_SETTINGS|ARGS|g?MASK|sMASK)\]",
    r"\[\|[^\[\]|\s]{1,80}\|\]",  # EXAONE
    r"<</?SYS>>",
    r">>[A-Z]{4,20}<<",  # Falcon
    "\u25c1/?[a-z]{1,20}\u25b7",  # Kimi
    r"\][~!](?:b\]|[a-z]\[)",  # MiniMax
)
"""Control tokens of common models. They are searched for whichever model the judge is."""

_FIRST = "<>\\[\\]\u25c1"
"""The first characters of these tokens."""

_VERDICT = re.compile(
    r"\\boxed\s{0,8}\{(?=[^{}]{0,40}(?:\{[^{}]{0,40}){0,2}?assistant\W{0,8}\d)", re.I
)
"""The beginning of a box that holds a verdict, also one in \\text{} or a similar command."""


class _Names:
    """The names of control tokens and delimiters: the usual ones and those in `exact`."""

    def __init__(self, exact: frozenset[str]) -> None:
        forms = {form for name in exact for form in (name.strip(), fold(name).text.strip())}
        names = [name for name in sorted(forms, key=len, reverse=True) if len(name) > 1]
        first = {_FIRST, *(re.escape(name[0]) for name in names)}
        # A search for single characters is far faster than one for the names at every place.
        self._first = re.compile(f"[{''.join(sorted(first))}]")
        self._whole = re.compile("|".join([*_TOKENS, *map(re.escape, names)]))

    def places(self, text: str) -> Iterator[int]:
        """The places where names begin; names may overlap."""
        for found in self._first.finditer(text):
            if self._whole.match(text, found.start()):
                yield found.start()


_LONGEST_KEPT = 100_000
"""Characters; the results of longer texts are not kept, which bounds the memory."""


def sanitized(text: str, protected: Protected, control_tokens: frozenset[str] = frozenset()) -> str:
    """The text with everything broken that could pass for a part of the prompt or a verdict.

    `control_tokens` are the tokenizer's own; the usual ones are always searched for. A token of a
    single character cannot be broken and stays.
    """
    search = _kept if len(text) <= _LONGEST_KEPT else _sanitized
    return search(text, protected, control_tokens)


def _sanitized(text: str, protected: Protected, control_tokens: frozenset[str]) -> str:
    names = _names(control_tokens | protected.delimiters)
    while True:  # nearly always once: only a name that holds a space can arise from a break
        broken = _broken(text, protected, names)
        if broken == text:
            return text
        text = broken


# A text stands in many prompts of its tournament, one soon after the other.
_kept = lru_cache(maxsize=256)(_sanitized)


def _broken(text: str, protected: Protected, names: _Names) -> str:
    seen = fold(text)
    breaks = dict(_breaks(seen, protected, names))
    if not text.isascii():  # a name may itself hold look-alikes
        breaks |= {at + 1: " " for at in names.places(text)}
    if not breaks:
        return text
    places = sorted(breaks)
    ends = [*places, len(text)]
    parts = [breaks[at] + text[at:end] for at, end in zip(places, ends[1:], strict=True)]
    return text[: places[0]] + "".join(parts)


def _breaks(seen: Folded, protected: Protected, names: _Names) -> Iterator[tuple[int, str]]:
    """Places in the original text and the character to insert at each."""
    for at in forged_lines(seen.text, protected):
        yield seen.origins[at], "\\"
    for at in names.places(seen.text):
        yield seen.origins[at] + 1, " "
    for box in _VERDICT.finditer(seen.text):
        yield seen.origins[box.start()] + 1, " "


@lru_cache(maxsize=64)
def _names(exact: frozenset[str]) -> _Names:
    return _Names(exact)
