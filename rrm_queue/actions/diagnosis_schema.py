"""The JSON of a diagnosis that scripts may rely on; keys are added at the end."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

from rrm_queue.actions.plain import plain
from rrm_queue.views.jobs import JobView

if TYPE_CHECKING:  # it loads SciPy
    from rrm_queue.diagnostics.diagnosis import Diagnosis


class DiagnosisShape(TypedDict):
    """The diagnosis of a job's judge; figures without data are null.

    `votes_looked_at` is how many votes of each match the rates of votes count, null for all.
    """

    job: str
    state: str
    judge: str
    votes_looked_at: int | None
    findings: list[dict[str, Any]]
    length_slope: dict[str, Any]
    labels: list[dict[str, Any]]
    labels_longer_wins: dict[str, Any] | None
    calibration: dict[str, Any] | None
    jury: dict[str, Any] | None
    people: dict[str, Any] | None


def diagnosis_shape(view: JobView, diagnosis: "Diagnosis") -> DiagnosisShape:
    """The diagnosis of a job's judge."""
    judge, longer, known = diagnosis.judge, diagnosis.preferred_longer, diagnosis.calibration
    return {
        "job": view.id,
        "state": view.state,
        "judge": str(view.judge),
        "votes_looked_at": judge.taken,
        "findings": [plain(asdict(finding)) for finding in judge.findings],
        "length_slope": plain(asdict(judge.slope)),
        "labels": [plain(asdict(report)) for report in diagnosis.labels],
        "labels_longer_wins": None if longer is None else plain(asdict(longer)),
        "jury": None if diagnosis.jury is None else plain(asdict(diagnosis.jury)),
        "calibration": None if known is None else plain(asdict(known)),
        "people": None if diagnosis.people is None else plain(asdict(diagnosis.people)),
    }
