import json
from datetime import timedelta

from kit.cli_views import NOW, done, job

from rrm_queue.actions.schemas import json_line, result_shape, status_shape
from rrm_queue.domain import JudgeSpec, TournamentState
from rrm_queue.views.tournaments import TournamentResult


def test_status_has_the_promised_keys_in_their_order() -> None:
    view = job(judge=JudgeSpec("replay", "v.jsonl"), cached_tokens=7, prompt_tokens=9)
    shape = json.loads(json_line(status_shape(view)))
    promised = {
        "job": "0123456789ab",
        "state": "running",
        "strategy": "knockout",
        "judge": "replay:v.jsonl",
        "tournaments": {"total": 2, "done": 0, "failed": 0},
        "matches": {"done": 3, "out": 2, "ready": 1},
        "votes": 3,
        "tokens": {"prompt": 9, "cached": 7, "completion": 0},
        "started_at": (NOW - timedelta(minutes=1)).isoformat(),
        "finished_at": None,
    }
    assert list(shape)[: len(promised)] == list(promised)
    assert {key: shape[key] for key in promised} == promised


def test_results_name_candidates_by_the_files_ids() -> None:
    shape = json.loads(json_line(result_shape(done("q1", "b", "a"))))
    assert list(shape)[:3] == ["tournament", "champion", "standings"]
    assert (shape["tournament"], shape["champion"]) == ("q1", "b")
    first = shape["standings"][0]
    assert list(first)[:7] == ["candidate", "rank", "wins", "losses", "draws", "elo", "bt"]
    assert (first["candidate"], first["elo"], first["bt"]) == ("b", 1000.25, 1000.5)


def test_a_tournament_without_a_result_says_why() -> None:
    failed = TournamentResult("q1", TournamentState.FAILED, "no recorded verdict", [])
    shape = json.loads(json_line(result_shape(failed)))
    assert (shape["champion"], shape["standings"]) == (None, [])
    assert (shape["state"], shape["error"]) == ("failed", "no recorded verdict")


def test_a_line_of_json_is_one_line_of_ascii() -> None:
    line = json_line(result_shape(done("a\x1b[31m\n\u2028é", "x")))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["tournament"] == "a\x1b[31m\n\u2028é"
