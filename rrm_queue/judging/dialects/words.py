"""What a few words name: the first answer, the second, a tie, by how much."""

import re
import unicodedata
from typing import NamedTuple

from rrm_queue.domain import Verdict
from rrm_queue.judging.dialects.base import FIRST, SECOND, TIE, ParsedVerdict

LONGEST = 200
"""Characters of the longest text that can name an answer."""

NOUNS = (
    "assistant|answer|response|output|candidate|completion|model|option|solution|reply|text|summary"
    "|choice|system|version"
)
"""What the answers are called before their number or letter."""

_COMMANDS = re.compile(r"\\(?:text|mathrm|mathbf|mathsf|texttt|textsf|textrm|textit|textbf|mbox)\b")
_NOISE = re.compile(r"[{}$*`\"'\u2018\u2019\u201c\u201d_]|\\[ ,;:!]")
_SPACES = re.compile(r"[\s~]+")
_SLOT = re.compile(
    rf"(?:the )?(?P<noun>(?:(?:ai )?(?:{NOUNS}))?)[ \-]?(?:no\.|number)? ?#?[(\[]?"
    r"(?P<slot>[12ab]|one|two)[)\]]?(?: is (?:the )?(?:better|best|winner)| wins)?"
)
_ORDINAL = re.compile(rf"(?:the )?(?P<slot>first|second)(?: (?:one|{NOUNS}))?")
_TIE = re.compile(
    r"(?:it is |it s |its )?an? tie|tied?|draw|equal(?:ly good)?|same|both equal(?:ly good)?"
)
_GRADE = re.compile(r"\[{0,2}\s*([ab])\s*(>{1,2}|<{1,2}|={1,2}|\u2248)\s*([ab])\s*\]{0,2}", re.I)
_BRACKETS = re.compile(r"\[\[\s*(.{1,40}?)\s*\]\]")


_OF_TWO = re.compile(rf"\b(?:{NOUNS})s?\W{{0,3}}(?:[12AB]\b|one\b|two\b)", re.I)


class Named(NamedTuple):
    """The verdict that words name; `bare` when it is a number or a letter without a noun."""

    verdict: ParsedVerdict
    bare: bool = False


def named(text: str) -> Named | None:
    """What the text as a whole names; None when it names neither answer and no tie."""
    if len(text) > LONGEST:
        return None
    if grade := graded(text):
        return Named(grade)
    if inner := _BRACKETS.fullmatch(text.strip()):
        return Named(TIE) if inner[1].lower() == "c" else named(inner[1])
    words = normalised(text)
    if _TIE.fullmatch(words):
        return Named(TIE)
    if found := _SLOT.fullmatch(words) or _ORDINAL.fullmatch(words):
        verdict = FIRST if found["slot"] in {"1", "a", "one", "first"} else SECOND
        return Named(verdict, bare=not found.groupdict().get("noun", "-"))
    return None


def speaks_of_answers(text: str) -> bool:
    """Whether the text speaks of answers by number or letter: "Assistant 1", "Response B"."""
    return _OF_TWO.search(text) is not None


def graded(text: str) -> ParsedVerdict | None:
    """The verdict of a comparison such as `A>>B`; None when the text is none."""
    written = text.replace("&gt;", ">").replace("&lt;", "<").replace("\u226b", ">>")
    written = written.replace("\u226a", "<<").strip(" *`$")
    found = _GRADE.fullmatch(written)
    if found is None or found[1].lower() == found[3].lower():
        return None
    left, sign = found[1].lower(), found[2]
    if sign[0] not in "<>":
        return TIE
    first = (left == "a") == (sign[0] == ">")
    return ParsedVerdict(Verdict.FIRST if first else Verdict.SECOND, margin=len(sign))


def normalised(text: str) -> str:
    """The text in lower case without markup, quotes and a final point, with single spaces."""
    plain = _COMMANDS.sub("", unicodedata.normalize("NFKC", text))
    plain = _SPACES.sub(" ", _NOISE.sub(" ", plain)).strip(" .,:;!()[]")
    return plain.casefold()
