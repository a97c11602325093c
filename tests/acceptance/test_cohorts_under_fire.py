"""Cohorts while servers, coordinators and workers are killed: each group is rewarded once, rightly.

`make chaos-cohorts` does the same with 2,000 groups.
"""

import pytest
from chaos.cohorts import fire


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.timeout(600)
def test_every_group_is_rewarded_once_and_rightly_while_everything_is_killed() -> None:
    found = fire(100, clients=64, deadline=400.0, kills=12)
    assert found.wrong == []
    assert all(found.kills[part] for part in ("client", "server", "coordinator", "judge"))
