"""People judge in Chromium: blind, by keys, and a match comes back when its page is left."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from kit.browser import CHROMIUM, chromium
from kit.http_server import READ, WRITE, HttpServer, http_server, settings_of
from kit.jobs import submit_file
from kit.people import Person, job_for_people, votes_of
from kit.replays import as_lines, judge_all, rows
from kit.waiting import eventually
from playwright.sync_api import Browser, BrowserContext, Page, expect
from statsmodels.stats.inter_rater import cohens_kappa, to_table

from rrm_queue.broker.app import create_app
from rrm_queue.broker.client import BrokerClient, redis_client
from rrm_queue.domain import JobId
from rrm_queue.local.stack import Addresses
from rrm_queue.seeds import derive
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here: apt-get install chromium"
)

HOSTILE = (
    "</div><script>window.owned = true</script><img src=x onerror='window.owned = true'>"
    "<form action='http://evil.example'><button>1</button></form>{{ 7*7 }}"
)


@pytest.fixture(scope="module")
def server(module_database: Database, servers: Addresses) -> Iterator[HttpServer]:
    with http_server(settings_of(module_database, servers)) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


SignedIn = Callable[..., Page]


@pytest.fixture
def signed_in(server: HttpServer, browser: Browser) -> Iterator[SignedIn]:
    """A page of a person of its own, with a token; what goes wrong on it fails the test."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_page(token: str = WRITE, width: int = 1200, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        page.goto(f"{server.url}/?token={token}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def text_of(page: Page, what: str) -> str:
    return page.locator(f"[data-text={what}]").text_content() or ""


def press(page: Page, key: str) -> None:
    """Presses a key and waits for the page that follows."""
    with page.expect_navigation():
        page.keyboard.press(key)


@pytest.fixture(scope="module")
def labelled() -> list[dict[str, Any]]:
    return rows("pairwise_llmbar.jsonl")


