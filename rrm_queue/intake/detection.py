"""What a file is, told by its first bytes; its name decides only where these leave it open."""

import codecs
import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import PurePath

from rrm_queue.errors import Problem

HEAD = 2**16
"""Bytes at the start of a file that are looked at."""

WHITE_SPACE = b" \t\r\n\v\f"

SEPARATOR = re.compile(rb'"?sep=([,;|:\t])"?\r?(?:\n|\Z)')
"""The line by which Excel is told what separates the cells."""

_SKIPPABLE_FRAME = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
"""What a zstd file may begin with (RFC 8878, section 3.1.2); `pzstd` writes it."""

_FOREIGN = {
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
}


class Compression(StrEnum):
    """How a file is compressed."""

    GZIP = "gzip"
    ZSTD = "zstd"


class Layout(StrEnum):
    """How a file holds its rows."""

    LINES = "JSON lines"
    OBJECTS = "JSON objects"
    ARRAY = "JSON array"
    CSV = "CSV"
    PARQUET = "Parquet"


def compression(head: bytes) -> Compression | None:
    """How the file is compressed. Raises Problem for what we do not unpack."""
    if head.startswith(b"\x1f\x8b"):
        return Compression.GZIP
    if head.startswith(b"\x28\xb5\x2f\xfd") or _SKIPPABLE_FRAME.match(head):
        return Compression.ZSTD
    for magic, name in _FOREIGN.items():
        if head.startswith(magic):
            raise Problem(f"the file is compressed with {name}; unpack it, or use gzip or zstd")
    return None


def layout(head: bytes, name: str, is_header: Callable[[bytes], bool]) -> Layout:
    """How the file holds its rows; `is_header` tells whether a line is the header of a CSV file."""
    if head.startswith(b"PAR1"):
        return Layout.PARQUET
    start = head.removeprefix(codecs.BOM_UTF8).lstrip(WHITE_SPACE)
    if start.startswith(b"{"):
        return Layout.OBJECTS if _spans_lines(start) else Layout.LINES
    if start.startswith(b"["):
        return Layout.ARRAY
    if SEPARATOR.match(start):
        return Layout.CSV
    if start and is_header(start.partition(b"\n")[0]):
        return Layout.CSV
    return _by_name(name)


def is_enough(head: bytes) -> bool:
    """Whether so much of a file's start tells what it is."""
    start = head.lstrip(WHITE_SPACE)
    line, end, rest = start.partition(b"\n")
    if start.startswith(b"{"):
        return len(head) >= HEAD or bool(end and (_is_closed(line) or rest.strip(WHITE_SPACE)))
    return len(head) >= HEAD or start.startswith(b"[") or end != b""


def _spans_lines(start: bytes) -> bool:
    """Whether an object goes on after its first line, with a key of its own or an inner one."""
    line, _, rest = start.partition(b"\n")
    return not _is_closed(line) and rest.lstrip(WHITE_SPACE).startswith(b'"')


def _is_closed(line: bytes) -> bool:
    return line.rstrip(WHITE_SPACE).endswith(b"}")


def _by_name(name: str) -> Layout:
    endings = [ending.lower() for ending in PurePath(name).suffixes[-2:]]
    return Layout.CSV if ".csv" in endings or ".tsv" in endings else Layout.LINES
