import pytest

from rrm_queue.actions.redaction import database_place, without_password


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


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://me:secret@db.example:5432/rrmq?sslmode=require", "db.example:5432/rrmq"),
        (
            "postgresql+psycopg://rrmq@/rrmq?host=/home/me/sockets&options=-csearch_path%3Dx",
            "/home/me/sockets/rrmq",
        ),
        ("postgresql://me:pa/ss?w@rd@host/db", "host/db"),
        ("postgresql:///db?host=a.example&port=6432&password=secret", "a.example:6432/db"),
        ("postgresql://one:1,two:2/db", "one:1,two:2/db"),
    ],
)
def test_a_databases_place_has_no_user_password_or_option(url: str, place: str) -> None:
    assert database_place(url) == place
