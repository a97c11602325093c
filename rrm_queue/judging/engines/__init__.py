"""Engines by the kind of judge they serve: a new one is a file, a kind and a case here."""

from rrm_queue.domain import JudgeSpec
from rrm_queue.errors import PermanentFault
from rrm_queue.judging.engines.base import Engine, EngineSettings

KINDS = ("reference", "replay", "simulated", "openai", "sglang")


def open_engine(judge: JudgeSpec, settings: EngineSettings) -> Engine:
    """An engine for all judges of this one's kind; raises PermanentFault when there is none.

    An engine is imported when it is opened: a command that only checks a judge does without it.
    """
    match judge.kind:
        case "reference":
            from rrm_queue.judging.engines.reference.engine import ReferenceEngine

            return ReferenceEngine()
        case "replay":
            from rrm_queue.judging.engines.replay.engine import ReplayEngine

            return ReplayEngine()
        case "simulated":
            from rrm_queue.judging.engines.simulated.engine import SimulatedEngine

            return SimulatedEngine()
        case "openai":
            from rrm_queue.judging.engines.openai.engine import OpenAIEngine

            return OpenAIEngine(settings)
        case "sglang":
            from rrm_queue.judging.engines.sglang.engine import SglangEngine

            return SglangEngine(settings)
        case _:
            raise PermanentFault(f"this worker has no engine for {judge}")
