"""The control tokens of a model's tokenizer, read from its file where this machine has it."""

from pathlib import Path

import msgspec


class _AddedToken(msgspec.Struct):
    content: str


class _TokenizerFile(msgspec.Struct):
    added_tokens: list[_AddedToken] = []


def control_tokens(tokenizer: str, hub_cache: str) -> frozenset[str]:
    """The texts that the tokenizer always reads as one special token.

    `tokenizer` is a folder, or a model's name in the hub's cache. Empty where this
    machine has no such file, as with a server elsewhere; the usual tokens are known without it.
    """
    for file in _files(tokenizer, hub_cache):
        try:
            read = msgspec.json.decode(file.read_bytes(), type=_TokenizerFile)
        except (OSError, msgspec.DecodeError):
            continue
        return frozenset(token.content for token in read.added_tokens if token.content.strip())
    return frozenset()


def _files(tokenizer: str, hub_cache: str) -> list[Path]:
    """Where the tokenizer's file may be, the likeliest first."""
    if not tokenizer:
        return []
    folder = Path(tokenizer) / "tokenizer.json"
    model = "models--" + tokenizer.strip("/").replace("/", "--")
    snapshots = Path(hub_cache) / model / "snapshots"
    return [folder, *sorted(snapshots.glob("*/tokenizer.json"))]
