"""Agreement with people, over the whole stack: LLMBar's recorded judges, figure by figure."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kit.command import Rrmq, without_settings

from rrm_queue.columns import FIRST, NONE, SECOND, TIE, Verdicts
from rrm_queue.diagnostics.labels import Agreement, agreement
from rrm_queue.local.stack import Addresses
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

SHARED = Path(__file__).parents[3] / "shared" / "data"
IN_BOTH_ORDERS = ("--votes", "2", "--order", "both", "--stop", "never", "--resamples", "0")

# A file's pair may have met in either order of its two.
JUDGED = text("""
    SELECT t.key, t.subset, p ->> 'label' AS label, v.verdict,
           v.swapped <> (m.first <> CAST(p ->> 'first' AS int)) AS turned
    FROM tournaments t, jsonb_array_elements(t.pairs) AS p, matches m, votes v
    WHERE t.job_id = :job AND m.tournament_id = t.id AND v.match_id = m.id
    ORDER BY t.line
""")


def rows(name: str) -> list[dict[str, Any]]:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def rrmq_there(
    servers: Addresses,
    database: Database,
    tmp_path: Path,
    ended: list[subprocess.Popen[bytes]],
) -> Iterator[Rrmq]:
    """The command on real servers, with a coordinator and a worker."""
    there = Rrmq(
        without_settings()
        | {
            "RRMQ_DATABASE_URL": database.url,
            "RRMQ_BROKER_URL": servers.broker_url,
            "RRMQ_HOME": str(tmp_path / "home"),
        }
    )
    judges = ("--judge", "replay", "--judge", "simulated")
    ended += [there.start("coordinator"), there.start("worker", *judges)]
    yield there
    for process in ended:
        process.terminate()
        process.wait()


CODES = {"none": NONE, "tie": TIE, "first": FIRST, "second": SECOND}


def recording(judged: list[dict[str, Any]]) -> str:
    """What a judge said of each pair with `a` shown first, and with `b`."""
    lines = []
    for row in judged:
        for first, second, key in (("a", "b", "verdict_ab"), ("b", "a", "verdict_ba")):
            line = {"tournament": row["id"], "first": first, "second": second, "winner": row[key]}
            lines.append(line if row[key] else line | {"no_verdict": "no box"})
    return "".join(json.dumps(line) + "\n" for line in lines)


def of_job(database: Database, job: str) -> dict[str, Agreement]:
    """The agreement that the store's votes and labels show, by subset."""
    with database.begin() as tx:
        votes = tx.execute(JUDGED, {"job": job}).all()
    orders: list[Verdicts] = []
    for turned in (False, True):
        said = np.array([CODES[v.verdict] for v in votes if v.turned is turned], np.int8)
        if turned:
            said[said > TIE] = 3 - said[said > TIE]
        orders.append(said)
    straight = [vote for vote in votes if not vote.turned]
    assert [vote.key for vote in straight] == [vote.key for vote in votes if vote.turned]
    labels = np.array([CODES[vote.label] for vote in straight], np.int8)
    subsets = [vote.subset for vote in straight]
    first_order, second_order = orders
    found = agreement(labels, first_order, second_order, subsets, silent_agree=True)
    return {one.subset: one for one in found}


def hits(share: float, total: int) -> str:
    """As LLMBar's evaluation prints it."""
    count = round(share * total)
    assert share * total == pytest.approx(count)
    return f"{count} / {total} = {count / total * 100}%"


