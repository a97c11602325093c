"""What slow starts the modules of this folder share."""

from collections.abc import Iterator

import pytest
from kit.reward_servers import RewardFleet, reward_fleet


@pytest.fixture(scope="session")
def rewarding() -> Iterator[RewardFleet]:
    """A server for rewards, with a coordinator and a judge that is always right."""
    with reward_fleet() as ours:
        yield ours
