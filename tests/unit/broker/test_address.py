from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from rrm_queue.broker.address import checked
from rrm_queue.errors import UsageFault


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://:p%40ss@host:6379/0",
        "redis://:p@ss@host:6379/0",
        "redis+socket:///run/valkey.sock",
        "redis+socket:///run/valkey.sock?virtual_host=3",
    ],
)
def test_an_address_without_tls_stays_as_it_is(url: str) -> None:
    assert checked(url) == url


@pytest.mark.parametrize(
    ("options", "reqs", "hostname"),
    [
        ("", "required", "true"),
        ("?ssl_cert_reqs=required", "required", "true"),
        ("?ssl_cert_reqs=CERT_REQUIRED", "required", "true"),
        ("?ssl_cert_reqs=CERT_OPTIONAL&ssl_check_hostname=0", "optional", "false"),
        ("?ssl_cert_reqs=none", "none", "false"),
        ("?ssl_cert_reqs=CERT_NONE&ssl_check_hostname=true", "none", "false"),
        ("?ssl_check_hostname=no", "required", "false"),
    ],
)
def test_tls_is_verified_unless_told_otherwise(options: str, reqs: str, hostname: str) -> None:
    parts = urlsplit(checked(f"rediss://u:p%40%2Fss@host:6379/2{options}"))
    assert (parts.scheme, parts.netloc, parts.path) == ("rediss", "u:p%40%2Fss@host:6379", "/2")
    assert parse_qs(parts.query) == {"ssl_cert_reqs": [reqs], "ssl_check_hostname": [hostname]}


def test_files_are_kept_and_must_be_there(tmp_path: Path) -> None:
    file = tmp_path / "an authority.pem"
    url = f"rediss://host?ssl_ca_certs={file}"
    with pytest.raises(UsageFault, match="there is no file"):
        checked(url)
    file.touch()
    assert parse_qs(urlsplit(checked(url)).query)["ssl_ca_certs"] == [str(file)]
    assert checked(checked(url)) == checked(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "secret",
        "amqp://:secret@host",
        "rediss://:sec;ret@host",
        "redis://:se/secret@host",
        "redis://:1/secret@host:6379",
        "redis://:sec#ret@host",
        "redis://:secret@host:port",
        "redis://:secret@host?secret=1&secret@",
        "redis://:secret@host?ssl_cert_reqs=none",
        "rediss://:secret@host?ssl_cert_reqs=perhaps",
        "rediss://:secret@host?ssl_check_hostname=perhaps",
        "rediss://:secret@host?timeout=5",
        "redis+socket:///run/valkey.sock?ssl_cert_reqs=none",
        "redis+socket:///run/valkey.sock?virtual_host=first",
    ],
)
def test_what_is_no_address_is_named_without_its_password(url: str) -> None:
    with pytest.raises(UsageFault, match="RRMQ_BROKER_URL") as caught:
        checked(url)
    assert ":secret" not in str(caught.value)
