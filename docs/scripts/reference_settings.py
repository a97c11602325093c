"""The table of settings."""

from dataclasses import MISSING, Field, fields
from typing import Any

from rrm_queue.config import PREFIX, Settings, size
from rrm_queue.text import byte_size


def table() -> str:
    """A line for each setting, in the order of the code."""
    lines = [
        f"| `{_variable(field.name)}` | {_default(field)} | {_meaning(field)} |"
        for field in fields(Settings)
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *lines])


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _default(field: Field[Any]) -> str:
    """The value; nothing where the meaning says what holds without one."""
    shown = field.default
    if shown is MISSING or shown is None:
        return ""
    return f"`{byte_size(shown).replace(' ', '') if field.metadata['read'] is size else shown}`"


def _meaning(field: Field[Any]) -> str:
    """The field's meaning, as a cell of the table."""
    return " ".join(field.metadata["meaning"].split()).replace("|", "\\|")
