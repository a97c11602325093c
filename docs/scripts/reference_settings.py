"""The table of settings."""

from pydantic import ByteSize
from pydantic.fields import FieldInfo

from rrm_queue.config import PREFIX, Settings
from rrm_queue.text import byte_size


def table() -> str:
    """A line for each setting, in the order of the code."""
    lines = [
        f"| `{_variable(name)}` | {_default(field)} | {_meaning(name, field)} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *lines])


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _default(field: FieldInfo) -> str:
    """The value; nothing where the meaning says what holds without one."""
    if field.default_factory or field.default is None:
        return ""
    shown = field.default
    return f"`{byte_size(shown).replace(' ', '') if isinstance(shown, ByteSize) else shown}`"


def _meaning(name: str, field: FieldInfo) -> str:
    """The field's description. Raises ValueError where the code has none."""
    if not field.description:
        raise ValueError(f"Settings.{name} has no description")
    return " ".join(field.description.split()).replace("|", "\\|")
