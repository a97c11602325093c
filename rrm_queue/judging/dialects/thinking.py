"""Where a judge's reasoning ends and its answer begins, for the marks of all common models."""

import re

END_OF_THINKING = "</think>"

_MARKS = (
    (r"<think\s*>", r"</think\s*>"),  # DeepSeek, Qwen, GLM, MiniMax, RRM
    (r"<thinking\s*>", r"</thinking\s*>"),
    (r"<thoughts?\s*>", r"</thoughts?\s*>"),  # EXAONE
    (r"<reasoning\s*>", r"</reasoning\s*>"),
    (r"<seed:think\s*>", r"</seed:think\s*>"),
    (r"\[THINK\]", r"\[/THINK\]"),  # Magistral
    ("\u25c1think\u25b7", "\u25c1/think\u25b7"),  # Kimi
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),  # Command
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    (r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),  # Apertus
    (r"<\|channel>thought\b", r"<channel\|>"),  # Gemma
    (  # harmony
        r"<\|channel\|>\s*(?:analysis|commentary)",
        r"<\|channel\|>\s*final[^<>]{0,40}(?:<\|constrain\|>[^<>]{0,40})?<\|message\|>",
    ),
)
"""The mark before the reasoning and the mark after it, kind by kind."""

_OPEN = re.compile("|".join(opening for opening, _ in _MARKS), re.I)
_CLOSE = re.compile("|".join(closing for _, closing in _MARKS), re.I)

_BARE_ANALYSIS = re.compile(r"\s*analysis(?=[A-Z\"'\\*#<\d])")
_BARE_FINAL = "assistantfinal"
"""The same marks of harmony when a server has left the control tokens out."""


def answer_of(text: str, *, finished: bool, thinks: bool) -> str | None:
    """The part of the text that is the answer; None when the judge did not reach it.

    `finished` is False when the judge was cut off by its budget. `thinks` says that the judge
    always reasons before a mark: a text without one has no answer. For a judge that does not, a
    finished text without any mark is the answer as a whole.
    """
    start, closed = _end_of_thinking(text, any_kind=not thinks)
    if _BARE_ANALYSIS.match(text, start):
        before, mark, answer = text.rpartition(_BARE_FINAL)
        return answer if mark and len(before) >= start else None
    if not closed and (thinks or not finished):
        return None
    return None if _OPEN.search(text, start) else text[start:]


def left_open(text: str) -> bool:
    """Whether the text ends inside reasoning: after a mark that begins it and none that ends it."""
    end, _ = _end_of_thinking(text, any_kind=True)
    return _OPEN.search(text, end) is not None


def _end_of_thinking(text: str, *, any_kind: bool) -> tuple[int, bool]:
    """Where the last closing mark ends, and whether there is one.

    Without `any_kind` only `</think>` counts and the mark that fits how the text begins: a judge
    may quote other marks while it reasons.
    """
    begun = _OPEN.match(text, len(text) - len(text.lstrip()))
    fitting = [_MARKS[0][1], *(end for opening, end in _MARKS if begun and _is(opening, begun[0]))]
    closing = _CLOSE if any_kind else re.compile("|".join(fitting), re.I)
    end = 0
    for found in closing.finditer(text):
        end = found.end()
    return end, end > 0


def _is(mark: str, found: str) -> bool:
    return re.fullmatch(mark, found, re.I) is not None
