"""Text in UTF-16, which PowerShell and Excel write, as UTF-8."""

import codecs
import io
from typing import TYPE_CHECKING, BinaryIO

from rrm_queue.errors import Problem

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK = 2**16


def is_utf16(head: bytes) -> bool:
    """Whether a file that begins so is UTF-16 with its mark.

    Raises Problem for UTF-16 without a mark, and for UTF-32.
    """
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise Problem("the file is UTF-32; convert it: iconv -f UTF-32 -t UTF-8")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    for name, zeros, letters in (
        ("UTF-16LE", head[1:8:2], head[0:8:2]),
        ("UTF-16BE", head[0:8:2], head[1:8:2]),
    ):
        if zeros and not any(zeros) and all(letters) and letters.isascii():
            raise Problem(f"the file is {name}; convert it: iconv -f {name} -t UTF-8")
    return False


class FromUtf16(io.RawIOBase):
    """A stream of UTF-16 that gives UTF-8. Reading raises Problem for what is not UTF-16."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-16")()
        self._left = b""
        self._ended = False

    def readable(self) -> bool:
        """True: the stream can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fills `buffer` with the bytes that are available; returns their number."""
        room = memoryview(buffer).cast("B")
        while not self._left and not self._ended:
            self._left = self._next()
        size = min(len(room), len(self._left))
        room[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def _next(self) -> bytes:
        chunk = self._stream.read1(_CHUNK)  # type: ignore[attr-defined]  # a buffered reader
        self._ended = not chunk
        try:
            return self._decoder.decode(chunk, final=self._ended).encode()
        except UnicodeError as error:
            raise Problem(f"the file is not all UTF-16: {error.args[-1]}") from None
