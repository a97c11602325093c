"""Stable hashes: the only source of randomness in rrmq, the same in every process and version."""

from hashlib import blake2b


def derive(*parts: int | str) -> int:
    """A number below 2**63 that depends on all parts and on their boundaries."""
    return _number(_digest(*parts))


def shuffled(size: int, *parts: int | str) -> list[int]:
    """A permutation of range(size) that depends only on the parts."""
    common = _digest(*parts)  # hashed once: ratings shuffle millions of matches

    def rank(number: int) -> int:
        digest = common.copy()
        digest.update(_framed(b"%d" % number))
        return _number(digest)

    return sorted(range(size), key=rank)


def _digest(*parts: int | str) -> blake2b:
    encoded = (str(part).encode("utf-8", "surrogatepass") for part in parts)
    return blake2b(b"".join(map(_framed, encoded)), digest_size=8)


def _framed(part: bytes) -> bytes:
    """The part after its length, so that its boundaries count."""
    return len(part).to_bytes(8, "big") + part


def _number(digest: blake2b) -> int:
    return int.from_bytes(digest.digest(), "big") >> 1
