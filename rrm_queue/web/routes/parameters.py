"""Parameters and descriptions that several routes share."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import TypeAdapter

Job = Annotated[str, Path(description="The job's id, or any unique prefix of it.")]


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