@pytest.fixture(scope="module")
def model_job(
    module_database: Database,
    servers: Addresses,
    labelled: list[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> JobId:
    """The pairs of LLMBar, judged by a model: its recorded verdicts."""
    recorded = rows("replay_llmbar_verdicts.jsonl")
    judge = recorded[0]["judge"]
    recording = tmp_path_factory.mktemp("recorded") / "model.jsonl"
    recording.write_bytes(
        as_lines(
            {"tournament": row["id"], "first": one, "second": two, "winner": row["verdict_ab"]}
            for row in recorded
            if row["judge"] == judge
            for one, two in (("a", "b"), ("b", "a"))
        )
    )
    file = as_lines(
        {
            "id": row["id"],
            "prompt": row["prompt"],
            "candidates": [
                {"id": side, "text": row[f"response_{side}"], "generator": f"secret model {side}"}
                for side in "ab"
            ],
            "label": row["label"],
        }
        for row in labelled
    )
    options = {"judge": {"kind": "replay", "argument": str(recording)}}
    client = redis_client(servers.broker_url)
    client.flushall()
    app = create_app(servers.broker_url)
    job = submit_file(
        module_database, file, strategy="pairs", reference=False,
        voting={"resamples": 0}, **options,
    )  # fmt: skip
    with ThreadPoolExecutor(1) as pool:  # Playwright's event loop has this thread
        pool.submit(judge_all, module_database, BrokerClient(lambda: app, client)).result()
    app.close()
    client.close()
    return job


Texts = Mapping[tuple[str, str], dict[str, Any]]
"""The file's rows by their two answers, in either order."""


def opinion(person: str, row: dict[str, Any]) -> str:
    """What a scripted person thinks of a pair: mostly the label, sometimes a tie or the other."""
    chance = derive(person, row["id"]) % 10
    if chance == 0:
        return "tie"
    return str(row["label"]) if chance < 8 else "ab".replace(str(row["label"]), "")


def judge_as(page: Page, server: HttpServer, job: str, name: str, found: Texts) -> None:
    """Gives the name that the page asks for, and votes by keys until nothing is left."""
    page.goto(f"{server.url}/judge/{job}")
    page.get_by_label("Your name").fill(name)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    while page.locator("form.verdict").count():
        assert "secret" not in page.content()
        row = found[text_of(page, "one"), text_of(page, "two")]
        said = opinion(name, row)
        first = row["response_a"] == text_of(page, "one")
        press(page, "0" if said == "tie" else "1" if (said == "a") is first else "2")


def test_two_people_and_a_model_agree_as_the_libraries_say(
    server: HttpServer,
    signed_in: SignedIn,
    model_job: JobId,
    labelled: list[dict[str, Any]],
) -> None:
    client = server.client()
    made = client.post(f"/v1/jobs/{model_job}/audit", params={"share": "10%", "votes": 2}).json()
    assert (made["matches"], made["decided"]) == (24, len(labelled))
    texts = {
        (row[f"response_{one}"], row[f"response_{two}"]): row
        for row in labelled
        for one, two in ("ab", "ba")
    }
    pages = {name: signed_in() for name in ("Ada", "Bo")}
    for name, page in pages.items():
        judge_as(page, server, made["job"], name, texts)
    expect(pages["Ada"].get_by_role("heading", name="Nothing for you now")).to_be_visible()
    expect(pages["Bo"].get_by_role("heading", name="All matches are judged")).to_be_visible()

    exported = client.get(f"/v1/jobs/{made['job']}/export", params={"as": "votes"}).text
    cast = [json.loads(line) for line in exported.splitlines()]
    assert {(vote["person"], vote["judge"]) for vote in cast} == {("Ada", "human"), ("Bo", "human")}
    judged = {row["id"]: row for row in labelled if row["id"] in {v["tournament"] for v in cast}}
    assert len(judged) == 24
    for vote in cast:
        assert (vote["winner"] or "tie") == opinion(vote["person"], judged[vote["tournament"]])

    words = ["a", "b", "tie"]
    said = np.array(
        [[words.index(opinion(name, row)) for name in ("Ada", "Bo")] for row in judged.values()]
    )
    people = client.get(f"/v1/jobs/{made['job']}/diagnose").json()["people"]
    (pair,) = people["pairs"]
    table = to_table(said, 3)[0]
    assert pair["agreement"]["estimate"] == pytest.approx(np.trace(table) / 24)
    # Kappa depends on which answer of a match is its first: the match's own order, not the file's.
    firsts = {vote["tournament"]: vote["first"] for vote in cast}
    own = np.array(
        [
            [two if two == 2 else int(words[two] != firsts[id_]) for two in line]
            for id_, line in zip(judged, said, strict=True)
        ]
    )
    assert pair["kappa"]["estimate"] == pytest.approx(cohens_kappa(to_table(own, 3)[0]).kappa)
    shown = pages["Bo"].locator("#agreement")
    expect(shown).to_contain_text(f"{100 * pair['agreement']['estimate']:.1f}")
    expect(shown).to_contain_text(f"{pair['kappa']['estimate']:.2f}")

    compared = client.get(f"/v1/jobs/{model_job}/compare/{made['job']}")
    assert compared.status_code == 200, compared.text
    found = compared.json()
    recorded = {
        row["id"]: row["verdict_ab"]
        for row in reversed(rows("replay_llmbar_verdicts.jsonl"))
        if row["judge"] == rows("replay_llmbar_verdicts.jsonl")[0]["judge"]
    }
    both = np.array(
        [
            [
                words.index(recorded[id_] or "tie"),
                int(line[0]) if line[0] == line[1] else _of_two(line),
            ]
            for id_, line in zip(judged, said, strict=True)
        ]
    )
    table = to_table(both, 3)[0]
    assert found["shared"] == 24
    assert found["agreement"]["estimate"] == pytest.approx(np.trace(table) / 24)
    assert found["kappa"]["estimate"] == pytest.approx(cohens_kappa(table).kappa)
    assert found["agreement"]["low"] < found["agreement"]["estimate"] < found["agreement"]["high"]


def _of_two(line: Any) -> int:
    """Who wins by two votes that differ: a tie beside a vote leaves that vote the winner."""
    votes = [int(one) for one in line if one != 2]
    return votes[0] if len(votes) == 1 else 2


def test_ten_matches_are_judged_by_keys_and_leaving_gives_the_match_back(
    module_database: Database, server: HttpServer, signed_in: SignedIn
) -> None:
    job = job_for_people(module_database, [2] * 10)
    page, other = signed_in(), Person("Bo", server.client())
    page.goto(f"{server.url}/judge/{job}?as=Ada")
    assert page.url == f"{server.url}/judge/{job}"
    held = text_of(page, "prompt")
    taken = other.take(job)["match"]
    assert taken["prompt"] != held
    other.say("return", taken["lease"])

    page.goto("about:blank")  # she leaves: another person is given her match at once
    eventually(lambda: is_given(other, job, held), "Bo is given it")
    page.goto(f"{server.url}/judge/{job}")
    press(page, "s")
    skipped = held
    for done in range(9):
        expect(page.locator(".made")).to_contain_text(f"Ada · {done} vote")
        assert text_of(page, "prompt") != skipped
        one, two = (int(text_of(page, side).split()[-1].rstrip(".")) for side in ("one", "two"))
        press(page, "1" if one > two else "2")
    expect(page.get_by_role("heading", name="Nothing for you now")).to_be_visible()
    assert other.judge_all(job) == 1
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("heading", name="All matches are judged")).to_be_visible()
    cast = votes_of(module_database, job)
    assert sorted(person for *_, person, _ in cast) == ["Ada"] * 9 + ["Bo"]


def is_given(person: Person, job: str, prompt: str) -> bool:
    """Whether the person is given the match of this prompt; whatever it is, it is given back."""
    match = person.take(job)["match"]
    person.say("return", match["lease"])
    return bool(match["prompt"] == prompt)


def test_a_vote_that_comes_too_late_is_said_not_to_count(
    module_database: Database, server: HttpServer, signed_in: SignedIn
) -> None:
    job = job_for_people(module_database, [2, 2])
    page, other = signed_in(), Person("Bo", server.client())
    page.goto(f"{server.url}/judge/{job}?as=Ada")
    lease = page.locator("input[name=lease]").input_value()
    other.say("return", lease)
    assert other.judge_all(job) == 2
    press(page, "1")
    expect(page.get_by_role("alert")).to_contain_text("does not count")
    assert {person for *_, person, _ in votes_of(module_database, job)} == {"Bo"}


@pytest.mark.parametrize("width", [360, 1200])
def test_hostile_answers_are_text_and_fit_every_screen(
    module_database: Database, server: HttpServer, signed_in: SignedIn, width: int
) -> None:
    texts = [HOSTILE + "W" * 2000, "\u202e" + HOSTILE]
    file = as_lines([{"prompt": HOSTILE, "candidates": texts}])
    job = job_for_people(module_database, [], file=file)
    page = signed_in(width=width)
    page.goto(f"{server.url}/judge/{job}?as=%3Cb%3EEve%3C/b%3E")
    expect(page.locator(".made")).to_contain_text("<b>Eve</b>")
    assert {text_of(page, "one"), text_of(page, "two")} == set(texts)
    assert page.evaluate("window.owned") is None
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = [page.locator(".answers article").nth(place).bounding_box() for place in (0, 1)]
    assert boxes[0]
    assert boxes[1]
    assert (boxes[1]["y"] > boxes[0]["y"]) is (width == 360)  # stacked on a phone
    press(page, "0")
    assert [verdict for *_, verdict in votes_of(module_database, job)] == ["tie"]


def test_who_only_reads_and_who_has_no_name_is_told_what_to_do(
    module_database: Database, server: HttpServer, signed_in: SignedIn
) -> None:
    job = job_for_people(module_database, [2])
    reader = signed_in(READ)
    reader.goto(f"{server.url}/judge/{job}?as=Ada")
    expect(reader.get_by_text("Your token may only read")).to_be_visible()
    with module_database.begin() as tx:
        assert not tx.scalars(text("SELECT 1 FROM batches WHERE job_id = :job"), {"job": job}).all()
