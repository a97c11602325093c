"""Takes the markup off a final answer: what is left is the same however the answer was written."""

import re
from typing import Final

from rrm_queue.judging.boxed import last_boxed

_SYMBOLS: Final = {
    "\u2212": "-",
    "\u2013": "-",
    "\N{MULTIPLICATION SIGN}": r"\times ",
    "\N{MIDDLE DOT}": r"\cdot ",
    "\N{DIVISION SIGN}": "/",
    "\N{LESS-THAN OR EQUAL TO}": r"\le ",
    "\N{GREATER-THAN OR EQUAL TO}": r"\ge ",
    "\N{NOT EQUAL TO}": r"\ne ",
    "\N{ALMOST EQUAL TO}": r"\approx ",
    "\N{PLUS-MINUS SIGN}": r"\pm ",
    "\N{INFINITY}": r"\infty ",
    "\N{UNION}": r"\cup ",
    "\N{INTERSECTION}": r"\cap ",
    "\N{ELEMENT OF}": r"\in ",
    "\N{EMPTY SET}": r"\emptyset ",
    "\N{DEGREE SIGN}": r"^\circ ",
    "\N{SUPERSCRIPT TWO}": "^2",
    "\N{SUPERSCRIPT THREE}": "^3",
    "\N{VULGAR FRACTION ONE HALF}": r"\frac{1}{2}",
    "\N{VULGAR FRACTION ONE QUARTER}": r"\frac{1}{4}",
    "\N{VULGAR FRACTION THREE QUARTERS}": r"\frac{3}{4}",
    "\N{VULGAR FRACTION ONE THIRD}": r"\frac{1}{3}",
    "\N{VULGAR FRACTION TWO THIRDS}": r"\frac{2}{3}",
    "\N{GREEK SMALL LETTER PI}": r"\pi ",
    "\N{GREEK SMALL LETTER THETA}": r"\theta ",
    "\N{GREEK SMALL LETTER ALPHA}": r"\alpha ",
    "\N{GREEK SMALL LETTER BETA}": r"\beta ",
    "\N{GREEK SMALL LETTER LAMDA}": r"\lambda ",
    "\N{GREEK SMALL LETTER PHI}": r"\phi ",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
}
_FONTS: Final = r"text(?:bf|it|rm|sf|tt|normal)?|math(?:rm|bf|it|sf)|mbox|operatorname"
_UNICODE = str.maketrans(_SYMBOLS)

_REWRITES: Final = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"(?<=\d)(?:\{,\}|,?\\!|\\,)(?=\d{3}(?!\d))", ""),  # a thousand's mark in LaTeX
        (r"(?<!\\)\\(?:left|right|[bB]igg?[lr]?|displaystyle|textstyle|limits)(?![a-zA-Z])", ""),
        (r"\\\\\[\w+\]", r"\\\\ "),  # the height of a matrix's row
        (r"\\[dtc]frac(?![a-zA-Z])", r"\\frac"),
        (r"\\frac\s*(\d)\s*(\d)(?!\d)", r"\\frac{\1}{\2}"),
        (r"\\(?:langle|lparen)(?![a-zA-Z])", "("),
        (r"\\(?:rangle|rparen)(?![a-zA-Z])", ")"),
        (r"\\lbrace(?![a-zA-Z])", r"\\{"),
        (r"\\rbrace(?![a-zA-Z])", r"\\}"),
        (r"\\(?:varnothing)(?![a-zA-Z])", r"\\emptyset"),
        (r"\\leqs?l?a?n?t?(?![a-zA-Z])", r"\\le"),
        (r"\\geqs?l?a?n?t?(?![a-zA-Z])", r"\\ge"),
        (r"\\neq(?![a-zA-Z])", r"\\ne"),
        (rf"\\(?:{_FONTS})\s*\{{", r"\\text{"),
        (r"\\text\{\s*(and|or)\s*\}", r" \1 "),
        (r"\\text\{([eid])\}", r"\1"),
        (r"^\\text\{([^{}]*)\}$", r"\1"),
        (r"\\%", "%"),
        (r"_\{(\w)\}", r"_\1"),
        (r"\\?\$|[€£¥]", ""),
        (r"(?<!\\)\\[()\[\]]", ""),
        (r"(?<!\\)\\(?:[,;:! ]|q?quad(?![a-zA-Z]))|~", " "),
        (r"\s+", " "),
    )
)
_AROUND = " \t\r\n\"'`*_"


def tidy(said: str) -> str:
    r"""The answer in LaTeX without dollars, sizes, fonts, currency, bold marks and a final point.

    `\text{}` stays around words that stand beside mathematics. Takes linear time.
    """
    bare = said.strip(_AROUND)
    if r"\boxed{" in bare:
        bare = last_boxed(bare) or bare
    bare = bare.translate(_UNICODE)
    for pattern, by in _REWRITES:
        bare = pattern.sub(by, bare.strip(_AROUND))
    return bare.strip(_AROUND).rstrip(".,:;").lstrip(":,;").strip(_AROUND)
