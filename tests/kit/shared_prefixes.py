"""All pairs of 8 candidates on a real engine, and how much of their prompts it had cached."""

import asyncio
from collections import Counter, defaultdict
from itertools import combinations

from kit.sglang_process import SglangProcess
from rrm_queue.domain import CandidateNumber, JudgeSpec, Vote, Voting
from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.orientation import Orientation
from rrm_queue.messages import Answer, BatchMatch, JudgeBatch, MatchReport, Question

JUDGE = JudgeSpec("sglang", "tiny", regex=r"[a-z ]{4,20}</think>\n\n\\boxed\{Assistant (1|2)\}")
CANDIDATES = 8


def batch_of(votes: int) -> JudgeBatch:
    orientation = Orientation(CANDIDATES, seed=1)
    matches = []
    for number, (one, two) in enumerate(combinations(map(CandidateNumber, range(CANDIDATES)), 2)):
        first = orientation.slot_one(one, two)
        matches.append(BatchMatch(number, first, two if first == one else one))
    texts = [  # no two begin alike: the bound knows of no sharing between different answers
        f"{number}, then 6 times 7 is worked out." + " It is checked again." * number
        for number in range(CANDIDATES)
    ]
    answers = [Answer(number, f"c{number}", text) for number, text in enumerate(texts)]
    return JudgeBatch(
        batch=1,
        job="job",
        judge=JUDGE,
        questions=[Question("t", "What is six times seven?", None, answers)],
        matches=sorted(matches, key=lambda match: match.first),
        voting=Voting(votes=votes),
        seed=7,
    )


def judged(server: SglangProcess, batch: JudgeBatch, *, share: bool) -> list[MatchReport]:
    """The reports of a batch that a cold engine judged with a new panel."""
    server.flush()
    reports: list[MatchReport] = []

    async def report(one: MatchReport) -> None:
        reports.append(one)

    async def run() -> None:
        settings = EngineSettings(sglang_url=server.url, share_prefixes=share)
        panel = BatchRunner(settings, concurrency=64)
        try:
            await panel.judge(batch, report)
        finally:
            await panel.close()

    asyncio.run(run())
    return reports


def share_of_bound(batch: JudgeBatch, reports: list[MatchReport]) -> float:
    """Cached prompt tokens over the most that could be.

    A tournament's m distinct prompts may share the query m - 1 times and each slot-1 answer as
    often less one as it stands there; another vote on a prompt may share all but its last token.
    """
    pairs = {match.match: (match.first, match.second) for match in batch.matches}
    votes: defaultdict[tuple[int, int], list[Vote]] = defaultdict(list)
    for report in reports:
        for vote in report.votes:
            pair = pairs[report.match]
            votes[pair[::-1] if vote.swapped else pair].append(vote)
    bound = (len(votes) - 1) * next(iter(votes.values()))[0].query_tokens
    shown = Counter(one for one, _ in votes)
    slots = {one: same[0].slot_tokens - same[0].query_tokens for (one, _), same in votes.items()}
    bound += sum((times - 1) * slots[one] for one, times in shown.items())
    bound += sum((len(same) - 1) * (same[0].prompt_tokens - 1) for same in votes.values())
    return sum(vote.cached_tokens for same in votes.values() for vote in same) / bound
