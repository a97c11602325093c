"""The values of the statistics, with their data frames."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rrm_queue.actions import compare as comparing
from rrm_queue.actions import diagnose as diagnosing
from rrm_queue.actions.app import App
from rrm_queue.actions.comparison_schema import comparison_shape
from rrm_queue.actions.leaderboard import leaderboard_notes
from rrm_queue.actions.leaderboard_details import LeaderboardRequest, SubsetBoard, read_details
from rrm_queue.actions.report.figures import read_figures
from rrm_queue.actions.report.write import ReportRequest, WrittenReport, write_report
from rrm_queue.api.frames import frame_of, names_of
from rrm_queue.diagnostics.diagnosis import Diagnosis
from rrm_queue.diagnostics.label_report import LabelReport
from rrm_queue.diagnostics.labels import TieLabels
from rrm_queue.diagnostics.reading import Finding
from rrm_queue.errors import Message, Option, UsageFault
from rrm_queue.ratings.changes import RatingChange
from rrm_queue.ratings.controlled import ControlledRatings
from rrm_queue.ratings.leaderboard import Leaderboard, LeaderboardRow
from rrm_queue.ratings.win_matrix import Meeting
from rrm_queue.reports.contents import Fact, Summary
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.views.jobs import JobView

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, slots=True)
class JobLeaderboard:
    """A job and its leaderboard; `notes` are the sentences that the command prints below it.

    The others are None unless they were asked for.
    """

    job: JobView
    board: Leaderboard
    notes: Sequence[str]
    controlled: ControlledRatings | None = None
    subsets: Sequence[SubsetBoard] | None = None
    meetings: Sequence[Meeting] | None = None

    @property
    def rows(self) -> Sequence[LeaderboardRow]:
        """A row for each generator, by rank."""
        return self.board.rows

    def to_frame(
        self, table: Literal["generators", "controlled", "subsets", "matrix"] = "generators"
    ) -> "DataFrame":
        """A data frame with a line for each generator, by rank.

        Of `controlled` with the raw figures as `raw_bt` and `raw_rank`, of `subsets` for each
        subset; of `matrix` for each pair of generators that met.
        """
        match table:
            case "controlled":
                raw = {row.generator: row for row in self.rows}
                rows = self.controlled.rows if self.controlled else ()
                return frame_of(
                    asdict(row)
                    | {"raw_bt": raw[row.generator].bt, "raw_rank": raw[row.generator].rank}
                    for row in rows
                )
            case "subsets":
                boards = self.subsets or ()
                return frame_of(
                    {"subset": name} | asdict(row) for name, board in boards for row in board.rows
                )
            case "matrix":
                return frame_of(self.meetings or (), list(Meeting._fields))
        return frame_of(self.rows, names_of(LeaderboardRow))


@dataclass(frozen=True, slots=True)
class JobDiagnosis:
    """A job and the diagnosis of its judge."""

    job: JobView
    diagnosis: Diagnosis

    @property
    def findings(self) -> Sequence[Finding]:
        """Every figure of the judge with its interval and what it means."""
        return self.diagnosis.judge.findings

    @property
    def labels(self) -> Sequence[LabelReport]:
        """The agreement with the file's labels: over all pairs, then by subset; may be empty."""
        return self.diagnosis.labels

    def to_frame(self, table: Literal["findings", "labels"] = "findings") -> "DataFrame":
        """A data frame with a line for each finding, or for each subset of the labels."""
        if table == "labels":
            return frame_of(self.labels).drop(columns=["voting", "orders"], errors="ignore")
        return frame_of(self.findings, names_of(Finding))


@dataclass(frozen=True, slots=True)
class JobComparison(comparing.JobComparison):
    """Two jobs on the matches that they share."""

    @property
    def generators(self) -> Sequence[RatingChange]:
        """A row for each generator, by its rank in the first job."""
        return self.changes.rows

    def to_frame(self, table: Literal["generators", "disagreements"] = "generators") -> "DataFrame":
        """A data frame with a line for each generator, or for each disagreement."""
        if table == "disagreements":
            return frame_of(comparison_shape(self)["disagreements"])
        return frame_of(self.generators, names_of(RatingChange))


@dataclass(frozen=True, slots=True)
class JobReport:
    """What the report of a job says of it as a whole.

    `leaderboard` is None where the file names no generators.
    """

    job: JobView
    summary: Summary
    leaderboard: JobLeaderboard | None
    diagnosis: JobDiagnosis
    app: App

    def to_frame(self) -> "DataFrame":
        """A data frame with a line for each setting and cost: `name` and `value`."""
        facts = [*self.summary.facts, *self.summary.cost]
        return frame_of(facts, list(Fact._fields))

    def write(
        self,
        path: str | PathLike[str],
        *,
        tournaments: int = 200,
        keys: Sequence[str] = (),
        megabytes: int = 20,
        texts: bool = True,
        force: bool = False,
    ) -> WrittenReport:
        """Writes the page that `rrmq report` writes, as the job is now; what was written.

        Raises TournamentNotFound, and UsageFault for a file that is there already, unless `force`.
        """
        request = ReportRequest(Path(path), tournaments, keys, megabytes, texts, force)
        return write_report(self.app, self.job.id, request)


def read_leaderboard(app: App, job: str, request: LeaderboardRequest) -> JobLeaderboard:
    """The job's leaderboard; see `api.statistics`."""
    details = read_details(app, job, request)
    notes = tuple(leaderboard_notes(*details.found))
    return JobLeaderboard(
        details.found.view,
        details.found.board,
        notes,
        details.controlled,
        details.subsets,
        details.meetings,
    )


def read_diagnosis(app: App, job: str, ties: str) -> JobDiagnosis:
    """The diagnosis of the job's judge; see `api.statistics`."""
    words = [word.value for word in TieLabels]
    if ties not in words:
        raise UsageFault(Message(Option("ties"), f" is {', '.join(words)}, not {ties!r}"))
    return JobDiagnosis(*diagnosing.diagnose(app, job, TieLabels(ties)))


def read_comparison(app: App, one: str, two: str, disagreements: int) -> JobComparison:
    """The comparison of two jobs; see `api.statistics`."""
    found = comparing.compare(app, one, two, disagreements)
    return JobComparison(*(getattr(found, name) for name in names_of(comparing.JobComparison)))


def read_report(app: App, job: str) -> JobReport:
    """What the report of the job says of it as a whole; see `api.statistics`."""
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        summary, board, judge = read_figures(tx, view)
    held = None if board is None else JobLeaderboard(view, board.board, board.notes)
    return JobReport(view, summary, held, JobDiagnosis(view, judge.diagnosis), app)
