"""How much of what prompts may share is shared: all pairs of 8 candidates on the real engine."""

import pytest
from kit.sglang_process import SglangProcess
from kit.shared_prefixes import batch_of, judged, share_of_bound

from rrm_queue.domain import Verdict


@pytest.mark.parametrize("votes", [1, 5])
def test_nearly_all_that_may_be_shared_is_shared(
    sglang_server: SglangProcess, votes: int, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = batch_of(votes)
    ratios = {}
    for share in (True, False):
        reports = judged(sglang_server, batch, share=share)
        cast = [vote for report in reports for vote in report.votes]
        assert len(reports) == len(batch.matches)
        assert not any(report.failure for report in reports)
        assert len(cast) >= len(reports) * (votes // 2 + 1)
        assert all(vote.verdict is not Verdict.NONE for vote in cast)
        ratios[share] = share_of_bound(batch, reports)
    with capsys.disabled():
        print(
            f"\nshare of the bound, {votes} votes: {ratios[True]:.4f}, ungated {ratios[False]:.4f}"
        )
    assert ratios[True] >= 0.97
    assert ratios[False] < ratios[True]
