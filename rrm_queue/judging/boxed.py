r"""The last `\boxed{...}` of a text: where RRM puts its verdict and solutions their answer."""

import re

_OPEN = r"\boxed{"
_BRACE = re.compile("[{}]")


def last_boxed(text: str) -> str | None:
    """What stands in the last box, inner braces included; None where there is none or it is cut."""
    start = text.rfind(_OPEN)
    if start < 0:
        return None
    content = start + len(_OPEN)
    depth = 1
    for brace in _BRACE.finditer(text, content):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return text[content : brace.start()]
    return None
