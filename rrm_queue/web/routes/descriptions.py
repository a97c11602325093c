"""Descriptions of bodies that routes read by themselves."""

from typing import Any

SUBMISSION: dict[str, Any] = {
    "required": True,
    "content": {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {
                        "type": "array",
                        "items": {"type": "string", "format": "binary"},
                        "description": "A file of answers; may be given several times.",
                    },
                    "template": {
                        "type": "string",
                        "format": "binary",
                        "description": "Your own prompt for a text judge (Jinja2).",
                    },
                },
                "additionalProperties": {"type": "string"},
            }
        },
    },
}
"""The body of a submission: a file, or a form of files and options."""
