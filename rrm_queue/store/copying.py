"""Many rows as the text that COPY takes, formed by few operations on long texts.

Source: PostgreSQL's documentation of COPY, "Text Format". A row a call of the driver costs several
times as much.
"""

from collections.abc import Sequence

NULL = r"\N"

_ESCAPES = (("\\", r"\\"), ("\n", r"\n"), ("\r", r"\r"), ("\t", r"\t"))
"""The backslash first: it stands in what the others become."""


def escaped(values: Sequence[str | None]) -> list[str]:
    """The values of a column, each as COPY reads it. No text holds a NUL: none in Postgres may."""
    if not any(values):
        return [NULL if value is None else "" for value in values]
    joined = "\0".join([value or "" for value in values])
    for character, escape in _ESCAPES:
        if character in joined:
            joined = joined.replace(character, escape)
    parts = joined.split("\0")
    if None in values:
        return [NULL if value is None else part for value, part in zip(values, parts, strict=True)]
    return parts
