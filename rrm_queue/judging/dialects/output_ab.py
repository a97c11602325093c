"""The dialect `output-ab`: "Output (a) is better" or "Output (a)", as LLMBar's judges write."""

import re

from rrm_queue.judging.dialects.base import FIRST, NO_MARK, SECOND, Dialect, ParsedVerdict
from rrm_queue.judging.dialects.marks import Mark, decided

_BETTER = re.compile(
    r"\b(?:(?:therefore|thus|so|hence|overall),? )?Output \((?P<slot>[ab])\) (?:is|was|would be) "
    r"(?:(?:the|a|an|also|still|overall|therefore|generally|clearly|much|slightly|significantly"
    r"|marginally|ultimately|thus) ){0,3}(?:better|best)\b",
    re.I,
)
_ALONE = re.compile(r"[\s*_`\"']*Output \((?P<slot>[ab])\)[\s*_`\"'.]*", re.I)
_MENU = {"a": FIRST, "b": SECOND}


def read(answer: str) -> ParsedVerdict:
    """The verdict in the last sentence that says which output is better."""
    if only := _ALONE.fullmatch(answer):
        return _MENU[only["slot"].lower()]
    marks = [
        Mark(found.start(), found.end(), _MENU[found["slot"].lower()])
        for found in _BETTER.finditer(answer)
    ]
    return decided(answer, marks) or NO_MARK


def asked_by(prompt: str) -> bool:
    """Whether the prompt names both outputs."""
    return "Output (a)" in prompt and "Output (b)" in prompt


OUTPUT_AB = Dialect("output-ab", "Output (a) is better", read, asked_by)