def test_llmbars_published_figures_come_out_of_the_queue(
    rrmq_there: Rrmq, database: Database, tmp_path: Path
) -> None:
    recorded: dict[str, list[dict[str, Any]]] = {}
    for row in rows("replay_llmbar_verdicts.jsonl"):
        recorded.setdefault(row["judge"], []).append(row)
    published = rows("replay_llmbar_published.jsonl")
    assert len(published) == 15
    found: dict[tuple[str, str], Agreement] = {}
    for judge, judged in recorded.items():
        file = tmp_path / f"{judge.replace('/', ' ')}.jsonl"
        file.write_text(recording(judged))
        options = ("--strategy", "pairs", "--judge", f"replay:{file}", *IN_BOTH_ORDERS)
        pairs = str(SHARED / "pairwise_llmbar.jsonl")
        status = json.loads(rrmq_there.ok("submit", pairs, *options, "--watch", "--json"))
        assert (status["state"], status["votes"]) == ("succeeded", 2 * len(judged))
        found |= {(subset, judge): one for subset, one in of_job(database, status["job"]).items()}
    assert len(found) == 15
    for figures in published:
        ours = found[figures["subset"], figures["judge"]]
        total = int(figures["equal"].split(" / ")[1].split(" = ")[0])
        assert {ours.straight.n, ours.swapped.n, ours.both.n, ours.consistency.n} == {total}
        ours_printed = {
            "correct_False": hits(ours.straight.estimate, total),
            "correct_True": hits(ours.swapped.estimate, total),
            "correct_both": hits(ours.both.estimate, total),
            "equal": hits(ours.consistency.estimate, total),
        }
        assert ours_printed == {key: figures[key] for key in ours_printed}
        average = round(ours.average.estimate * 2 * total) / 2 / total
        assert f"{average * 100}%" == figures["correct_average"]


def test_what_pairs_and_a_simulated_judge_lack_is_refused_by_line(rrmq_there: Rrmq) -> None:
    answers = [{"id": name, "text": f"answer {name}"} for name in "abc"]
    pairs = [{"first": "a", "second": "b"}, {"first": "b", "second": "a"}]
    file = "".join(
        json.dumps({"prompt": "p", "candidates": answers} | more) + "\n"
        for more in ({"pairs": pairs[:1]}, {}, {"pairs": pairs})
    ).encode()
    done = rrmq_there("submit", "-", "--strategy", "pairs", "--judge", "rrm-7b", file=file)
    assert (done.returncode, done.stdout) == (1, "")
    assert "-:2: `pairs` is missing" in done.stderr
    assert "-:3: `pairs` has 'b' and 'a' twice" in done.stderr
    assert len(done.stderr.splitlines()) == 2
    done = rrmq_there("submit", "-", "--judge", "simulated:0.8", file=file.splitlines()[0])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "rrmq: -:1: candidate 'a' has no `gold`; this judge decides by it"
    ]
    done = rrmq_there("submit", "-", "--judge", "simulated:1.8", file=file)
    assert done.returncode == 2
    assert "simulated:0.8" in done.stderr


def test_a_simulated_judge_is_as_good_as_it_says(rrmq_there: Rrmq, database: Database) -> None:
    """Its votes are right in their share of pairs of unequals, and named for what they are."""
    rows = [
        {"prompt": f"p{n}", "candidates": [{"text": f"{n} {c}", "gold": c} for c in range(8)]}
        for n in range(25)
    ]
    file = "".join(json.dumps(row) + "\n" for row in rows).encode()
    options = ("--judge", "simulated:0.9", "--strategy", "elo", "--watch", "--json")
    status = json.loads(rrmq_there.ok("submit", "-", *options, file=file))
    assert (status["state"], status["votes"]) == ("succeeded", 25 * 28)
    with database.begin() as tx:
        votes = tx.execute(
            text(
                "SELECT v.model, v.verdict, m.first, m.second FROM votes v JOIN "
                "matches m ON m.id = v.match_id"
            )
        ).all()
    assert {vote.model for vote in votes} == {"simulated:0.9"}
    right = sum((vote.verdict == "first") is (vote.first > vote.second) for vote in votes)
    assert right / len(votes) == pytest.approx(0.9, abs=4 * (0.9 * 0.1 / len(votes)) ** 0.5)
    perfect = ("--judge", "simulated:1", "--watch", "--json")
    job = json.loads(rrmq_there.ok("submit", "-", *perfect, file=file))["job"]
    results = map(json.loads, rrmq_there.ok("results", job, "--json").splitlines())
    assert {result["champion"] for result in results} == {"7"}
