"""The broker's address: one URL that Celery and the Redis client read alike, TLS verified."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from rrm_queue.errors import UsageFault

NAME = "RRMQ_BROKER_URL"
_SHAPE = f"{NAME} must look like redis://:password@host:6379/0, rediss:// for TLS"

# The names of Python's ssl module are Celery's, the others the Redis client's.
_CERT_REQS = {
    "required": "required", "CERT_REQUIRED": "required",
    "optional": "optional", "CERT_OPTIONAL": "optional",
    "none": "none", "CERT_NONE": "none",
}  # fmt: skip
_TRUTHS = {
    "true": "true",
    "1": "true",
    "yes": "true",
    "false": "false",
    "0": "false",
    "no": "false",
}
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_OPTIONS: Mapping[str, frozenset[str]] = {
    "redis": frozenset(),
    "rediss": frozenset({"ssl_cert_reqs", "ssl_check_hostname", *_FILES}),
    "redis+socket": frozenset({"virtual_host"}),
}
"""The schemes, each with the options that both clients understand."""


def checked(broker_url: str) -> str:
    """The address with every option of its TLS written out, the same for both clients.

    By default they differ: with a bare `rediss://` Celery's transport verifies nothing, the Redis
    client does. Here the server's certificate and name are verified unless an option says
    otherwise. Raises UsageFault, whose text never contains the password.
    """
    try:
        parts = urlsplit(broker_url)
        query = dict(
            parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        )
        fits = parts.scheme in _OPTIONS and parts.port != 0
    except ValueError as error:
        raise UsageFault(_SHAPE) from error
    # Celery reads `;` as the beginning of another address, wherever it stands.
    if not fits or parts.fragment or ";" in broker_url or "@" in parts.path:
        raise UsageFault(f"{_SHAPE}, with special characters of the password percent-encoded")
    if unknown := sorted(set(query) - _OPTIONS[parts.scheme]):
        known = ", ".join(sorted(_OPTIONS["rediss"]))
        raise UsageFault(
            f"{NAME}: {parts.scheme}:// has no option {unknown[0]!a}; rediss:// has {known}"
        )
    if not (database := query.get("virtual_host", "0")).isdecimal():
        raise UsageFault(f"{NAME}: virtual_host must be a database's number, not {database!a}")
    if parts.scheme != "rediss":
        return broker_url
    return parts._replace(query=urlencode(_tls(query))).geturl()


def _tls(query: Mapping[str, str]) -> dict[str, str]:
    """The TLS options, with values that both clients accept."""
    reqs = _one_of(_CERT_REQS, "ssl_cert_reqs", query.get("ssl_cert_reqs", "required"))
    verifies = "false" if reqs == "none" else "true"
    hostname = _one_of(_TRUTHS, "ssl_check_hostname", query.get("ssl_check_hostname", verifies))
    for name in _FILES:
        if name in query and not Path(query[name]).is_file():
            raise UsageFault(f"{NAME}: {name}: there is no file {query[name]!a}")
    # Python refuses to check the name in a certificate that it does not check.
    return {
        **query,
        "ssl_cert_reqs": reqs,
        "ssl_check_hostname": "false" if reqs == "none" else hostname,
    }


def _one_of(words: Mapping[str, str], name: str, value: str) -> str:
    if value not in words:
        known = ", ".join(sorted(set(words.values())))
        raise UsageFault(f"{NAME}: {name} cannot be {value!a}; it is one of {known}")
    return words[value]
