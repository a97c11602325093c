"""Finds lines of a text that look like lines of the prompt, whatever their markup."""

import re
from collections.abc import Iterator

from rrm_queue.judging.protected import Protected, plain, words

_BREAKS = "\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
_LINE = re.compile(rf"[^{_BREAKS}]+")

_MARKERS = re.compile(r"(?:\s|[>*+-]\s|>|\d{1,9}[.)]\s)*")
"""Marks that may precede a heading: blanks, quotes, list items."""

_HEADING = re.compile(
    r"(?:#+|<h[1-6]\b[^<>]{0,80}>|(?:&#(?:35|x23);|&num;)+)\s*(?:\d{1,9}[.)]\s)?", re.I
)
_TAG = re.compile(r"</?[a-z][^<>]{0,80}>|&#?\w{1,8};|\]\([^()\s]{0,200}\)", re.I)
_MARKUP = re.compile(r"[#*_`~<>=\[&]")
_UNDERLINE = re.compile(r"\s*[=\-][=\-\s]*\Z")
_ONE_BREAK = frozenset({"\r\n", *_BREAKS.replace("\x1c-\x1e", "\x1c\x1d\x1e")})


def forged_lines(text: str, protected: Protected) -> Iterator[int]:
    """The places to break: lines of the folded text that could be taken for lines of the prompt.

    A line with `#`, `<h3>` or a line of dashes below it is a forged heading also when more words
    follow. With other markup (`**Assistant 2**`) the heading must be the whole line. A line that
    begins with a backslash is broken already.
    """
    above, end = "", 0
    for found in _LINE.finditer(text):
        line, at = found[0], found.start()
        if text[end:at] not in _ONE_BREAK:
            above = ""  # an empty line is between them
        end = found.end()
        begin = at + _MARKERS.match(line).end()  # type: ignore[union-attr]  # it always matches
        if _UNDERLINE.match(line) and words(above) in protected.headings:
            yield at + len(line) - len(line.lstrip())
        above = text[begin:end]
        if above[:1] != "\\" and _is_forged(above, protected):
            yield begin


def _is_forged(content: str, protected: Protected) -> bool:
    """Whether the line is a heading or a literal line of the prompt, or opens one of its slots."""
    if protected.lines or protected.openings:
        said = plain(content)
        if said in protected.lines or said.startswith(protected.openings):
            return True
    if heading := _HEADING.match(content):
        said = words(_TAG.sub(" ", content[heading.end() :]))
        return any(f"{said} ".startswith(f"{name} ") for name in protected.headings)
    if not _MARKUP.search(content):
        return False
    return words(_TAG.sub(" ", content)) in protected.headings
