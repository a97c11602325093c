r"""Data inside a page: JSON that an HTML parser cannot mistake for markup.

Within a `script` element a parser looks for `</script` and `<!--`; with `<` written as `\u003c` it
finds neither. `>`, `&` and the line ends that old JavaScript knew besides go the same way, so that
the text is safe in attributes and as a script too.
"""

import json
from typing import Any

from markupsafe import Markup

_ESCAPES = {character: f"\\u{ord(character):04x}" for character in "<>&'\u2028\u2029\ufeff"}


def embedded(value: Any) -> Markup:
    """The value as JSON for a `script` element; a browser's `JSON.parse` gives it back."""
    plain = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character, escape in _ESCAPES.items():  # `str.translate` looks each character up
        plain = plain.replace(character, escape)
    return Markup(plain)  # noqa: S704  # nothing of markup is left in it
