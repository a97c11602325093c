"""Files that are cut off, damaged, malformed or made to exhaust memory are refused by a line."""

import gzip
import io
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.intake_shapes import (
    CONTAINERS,
    comma_separated,
    jsonl,
    parquet,
    problems,
    reading,
    tournaments,
    zstd,
)

from rrm_queue.domain import Tournament
from rrm_queue.errors import Problem
from rrm_queue.intake import limits

ROWS = [{"prompt": f"p{n}", "candidates": ["a" * 50, f"b{n}"]} for n in range(2000)]
PAIRS = [{"prompt": f"p{n}", "chosen": "good", "rejected": f"bad {n}"} for n in range(5)]


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
@pytest.mark.parametrize("end", [-1, -9, 0.5, 30])
def test_a_compressed_file_that_is_cut_off_says_so(
    pack: Callable[[bytes], bytes], end: float
) -> None:
    packed = pack(jsonl({**row, "x": hash(str(row))} for row in ROWS))
    end = int(len(packed) * end) if isinstance(end, float) else end
    read = list(reading(packed[:end]))
    assert all(isinstance(item, Tournament) for item in read[:-1])
    assert isinstance(read[-1], Problem)
    assert "ends too soon" in read[-1].reason


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_a_damaged_compressed_file_says_so(pack: Callable[[bytes], bytes]) -> None:
    packed = bytearray(pack(jsonl(ROWS)))
    packed[len(packed) // 2] ^= 0xFF
    last = list(reading(bytes(packed)))[-1]
    assert isinstance(last, Problem)


def test_a_zstd_frame_that_asks_for_too_much_memory_is_refused() -> None:
    option = {
        int(zstd.CompressionParameter.window_log): 30,
        int(zstd.CompressionParameter.content_size_flag): 0,
    }
    compressor = zstd.ZstdCompressor(options=option)
    packed = compressor.compress(jsonl(ROWS)) + compressor.flush()
    ((_, reason),) = problems(packed)
    assert "zstd data is damaged" in reason


def test_several_frames_and_members_are_one_file() -> None:
    assert len(tournaments(gzip.compress(jsonl(ROWS)) + gzip.compress(jsonl(ROWS)))) == 4000
    assert len(tournaments(zstd.compress(jsonl(ROWS)) + zstd.compress(jsonl(ROWS)))) == 4000


@pytest.mark.parametrize(
    ("head", "name"), [(b"PK\x03\x04", "zip"), (b"\xfd7zXZ\0", "xz"), (b"BZh91", "bzip2")]
)
def test_other_compressions_are_named(head: bytes, name: str) -> None:
    ((line, reason),) = problems(head + b"\0" * 100)
    assert (line, name in reason) == (None, True)


def zeros(size: int) -> io.BytesIO:
    """A gzip file of so many blanks in one line, made without holding them."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as writer:
        for _ in range(size // 2**20):
            writer.write(b" " * 2**20)
    packed.seek(0)
    return packed


@pytest.mark.parametrize("start", [b'{"prompt": "', b'[{"prompt": "', b"prompt,chosen,rejected\n"])
def test_a_decompression_bomb_is_one_problem_and_little_memory(start: bytes) -> None:
    bomb = gzip.compress(start) + zeros(2**28).getvalue()
    tracemalloc.start()
    found = problems(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "longer than 32 MiB" in found[0][1]
    assert peak < 5 * limits.LONGEST_LINE


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b'[{"prompt": "p", "candidates": ["a", "b"]}, 3]', 2, "must be an object"),
        (b'[{"prompt": "p", "candidates": ["a", "b"]},', 2, "not JSON"),
        (b'[{"prompt": "p", "candidates": ["a", "b"]}] x', 2, "not JSON"),
        (b'[{"prompt": "p", "candidates": ["a", ""]}]', 1, "`candidates[1]` is empty"),
        (b'[{"prompt": "p", "candidates": ["a", NaN]}]', 1, "not JSON"),
        (b'[{"prompt": "\xff", "candidates": ["a", "b"]}]', 1, "invalid UTF-8"),
        (b'[{"prompt": "\\ud800", "candidates": ["a", "b"]}]', 1, "surrogate"),
        (b'[{"prompt": ' + b"9" * 10_000 + b', "candidates": []}]', 1, "out of range"),
        (b"[" * 100_000, 1, "must be an object"),
        (b'[{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}]", 1, "nested too deeply"),
        (b'[{"x":' * 100_000, 1, "nested too deeply"),
        (b"[" * 100_000 + b"]" * 100_000, 1, "must be an object"),
        (b"[]", None, "the file is empty"),
    ],
)
def test_json_arrays(content: bytes, line: int | None, reason: str) -> None:
    found = problems(content)
    assert found[0][0] == line
    assert reason in found[0][1]
    assert found[0][1].isprintable()


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"prompt,chosen,rejected\np,a\n", 2, "the row has 2 cells, but the header has 3"),
        (b"prompt,chosen,rejected\np,a,b,c\n", 2, "the row has 4 cells, but the header has 3"),
        (b'prompt,chosen,rejected\n"p\nq",a,b\np,a\n', 4, "the row has 2 cells"),
        (b"prompt,chosen,rejected\np,a,\n", 2, "`rejected` is empty"),
        (b"prompt,chosen,rejected,chosen\np,a,b,c\n", 1, "names the column 'chosen' twice"),
        (b'prompt,chosen,rejected\n"p"q,a,b\n', 2, "not CSV"),
        (b'prompt,chosen,rejected\np,a,b\n"p,a,b\n', 3, "not CSV: unexpected end of data"),
        (b"prompt,chosen,rejected\np,a,b\np\xff,a,b\n", 3, "invalid UTF-8 at byte 2"),
        (b"prompt,chosen,rejected\np,a,b\0\n", 2, "NUL"),
        (b"prompt,candidates\np,[1\n", 2, "`candidates` must be a list written as JSON"),
        (b"prompt,chosen,rejected\n", None, "the file is empty"),
    ],
)
def test_csv(content: bytes, line: int | None, reason: str) -> None:
    found = problems(content)
    assert found[0][0] == line
    assert reason in found[0][1]


def test_csv_with_a_byte_order_mark_and_windows_line_ends_and_other_delimiters() -> None:
    rows = [{"prompt": "p\r\nq", "chosen": 'a "b"', "rejected": "c;d\te,f"}]
    plain = comma_separated(rows)
    (expected,) = tournaments(plain)
    assert tournaments(b"\xef\xbb\xbf" + plain) == [expected]
    assert plain.endswith(b"\r\n")
    assert tournaments(plain.replace(b"p\r\nq", b"p\nq").replace(b"\r\n", b"\n"))
    tabs = b'prompt\tchosen\trejected\n"p\r\nq"\t"a ""b"""\t"c;d\te,f"\n'
    assert tournaments(tabs) == [expected]
    assert tournaments(tabs.replace(b"\t", b";").replace(b"d;e", b"d\te")) == [expected]


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_field_of_ten_megabytes_is_read(container: str) -> None:
    rows = [{"prompt": "p", "chosen": "x" * 10_000_000, "rejected": "y"}] * 2
    assert len(tournaments(CONTAINERS[container](rows))) == 2


@pytest.mark.parametrize("container", ["JSON lines", "JSON array", "CSV", "Parquet"])
def test_a_row_of_over_32_mib_is_refused(container: str) -> None:
    good = {"prompt": "p", "chosen": "x", "rejected": "y"}
    content = CONTAINERS[container]([good, {**good, "chosen": "x" * (2**25 + 1)}, good])
    found = problems(content)
    assert found[0][0] in (2, 3)
    assert "longer than 32 MiB" in found[0][1]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"re\0jected": 1}, r"no known format has the keys `re\x00jected`"),
        ({"da\0ta": [{}, {}]}, r"""of its own with jq -c '.["da\u0000ta"][]'"""),
    ],
)
def test_keys_that_a_terminal_would_obey_are_written_out(
    row: dict[str, object], reason: str
) -> None:
    ((_, said),) = problems(json.dumps(row).encode())
    assert reason in said


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"prompt": ["p"], "candidates": [[1, 2]]}, "`candidates[0]` is a number"),
        (
            {"prompt": [b"p"], "chosen": ["a"], "rejected": ["b"]},
            "`prompt` is bytes, expected text",
        ),
        ({"prompt": [1.5], "chosen": ["a"], "rejected": ["b"]}, "`prompt` is a decimal number"),
        ({"prompt": [None], "response_a": ["a"], "response_b": ["b"]}, "`prompt` is null"),
        ({"prompt": ["p"], "candidates": ["ab"]}, "`candidates` is text, expected a list"),
        ({"prompt": [{"a": 1}], "chosen": ["a"], "rejected": ["b"]}, "`prompt` is an object"),
        ({"what": [1]}, "no known format has the keys `what`"),
    ],
)
def test_parquet_with_wrong_types(columns: dict[str, list[object]], reason: str) -> None:
    written = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), written)
    ((line, said),) = problems(written.getvalue())
    assert line == 1
    assert reason in said


