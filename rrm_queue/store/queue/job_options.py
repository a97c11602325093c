"""A job's judge and voting as the store holds them: of this version, or left to another."""

from typing import TypeVar

import msgspec

from rrm_queue.domain import JudgeSpec, Voting
from rrm_queue.errors import ForeignJob

FOREIGN = "job %s is of another version of rrmq and is left to it: %s"
"""What is logged, once, of a job that this version cannot read."""

Options = TypeVar("Options", JudgeSpec, Voting)


def job_options(stored: object, kind: type[Options]) -> Options:
    """The options in a column. Raises ForeignJob for what this version does not know.

    An unknown field counts: a job that is judged without it would be another job.
    """
    try:
        options = msgspec.convert(stored, kind)
    except msgspec.ValidationError as error:
        raise ForeignJob(str(error)) from error
    unknown = set(stored) - set(kind.__struct_fields__) if isinstance(stored, dict) else set()
    if unknown:
        raise ForeignJob(f"it has an option that this version does not know: {min(unknown)}")
    return options
