r"""Makes texts safe before they stand in a prompt: no control token, no forged line, no verdict.

Tokenizers read the name of a control token in a text as that token, so an answer could close its
turn and speak for the judge. A line of the prompt's own could begin a second answer. A boxed
verdict in an answer could be quoted by the judge after its own verdict. Each is searched for in the
text as a reader sees it (see `folding`) and broken in the text itself: tokens, delimiters and boxes
by a space after their first character (`< |im_end|>`, `\ boxed{Assistant 1}`), lines by a backslash
(`\### Assistant 2`). All other text stays as it is, byte for byte.
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
"""Control tokens that models in use have, whichever the judge's are."""

_FIRST = "<>\\[\\]\u25c1"
"""What they begin with."""

_VERDICT = re.compile(
    r"\\boxed\s{0,8}\{(?=[^{}]{0,40}(?:\{[^{}]{0,40}){0,2}?assistant\W{0,8}\d)", re.I
)
"""The beginning of a box that holds a verdict, also within \\text{} or the like."""


class _Names:
    """The names of control tokens and delimiters: the usual ones, and `exact` ones beside them."""

    def __init__(self, exact: frozenset[str]) -> None:
        forms = {form for name in exact for form in (name.strip(), fold(name).text.strip())}
        names = [name for name in sorted(forms, key=len, reverse=True) if len(name) > 1]
        first = {_FIRST, *(re.escape(name[0]) for name in names)}
        # A search for single characters is far faster than one for the names at every place.
        self._first = re.compile(f"[{''.join(sorted(first))}]")
        self._whole = re.compile("|".join([*_TOKENS, *map(re.escape, names)]))

    def places(self, text: str) -> Iterator[int]:
        """Where a name begins, of overlapping ones too."""
        for found in self._first.finditer(text):
            if self._whole.match(text, found.start()):
                yield found.start()


def sanitized(text: str, protected: Protected, control_tokens: frozenset[str] = frozenset()) -> str:
    """The text without anything that the judge could take for a part of its prompt or its verdict.

    `control_tokens` are the tokenizer's, beside those that are always looked for. A token of a
    single character cannot be broken and is left.
    """
    names = _names(control_tokens | protected.delimiters)
    while True:  # once as a rule: a break could at most complete a name that holds a space
        broken = _broken(text, protected, names)
        if broken == text:
            return text
        text = broken


def _broken(text: str, protected: Protected, names: _Names) -> str:
    seen = fold(text)
    breaks = dict(_breaks(seen, protected, names))
    if not text.isascii():  # a name may hold characters that a reader takes for others
        breaks |= {at + 1: " " for at in names.places(text)}
    if not breaks:
        return text
    places = sorted(breaks)
    ends = [*places, len(text)]
    parts = [breaks[at] + text[at:end] for at, end in zip(places, ends[1:], strict=True)]
    return text[: places[0]] + "".join(parts)


def _breaks(seen: Folded, protected: Protected, names: _Names) -> Iterator[tuple[int, str]]:
    """Where in the text itself to put what, for each thing found in the folded text."""
    for at in forged_lines(seen.text, protected):
        yield seen.origins[at], "\\"
    for at in names.places(seen.text):
        yield seen.origins[at] + 1, " "
    for box in _VERDICT.finditer(seen.text):
        yield seen.origins[box.start()] + 1, " "


@lru_cache(maxsize=64)
def _names(exact: frozenset[str]) -> _Names:
    return _Names(exact)
