from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.errors import StackFault
from rrm_queue.local import sockets

_parts = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1))


@given(_parts)
def test_every_home_gets_sockets_that_fit_and_need_no_quoting(parts: list[str]) -> None:
    folder = sockets.folder(Path("/", *parts))
    longest = max((sockets.POSTGRES, sockets.VALKEY), key=len)
    assert len(bytes(folder / longest)) <= 103
    assert not set(str(folder)) & set(" ,%?#@:'\"\\\n")


def test_a_short_plain_home_holds_its_own_sockets() -> None:
    assert sockets.folder(Path("/home/ann/rrmq")) == Path("/home/ann/rrmq/sockets")


def test_two_long_homes_never_share_sockets() -> None:
    first, second = (sockets.folder(Path("/", "x" * 200, name)) for name in ("a", "b"))
    assert first != second
    assert first == sockets.folder(Path("/", "x" * 200, "a"))


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "sockets"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(StackFault, match="mode 0700"):
        sockets.prepare(folder, tmp_path)


def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "sockets").symlink_to("elsewhere")
    with pytest.raises(StackFault, match="mode 0700"):
        sockets.prepare(tmp_path / "sockets", tmp_path)
