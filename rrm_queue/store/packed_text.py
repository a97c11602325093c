"""The reasoning of votes as the store keeps it: compressed by zstd, where that makes it smaller.

Postgres itself compresses only rows of more than 2 kB: with pglz, or with lz4, which some servers
lack and which leaves more bytes. zstd leaves fewer than both in less time than pglz takes; see
`docs/performance.md`.
"""

import sys
from typing import NamedTuple

from rrm_queue.store.database import storable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SHORTEST = 128
"""Bytes of a text below which it is not worth compressing."""

# Level 9 would save another 5 % and take three times as long. One compressor for all threads, which
# it lets in one by one: to make a new one takes longer than to compress a short text.
_COMPRESSOR = zstd.ZstdCompressor(level=3)


class StoredText(NamedTuple):
    """A text as two columns of its row: `plain` is empty where the text is `packed`."""

    plain: str
    packed: bytes | None = None


def pack(text: str) -> StoredText:
    """The text as it is stored; see `storable` for what is replaced."""
    text = storable(text)
    data = text.encode()
    if len(data) < SHORTEST:
        return StoredText(text)
    packed = _COMPRESSOR.compress(data, zstd.ZstdCompressor.FLUSH_FRAME)
    return StoredText("", packed) if len(packed) < len(data) else StoredText(text)


def unpack(stored: StoredText, longest: int | None = None) -> str:
    """The text, or its last `longest` characters."""
    plain, packed = stored
    text = plain if packed is None else zstd.decompress(packed).decode()
    return text if longest is None else text[max(0, len(text) - longest) :]
