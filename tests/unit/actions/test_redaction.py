import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.actions.redaction import RedactingFormatter, secrets_of
from rrm_queue.config import Secret, Settings


def formatted(formatter: RedactingFormatter, message: str, error: Exception | None = None) -> str:
    info = None
    if error is not None:
        try:
            raise error
        except type(error):
            info = sys.exc_info()
    record = logging.LogRecord("name", logging.INFO, __file__, 1, "%s", (message,), info)
    return formatter.format(record)


SETTINGS = Settings(
    database_url=Secret("postgresql://me:p%40ss%2Fword@host/db"),
    broker_url=Secret("redis://:secret@two@host:6379/0"),
    openai_api_key=Secret("sk-key/one"),
)


@pytest.mark.parametrize(
    "text",
    [
        "p@ss/word", "p%40ss%2Fword", "p%40ss/word", "p@ss\\/word", "secret@two", "secret%40two",
        "sk-key/one", "sk-key%2Fone",
    ],
)  # fmt: skip
def test_a_secret_is_starred_out_in_every_spelling(text: str) -> None:
    formatter = RedactingFormatter(secrets_of(SETTINGS))
    assert text not in formatted(formatter, f"at redis://:{text}@host")
    assert text not in formatted(formatter, "it failed", ValueError(f"cannot use {text}"))
    assert "***" in formatted(formatter, text)


def test_nothing_is_starred_out_where_there_is_no_secret() -> None:
    line = formatted(
        RedactingFormatter(secrets_of(Settings(broker_url=Secret("redis://host/0")))), "a b"
    )
    assert line.endswith("name: a b")
    assert "*" not in line


@given(st.text())
def test_a_message_is_one_plain_line(text: str) -> None:
    assert formatted(RedactingFormatter([]), text).isprintable()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_traceback_keeps_its_lines_and_no_commands(text: str) -> None:
    lines = formatted(RedactingFormatter([]), "it failed", ValueError(text)).split("\n")
    assert len(lines) >= 4
    assert all(line.isprintable() for line in lines)
