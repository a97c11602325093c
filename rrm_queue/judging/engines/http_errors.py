"""What a server says went wrong, as one short line."""

import msgspec

_LONGEST = 300  # characters


def error_text(body: bytes) -> str:
    """The message in an error's body, or the body itself, in one short line."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = body.decode("utf-8", "replace")
    for key in ("error", "message", "detail"):
        if isinstance(said, dict):
            said = said.get(key, said)
    line = " ".join(str(said).split()) or "nothing"
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
