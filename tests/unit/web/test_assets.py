"""The files that pages load: the library is byte for byte the published one."""

from hashlib import sha256
from importlib.resources import files
from re import findall

import pytest

from rrm_queue.web.pages import assets

VENDORED = {
    "idiomorph.min.js": "4cbd535caf7663a51eda9bce6595371c384fc430d54b8d414e29a61167f19f96",
    "idiomorph.LICENSE": "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38",
}
"""The digests of `dist/idiomorph.min.js` and `LICENSE` in the npm package idiomorph 0.8.0."""


@pytest.mark.parametrize("name", sorted(VENDORED))
def test_a_vendored_file_is_the_published_one(name: str) -> None:
    content = (files("rrm_queue.web") / "assets" / name).read_bytes()
    assert sha256(content).hexdigest() == VENDORED[name]


def test_every_file_is_served_or_a_licence() -> None:
    found = {item.name for item in (files("rrm_queue.web") / "assets").iterdir()}
    assert found == assets.NAMES | {"idiomorph.LICENSE"}


@pytest.mark.parametrize("name", sorted(assets.NAMES))
def test_a_file_asks_for_nothing_from_elsewhere(name: str) -> None:
    loaded = findall(r"""(?:url\(|import\s|src=|fetch\(["'])[^)]*https?:""", assets.content(name))
    assert loaded == []
