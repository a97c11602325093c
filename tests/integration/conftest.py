"""What slow starts the modules of this folder share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.reward_servers import RewardFleet, reward_fleet
from kit.waiting import PATIENCE
from kit.worker_house import House, open_house, slow_endpoint
from rrm_worker import worker as worker_module

from rrm_queue.broker.client import BrokerClient
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


@pytest.fixture
def house(broker: BrokerClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A worker that renews leases all the time, and has time to send what it releases."""
    monkeypatch.setattr(worker_module, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(worker_module, "RELEASE_SECONDS", PATIENCE)
    with slow_endpoint() as endpoint, open_house(broker, endpoint) as house:
        yield house
