import pytest

from rrm_queue.actions.redaction import without_password


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret@db:5432/rrmq",
        "postgresql://me:sec/ret@db/rrmq",
        "postgresql://me:sec@ret@db/rrmq",
        "redis://:secret@cache:6379/0",
        "postgresql://db/rrmq?user=me&password=secret",
        "postgresql:///rrmq?sslpassword=secret&host=/run",
    ],
)
def test_no_password_is_shown(url: str) -> None:
    hidden = without_password(url)
    assert "sec" not in hidden
    assert "***" in hidden


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://rrmq@/rrmq?host=/run/rrmq",
        "redis+socket:///run/valkey.sock",
        "redis://cache:6379/0",
    ],
)
def test_an_address_without_one_is_shown_whole(url: str) -> None:
    assert without_password(url) == url
