import io
import itertools
import json
import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.domain import Tournament
from rrm_queue.errors import MOST_PROBLEMS, Problem
from rrm_queue.intake import limits
from rrm_queue.intake.formats import own
from rrm_queue.intake.needs import NO_NEEDS, Needs
from rrm_queue.intake.reader import read

GOOD = b'{"prompt": "2 + 2?", "candidates": ["four", "five"]}\n'
REFERRED = b'{"prompt": "2 + 2?", "candidates": ["four", "five"], "reference": 4}\n'


class Chunks(io.RawIOBase):
    """A stream that gives its bytes in the chunks it was made of, as a pipe does."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        given, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)


def streamed(chunks: Iterable[bytes]) -> io.BufferedReader:
    return io.BufferedReader(Chunks(chunks))


def items(content: bytes, needs: Needs = NO_NEEDS) -> list[Tournament | tuple[int | None, str]]:
    return [plain(item) for item in read(io.BytesIO(content), needs=needs)]


def plain(item: Tournament | Problem) -> Tournament | tuple[int | None, str]:
    return (item.line, item.reason) if isinstance(item, Problem) else item


def parse_line(line: bytes, number: int) -> Tournament:
    return own.parse_line(line, str(number), number).tournament


def line_by_line(lines: list[bytes]) -> Iterator[Tournament | tuple[int | None, str]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield parse_line(line, number)
        except Problem as problem:
            yield number, problem.reason


lines = st.lists(
    st.sampled_from([GOOD, REFERRED, b"\n", b" \t\r\n", b"{\n"])
    | st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"") + b"\n"),
    max_size=12,
)


@given(lines=lines, sizes=st.lists(st.integers(1, 40), min_size=1))
def test_streaming_equals_parsing_line_by_line_whatever_the_chunks(
    lines: list[bytes], sizes: list[int]
) -> None:
    lines = [GOOD, *lines]  # what the first line is decides how the others are read
    content = io.BytesIO(b"".join(lines))
    chunks = iter(map(content.read, itertools.cycle(sizes)).__next__, b"")
    reading = read(streamed(chunks))
    streaming = [plain(item) for item in reading]
    assert streaming == list(line_by_line(lines))


def test_tournaments_are_yielded_before_the_file_ends() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield GOOD

    tournaments = read(streamed(endless()))
    taken = [item.line for item in itertools.islice(tournaments, 3)]
    assert taken == [1, 2, 3]


def test_line_numbers_count_blank_lines() -> None:
    found = items(b"\n" + GOOD + b"\n  \n" + b"[]")
    tournament, refused = found
    assert isinstance(tournament, Tournament)
    assert isinstance(refused, tuple)
    assert (tournament.key, refused[0]) == ("2", 5)


def test_a_byte_order_mark_is_accepted_at_the_start_only() -> None:
    bom = b"\xef\xbb\xbf"
    assert items(bom + GOOD) == items(GOOD)
    refused = items(GOOD + bom + GOOD)[1]
    assert isinstance(refused, tuple)
    assert refused[0] == 2


@pytest.mark.parametrize(
    "content", [b"", b"\n", b" \r\n\t\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"]
)
def test_a_file_without_content_is_one_problem_without_a_line(content: bytes) -> None:
    assert items(content) == [(None, "the file is empty")]


def test_a_missing_reference_is_a_problem_only_for_a_judge_that_needs_it() -> None:
    assert len(items(GOOD + REFERRED)) == 2
    found = items(GOOD + REFERRED, Needs(reference=True))
    expected = "`reference` is missing; this judge needs it: add it, or choose another with judge"
    assert found == [(1, expected), parse_line(REFERRED, 2)]


def test_reading_stops_at_the_most_problems() -> None:
    found = items((GOOD + b"{\n") * (MOST_PROBLEMS + 5))
    assert [item[0] for item in found if isinstance(item, tuple)] == list(range(2, 42, 2))


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_an_overlong_line_is_one_problem_and_the_next_line_is_read(
    monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(limits, "LONGEST_LINE", 2**20)
    for excess in (1, 2, 3, 4, 5, 2**16, 2**18 + 1):
        overlong = start + b" " * (2**20 - len(start) - 1 + excess) + b"\n"
        assert items(overlong + GOOD) == [
            (1, "the line is longer than 1 MiB"),
            parse_line(GOOD, 2),
        ]


def test_a_line_of_just_the_longest_length_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LONGEST_LINE", len(GOOD))
    assert items(GOOD + GOOD) == [parse_line(GOOD, 1), parse_line(GOOD, 2)]


def test_an_overlong_line_is_not_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LONGEST_LINE", 2**20)
    peak = traced_peak(itertools.chain(itertools.repeat(b"x" * 2**16, 1024), [b"\n" + GOOD]))
    assert peak < 4 * 2**20


def test_memory_does_not_grow_with_the_file() -> None:
    line = json.dumps({"prompt": "p", "candidates": ["a" * 2**14, "b" * 2**14]}).encode() + b"\n"
    assert traced_peak(itertools.repeat(line, 1000)) < 2**20


def test_problems_do_not_keep_their_lines_in_memory() -> None:
    line = b'{"prompt": "' + b"p" * 2**20 + b'", "candidates": []}\n'
    stream = streamed(itertools.repeat(line, MOST_PROBLEMS))
    tracemalloc.start()
    problems = list(read(stream))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(problems) == MOST_PROBLEMS
    assert held < 2**20


def traced_peak(chunks: Iterable[bytes]) -> int:
    """Bytes of Python memory at most while the stream is read and its items are dropped."""
    stream = streamed(chunks)
    tracemalloc.start()
    for _ in read(stream):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
