r"""Texts made harmless before they stand in a prompt: no control token, no forged heading.

Tokenizers read the name of a control token in a text as that token, so an answer could close its
turn and speak for the judge; and a heading of the prompt's own could begin a second answer. Every
such name is broken by a space after its first character (`< |im_end|>`), every such heading by a
backslash, as in Markdown (`\### Assistant 2`). All other texts stay as they are, byte for byte.
"""

import re
from functools import lru_cache

_NAMED = (
    # ChatML, Llama 3, Phi, Mistral's tools; DeepSeek's are the same with full-width bars
    r"<[|\uff5c][^<>|\uff5c\s]{1,80}[|\uff5c]>",
    r"</?(?:think|s|bos|eos|pad|unk|(?:start|end)_of_turn|tool_call|tool_response)>",
    r"\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT)\]",
    r"<</?SYS>>",
)
"""Control tokens that models in use have, whichever the judge's are."""

_BREAKS = "\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
_BLANK = rf"[^\S{_BREAKS}]"
_HEADING = re.compile(r"^#{1,6}[ \t]+(.*\S)", re.M)


def headings_of(template: str) -> tuple[str, ...]:
    """The texts of the template's own Markdown headings, those without a slot."""
    return tuple(dict.fromkeys(text for text in _HEADING.findall(template) if "{" not in text))


def neutralised(
    text: str, headings: tuple[str, ...], control_tokens: frozenset[str] = frozenset()
) -> str:
    """The text without anything that the judge could take for a control token or for a heading.

    `headings` are the prompt's own, found at any level and in any case, also with more behind
    them; `control_tokens` the tokenizer's, beside those that are always looked for. A token of a
    single character cannot be broken and is left.
    """
    token, heading = _tokens(control_tokens), _headings(headings)
    while True:  # once as a rule: a break could at most complete a token that holds a space
        broken = token.sub(r"\g<0> ", text)
        broken = heading.sub(r"\g<0>\\", broken) if headings else broken
        if broken == text:
            return text
        text = broken


@lru_cache(maxsize=16)
def _tokens(exact: frozenset[str]) -> re.Pattern[str]:
    """Finds the first character of each control token, of overlapping ones too."""
    names = {name.strip() for name in exact}
    escaped = [re.escape(name) for name in sorted(names, key=len, reverse=True) if len(name) > 1]
    return re.compile(rf"(?=(?:{'|'.join([*_NAMED, *escaped])})).", re.S)


@lru_cache(maxsize=64)
def _headings(names: tuple[str, ...]) -> re.Pattern[str]:
    """Finds what stands before the first `#` of each heading, or before the line under it."""
    start = rf"(?:(?<=[{_BREAKS}])|\A){_BLANK}{{0,3}}"
    name = "|".join(rf"{_BLANK}+".join(map(re.escape, name.split())) for name in names)
    marked = rf"{start}(?=#{{1,6}}{_BLANK}*(?:{name})(?!\w))"
    underline = rf"(?:=+|-+){_BLANK}*(?:[{_BREAKS}]|\Z)"
    underlined = rf"{start}(?:{name}){_BLANK}*(?:\r\n|[{_BREAKS}]){_BLANK}{{0,3}}(?={underline})"
    return re.compile(f"{marked}|{underlined}", re.I)
