"""Engines: a folder for each kind of judge, and `open_engine`."""

from importlib import import_module

from rrm_queue.domain import JudgeSpec
from rrm_queue.errors import PermanentFault
from rrm_queue.judging.engines.base import Engine, EngineSettings
from rrm_queue.judging.kinds import KINDS


def open_engine(judge: JudgeSpec, settings: EngineSettings) -> Engine:
    """An engine for all judges of this one's kind. Raises PermanentFault when there is none.

    The engine's module is imported here and not before: a command that only names a judge does
    not load it.
    """
    if judge.kind not in KINDS or KINDS[judge.kind].by_people:
        raise PermanentFault(f"this worker has no engine for {judge}")
    engine: Engine = import_module(KINDS[judge.kind].engine).open_engine(settings)
    return engine
