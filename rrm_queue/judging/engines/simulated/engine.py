"""The `simulated:ACCURACY` judge: it knows which answer is better, and is right that often.

For planning and for tests: it reads no text. Its votes' model says `simulated`.
"""

from rrm_queue.domain import Vote
from rrm_queue.errors import PermanentFault, UsageFault
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.engines.simulated.skill import parse_skill
from rrm_queue.judging.vote_request import VoteRequest


def open_engine(_: EngineSettings) -> "SimulatedEngine":
    """The engine on a machine with these settings."""
    return SimulatedEngine()


class SimulatedEngine:
    """Draws each verdict by the vote's seed, from how good the two answers are."""

    caps_itself = False

    async def vote(self, request: VoteRequest) -> Vote:
        """The verdict; the same seed gives the same verdict.

        Raises PermanentFault when an answer has no gold, and for an argument that only another
        version of rrmq understands.
        """
        one, two = request.one.gold, request.two.gold
        if one is None or two is None:
            raise PermanentFault(f"the answers to prompt {request.tournament!r} have no gold")
        try:
            skill = parse_skill(request.judge.argument)
        except UsageFault as fault:
            raise PermanentFault(str(fault)) from fault
        return Vote(
            number=request.number,
            verdict=skill.verdict(one, two, request.seed),
            swapped=request.swapped,
            seed=request.seed,
            model=str(request.judge),
        )

    async def close(self) -> None:
        """Nothing is held open."""
