"""The flags that a launched SGLang is given."""

import pytest
from rrm_worker.engine_flags import judging_flags

from rrm_queue.errors import UsageFault

DETERMINISTIC = "--enable-deterministic-inference"


def test_what_a_user_adds_comes_last() -> None:
    assert judging_flags(["--schedule-policy", "hrrn"])[-2:] == ["--schedule-policy", "hrrn"]
    assert DETERMINISTIC not in judging_flags([])


def test_a_deterministic_engine_keeps_its_cache() -> None:
    flags = judging_flags(["--tp", "2"], deterministic=True)
    assert flags[-5:] == [DETERMINISTIC, "--attention-backend", "triton", "--tp", "2"]


@pytest.mark.parametrize(
    "named", [["--attention-backend", "fa3"], ["--attention-backend=fa3"]], ids=str
)
def test_a_backend_that_the_user_names_is_kept(named: list[str]) -> None:
    assert judging_flags(named, deterministic=True)[-len(named) - 1 :] == [DETERMINISTIC, *named]


@pytest.mark.parametrize("where", ["", "prefill-", "decode-"])
def test_a_backend_that_shares_no_prompts_is_refused(where: str) -> None:
    with pytest.raises(UsageFault, match="'flashinfer' SGLang shares no prompts"):
        judging_flags([f"--{where}attention-backend", "flashinfer"], deterministic=True)
