"""The prompt of a row: under which key it stands, and where it may stand if it is missing."""

from rrm_queue.errors import Message, Option, Problem
from rrm_queue.intake.formats.fields import MISSING, Row, is_absent, is_text, text
from rrm_queue.intake.formats.messages import prose

INSTRUCTION = frozenset({"instruction", "input"})
"""Alpaca's keys of a prompt. The input is optional and follows the instruction."""

_HINTS = (
    "prompt", "question", "query", "instruct", "problem", "conversation", "dialog", "context",
    "history", "input", "messages", "post",
)  # fmt: skip
"""Parts of the names of columns that hold a prompt."""

_NO_PROMPT = (
    "id", "ids", "type", "source", "category", "length", "len", "tokens", "hash", "model",
    "score", "rating", "lang", "language", "name", "dataset", "index", "idx",
)  # fmt: skip
"""The last words of names of columns that only say something about a prompt."""


def asked(row: Row, *names: str) -> str:
    """The prompt under the first of the names that has a value; `instruction` takes its `input`.

    Raises Problem; it names a column that may hold the prompt, if there is one.
    """
    for name in names:
        if not is_absent(row.get(name)):
            return instructed(row) if name == "instruction" else prose(row[name], name)
    for name in names:
        if name in row:
            return prose(row[name], name)
    raise Problem(missing_prompt(row, "prompt" if "prompt" in names else names[0]))


def instructed(row: Row) -> str:
    r"""Alpaca's prompt: the instruction and, after a blank line, its input if it has one.

    AlpacaEval joins them in the same way, so the outputs of both share their prompts.
    """
    instruction, given = prose(row.get("instruction", MISSING), "instruction"), row.get("input")
    if is_absent(given) or (is_text(given) and not given.strip()):
        return instruction
    return f"{instruction}\n\n{text(given, 'input')}"


def missing_prompt(row: Row, key: str = "prompt") -> str:
    """What to say about a row without a prompt."""
    column = question_column(row)
    if column is None:
        return f"`{key}` is missing"
    reads = Option("mapping", f"{key}={column}")
    return Message(f"`{key}` is missing; if `{column}` holds it, ", reads, " reads it there")


def question_column(row: Row) -> str | None:
    """The column whose name says that it may hold the prompt, if there is one."""
    return next((name for name, value in row.items() if _may_ask(name, value)), None)


def _may_ask(name: str, value: object) -> bool:
    words = name.lower().replace("-", "_").replace(" ", "_").split("_")
    return (
        any(hint in name.lower() for hint in _HINTS)
        and words[-1] not in _NO_PROMPT
        and isinstance(value, str | list | dict)
        and bool(value)
    )
