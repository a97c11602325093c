"""What a judge's text says, read as this judge says its verdict."""

from rrm_queue.domain import JudgeSpec
from rrm_queue.errors import UsageFault
from rrm_queue.judging.dialects import ParsedVerdict, find_dialect, read_verdict
from rrm_queue.judging.kinds import dialect_of, kind_of


def verdict_of(judge: JudgeSpec, text: str, *, finished: bool, thinks: bool) -> ParsedVerdict:
    """The verdict in the judge's text, `first` being the answer that was shown first.

    `finished` is False when the judge was cut off by its budget. `thinks` is whether it always
    reasons first where the judge itself does not say; see `dialects.read_verdict`.
    """
    return read_verdict(
        text,
        finished=finished,
        thinks=thinks if judge.thinks is None else judge.thinks,
        dialect=dialect_of(judge),
    )


def may_tie(judge: JudgeSpec) -> bool:
    """Whether a vote of the judge may say tie; so it is with a dialect of another version."""
    try:
        return not kind_of(judge).writes or find_dialect(dialect_of(judge)).ties
    except UsageFault:
        return True
