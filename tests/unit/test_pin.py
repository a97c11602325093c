"""`make pin` finds every base image of the files, and changes nothing else of them."""

import re
from pathlib import Path
from runpy import run_path

PIN = run_path(str(Path(__file__).parents[2] / "deploy/pin.py"))
DIGEST = f"sha256:{'0123456789abcdef' * 4}"


def test_every_base_image_is_pinned_and_nothing_else_changes() -> None:
    images = set()
    for path in PIN["FILES"]:
        text = path.read_text()
        asked: list[str] = []

        def digest_of(image: str, asked: list[str] = asked) -> str:
            asked.append(image)
            return DIGEST

        after = PIN["pinned"](text, digest_of)
        assert asked, path
        assert after.count(f"@{DIGEST}") == len(asked)
        without = re.compile(r"@sha256:[0-9a-f]{64}")
        assert without.sub("", after) == without.sub("", text)
        assert PIN["pinned"](after, digest_of) == after, "a second time changes nothing"
        images |= {image.partition(":")[0] for image in asked}
    assert images == {"python", "lmsysorg/sglang", "postgres", "redis"}
