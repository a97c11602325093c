"""What slow starts the modules of this folder share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.reward_servers import RewardFleet, reward_fleet

from rrm_queue.local.stack import LocalStack


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The home of a local stack, which is stopped at the end."""
    home = tmp_path / "home"
    yield home
    LocalStack(home).down()


@pytest.fixture(scope="session")
def rewarding() -> Iterator[RewardFleet]:
    """A server for rewards, with a coordinator and a judge that is always right."""
    with reward_fleet() as ours:
        yield ours
