"""Values as JSON can hold them."""

from math import isfinite
from typing import Any


def plain(value: Any) -> Any:
    """The value with null for every number that JSON does not have."""
    match value:
        case float() if not isfinite(value):
            return None
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    return value
