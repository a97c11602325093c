"""Pins the base images to digests: `make pin` asks the registry and writes them into the files.

Needs Docker with buildx, and access to the registry.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = (
    ROOT / "workers/Dockerfile",
    ROOT / "workers/Dockerfile.gpu",
    ROOT / "docker-compose.yml",
)

DEFAULT = re.compile(
    r"(?P<before>(?:ARG (?:PYTHON|SGLANG)_IMAGE=)|(?:\$\{(?:POSTGRES|REDIS)_IMAGE:-))"
    r"(?P<image>[\w./-]+:[\w.-]+)(?:@sha256:[0-9a-f]{64})?"
)
"""Where a base image stands in these files, with its tag and perhaps a digest."""

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def pinned(text: str, digest_of: Callable[[str], str]) -> str:
    """The text with the present digest behind the tag of every base image."""
    return DEFAULT.sub(
        lambda found: f"{found['before']}{found['image']}@{digest_of(found['image'])}", text
    )


def digest_of(image: str) -> str:
    """The digest of the image's index, for all platforms, as its registry says now."""
    command = ["docker", "buildx", "imagetools", "inspect", image]
    asked = subprocess.run(  # noqa: S603  # image names of our own files
        [*command, "--format", "{{.Manifest.Digest}}"], capture_output=True, text=True, check=False
    )
    digest = asked.stdout.strip()
    if asked.returncode or not DIGEST.fullmatch(digest):
        sys.exit(f"the digest of {image} is not known: {asked.stderr.strip() or digest}")
    return digest


def main() -> None:
    """Pins every file, or none if a registry does not answer."""
    texts = {path: pinned(path.read_text(), digest_of) for path in FILES}
    for path, text in texts.items():
        path.write_text(text)


if __name__ == "__main__":
    main()