def test_parquet_that_is_damaged_cut_off_or_compressed_again() -> None:
    content = parquet(PAIRS)
    for bad in (content[:-20], content[: len(content) // 2], b"PAR1" + b"\0" * 50):
        assert "not Parquet" in problems(bad)[0][1]
    assert (
        "must not be compressed again; unpack the gzip first"
        in problems(gzip.compress(content))[0][1]
    )


def test_a_missing_number_of_parquet_is_an_absent_value() -> None:
    rows = [
        {**row, "reference": reference}
        for row, reference in zip(PAIRS[:2], [1.5, float("nan")], strict=True)
    ]
    assert [t.reference for t in tournaments(parquet(rows))] == ["1.5", None]


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from rrm_queue.intake.reader import read\n"
        "print([p.reason for p in read(open(sys.argv[1], 'rb'))])"
    )
    path = tmp_path / "pairs.parquet"
    path.write_bytes(parquet(PAIRS))
    done = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
    )
    assert "pip install pyarrow" in done.stdout


@settings(suppress_health_check=list(HealthCheck))
@given(
    container=st.sampled_from(sorted(CONTAINERS)),
    place=st.floats(0, 1, exclude_max=True),
    byte=st.integers(0, 255),
    cut=st.booleans(),
)
def test_a_damaged_file_of_any_kind_raises_nothing(
    container: str, place: float, byte: int, cut: bool
) -> None:
    content = bytearray(CONTAINERS[container](PAIRS))
    spot = int(place * len(content))
    if cut:
        del content[spot:]
    content[spot : spot + 1] = bytes([byte])
    for item in reading(bytes(content)):
        assert isinstance(item, Tournament) or item.reason.isprintable()


