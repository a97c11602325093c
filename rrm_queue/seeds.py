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
        _feed(digest, number)
        return _number(digest)

    return sorted(range(size), key=rank)


def _digest(*parts: int | str) -> blake2b:
    digest = blake2b(digest_size=8)
    for part in parts:
        _feed(digest, part)
    return digest


def _feed(digest: blake2b, part: int | str) -> None:
    encoded = str(part).encode("utf-8", "surrogatepass")
    digest.update(len(encoded).to_bytes(8, "big") + encoded)


def _number(digest: blake2b) -> int:
    return int.from_bytes(digest.digest(), "big") >> 1
