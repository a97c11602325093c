"""JSON text as it is read: objects are taken from it one by one.

The standard library's decoder finds the end of each object; more of the file is read until it does.
(The library ijson is made for this, but deeply nested input crashes the process.)
"""

import codecs
import json
from typing import Any, BinaryIO, NoReturn

from rrm_queue.errors import Problem
from rrm_queue.intake import limits
from rrm_queue.intake.formats.fields import WrittenDecimal
from rrm_queue.intake.formats.own import decode_row

_CHUNK = 2**19
_WHITE_SPACE = " \t\r\n"
_LONGEST_NUMBER = 4000
"""Digits of a whole number at most. Python itself refuses a few more than that."""


class Overlong(Exception):
    """An item has more bytes than may be held."""


class JsonText:
    """The text of the file that is not read yet."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._place = 0
        self._ended = False

    def next_is(self, characters: str) -> bool:
        """Whether one of the characters comes next, after white space."""
        found = self._next()
        return found != "" and found in characters

    def expect(self, characters: str) -> str:
        """Takes and returns the next character. Raises Problem unless it is one of these."""
        found = self._next()
        if found == "" or found not in characters:
            expected = " or ".join(repr(character) for character in characters)
            what = repr(found) if found else "the file's end"
            raise Problem(f"not JSON: expecting {expected} in the array, not {what}")
        self._place += 1
        return found

    def expect_end(self, place: str = "after the array") -> None:
        """Raises Problem when something follows, `place` says after what."""
        if self._next():
            raise Problem(f"not JSON: extra data {place}")

    def next_object(self) -> dict[str, Any]:
        """The object that comes next."""
        if self._next() == "":
            raise Problem("not JSON: the file ends within the array")
        if not self.next_is("{"):
            raise Problem("not a tournament: each item of the array must be an object")
        while True:
            try:
                row, end = _decoder.raw_decode(self._text, self._place)
            except json.JSONDecodeError as error:
                if self._read():
                    continue  # more of the object may have to be read
                message = error.msg[0].lower() + error.msg[1:].removesuffix(" at")
                place = error.pos - self._place + 1
                raise Problem(f"not JSON: {message} at character {place} of the item") from None
            if "\\ud" in self._text[self._place : end].lower():
                decode_row(self._text[self._place : end].encode())  # refuses half a surrogate pair
            self._place = end
            return row  # type: ignore[no-any-return]  # it begins with a brace

    def _next(self) -> str:
        """The next character after white space, which is not taken; empty at the file's end."""
        while True:
            while self._place < len(self._text):
                if self._text[self._place] not in _WHITE_SPACE:
                    return self._text[self._place]
                self._place += 1
            if not self._read():
                return ""

    def _read(self) -> bool:
        """Reads more: about as much as is held already. False at the file's end."""
        if self._ended:
            return False
        rest = self._text[self._place :]
        size = len(rest) if rest.isascii() else len(rest.encode())
        room = limits.LONGEST_LINE + 1 - size
        if room <= 0:
            raise Overlong
        chunk = self._stream.read(min(max(_CHUNK, size), room))
        self._ended = not chunk
        try:
            self._text = rest + self._decoder.decode(chunk, final=self._ended)
        except UnicodeDecodeError as error:
            raise Problem(f"invalid UTF-8: {error.reason}") from None
        self._place = 0
        return not self._ended


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise Problem("not a tournament: Integer value out of range")
    return int(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise Problem(f"not JSON: {name} is not a JSON number; write null for a missing value")


_decoder = json.JSONDecoder(
    parse_float=WrittenDecimal, parse_int=_integer, parse_constant=_refuse_constant
)
