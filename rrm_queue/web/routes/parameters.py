"""Parameters and descriptions that several routes share."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import TypeAdapter

from rrm_queue.domain import JudgeSpec
from rrm_queue.errors import UsageFault
from rrm_queue.judging.kinds import kind_of

Job = Annotated[str, Path(description="The job's id, or any unique prefix of it.")]


def refuse_paths(judge: JudgeSpec) -> None:
    """Raises UsageFault for a judge that would read a file of the server."""
    if kind_of(judge).argument_is_file:
        raise UsageFault(f"judge '{judge}' reads a file of the server: submit it there")


def json_lines(shape: Any) -> dict[int | str, dict[str, Any]]:
    """The description of a response that has one object of this shape a line."""
    schema = TypeAdapter(shape).json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {
        200: {
            "description": "One JSON object a line.",
            "content": {"application/jsonl": {"itemSchema": schema}},
        }
    }
