"""What ratings and rewards can be controlled for."""

from enum import StrEnum


class Control(StrEnum):
    """The length of answers, or their length and Markdown."""

    LENGTH = "length"
    STYLE = "style"
