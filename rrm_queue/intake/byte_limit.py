"""The bytes of an input, counted once they are unpacked."""

import sys

from rrm_queue.errors import InputTooLarge
from rrm_queue.text import byte_size

UNLIMITED = sys.maxsize


class ByteLimit:
    """What may still be read of an input of at most `most` bytes; all its files share it."""

    def __init__(self, most: int = UNLIMITED) -> None:
        self._most = most
        self._left = most

    def take(self, size: int) -> None:
        """Counts so many bytes. Raises InputTooLarge for the first that are too many."""
        self._left -= size
        if self._left < 0:
            most = byte_size(self._most)
            raise InputTooLarge(f"it unpacks to more than {most}; RRMQ_MAX_INPUT sets the limit")

    def anew(self) -> "ByteLimit":
        """The same limit, with nothing counted yet."""
        return ByteLimit(self._most)
