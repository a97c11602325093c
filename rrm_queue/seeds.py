"""Stable hashes: the only source of chance in rrmq, the same in every process and version."""

from hashlib import blake2b


def derive(*parts: int | str) -> int:
    """A number below 2**63 that depends on all parts and on their boundaries."""
    digest = blake2b(digest_size=8)
    for part in parts:
        encoded = str(part).encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return int.from_bytes(digest.digest(), "big") >> 1


def shuffled(size: int, *parts: int | str) -> list[int]:
    """A permutation of range(size) that depends on nothing but the parts."""
    return sorted(range(size), key=lambda number: (derive(*parts, number), number))
