import io

from rrm_queue.cli.render.terminal import lenient


def test_a_narrow_encoding_does_not_end_the_command() -> None:
    raw = io.BytesIO()
    stream = lenient(io.TextIOWrapper(raw, encoding="ascii"))
    stream.write("é")
    stream.flush()
    assert raw.getvalue() == rb"\xe9"