@settings(suppress_health_check=list(HealthCheck))
@given(
    start=st.sampled_from(
        [b"", b"[", b"{", b"PAR1", b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"prompt,answer\n"]
    ),
    rest=st.binary(max_size=200),
)
def test_arbitrary_bytes_raise_nothing(start: bytes, rest: bytes) -> None:
    assert all(isinstance(item, Problem | Tournament) for item in reading(start + rest))


PEAK_PROGRAM = """
import sys
from pathlib import Path
from rrm_queue.intake.reader import read
with open(sys.argv[1], "rb") as stream:
    candidates = sum(len(t.candidates) for t in read(stream))
status = Path("/proc/self/status").read_text()
print(candidates, status.partition("VmHWM:")[2].split()[0])
"""


TEXT_OF_MANY = 4 * 5_400 * 2


def peak_of(path: Path, container: str, prompts: int) -> int:
    """The peak of reading four answers to each of so many prompts, in kilobytes."""
    rows = [
        {"prompt_id": str(prompt), "prompt": f"p{prompt}", "text": f"{answer}{prompt} " * 400}
        for answer in range(4)
        for prompt in range(prompts)
    ]
    path.write_bytes(CONTAINERS[container](rows))
    done = subprocess.run(
        [sys.executable, "-c", PEAK_PROGRAM, path], capture_output=True, text=True, check=True
    )
    candidates, kilobytes = map(int, done.stdout.split())
    assert candidates == 4 * prompts
    return kilobytes


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
@pytest.mark.parametrize("container", ["JSON lines", "JSON array", "CSV", "Parquet"])
def test_memory_stays_bounded_over_a_large_file_of_parts(tmp_path: Path, container: str) -> None:
    """Rows of 2 kB, no two neighbours of the same prompt, in a process of their own.

    A process's `ru_maxrss` begins with its parent's, hence the status file.
    """
    few, many = (peak_of(tmp_path / str(prompts), container, prompts) for prompts in (600, 6_000))
    assert many - few < TEXT_OF_MANY, "kilobytes, of which the texts alone would take as many"
