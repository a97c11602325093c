"""The pages as readers see them in Chromium: live, controlled, attacked, on every screen."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.browser import CHROMIUM, Reader, chromium
from kit.http_server import READ, WRITE, HttpServer, http_server, settings_of
from kit.jobs import judged, lines, play, received, submit_file
from kit.statements import asked_statements
from kit.waiting import eventually
from playwright.sync_api import Browser, Page, expect

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobId
from rrm_queue.local.stack import Addresses
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.views.jobs import list_jobs, view_job
from rrm_queue.web import live

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here: apt-get install chromium"
)

WIDTHS = [360, 800, 1440]

OWN = "window.owned = true"
HOSTILE = (
    f"</script><script>{OWN}</script><img src=x onerror='{OWN}'><svg onload='{OWN}'></svg>"
    "<!--</div></main></body><style>*{display:none!important}</style><base href='http://evil.example/'>"
    "<meta http-equiv=refresh content='0;url=http://evil.example'>\u2028\u202e{{ 7*7 }}${7*7}"
)
WIDE = "W" * 3000
ARABIC = "الجواب هو اثنان وأربعون"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def server(database: Database, broker: BrokerClient, servers: Addresses) -> Iterator[HttpServer]:
    with http_server(settings_of(database, servers)) as running:
        yield running


Opened = Callable[..., Reader]


@pytest.fixture
def reader(browser: Browser, server: HttpServer) -> Iterator[Opened]:
    """Opens the server's pages; a page that complains or asks elsewhere fails the test."""
    readers: list[Reader] = []

    def opened(token: str = WRITE, width: int = 1440, **options: Any) -> Reader:
        size = {"width": width, "height": 900}
        readers.append(Reader(browser, server.url, token, viewport=size, **options))
        return readers[-1]

    yield opened
    for one in readers:
        one.close()
        assert one.complaints == []


def hostile_rows() -> bytes:
    rows = [
        {
            "id": f"{danger[:150]}", "prompt": f"{danger}", "reference": "3",
            "candidates": [
                {"id": f"{danger[:99]}{i}", "text": f"{danger} {i}", "generator": f"{danger}{i}"}
                for i in range(4)
            ],
        }
        for danger in (HOSTILE, WIDE, ARABIC * 20)
    ]  # fmt: skip
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def step(database: Database, broker: BrokerClient) -> bool:
    """Judges what can be judged now; whether there was anything."""
    sent = dispatch(database, broker)
    for batch in list(received(broker)):
        record(database, judged(batch))
    return bool(sent)


def number_of(page: Page, name: str) -> int:
    """A figure of the job's progress."""
    shown = page.locator(".going div", has=page.get_by_text(name, exact=True)).locator("dd")
    return int(shown.inner_text().split()[0].replace(",", ""))


def watched_to_its_end(
    reader: Opened, database: Database, broker: BrokerClient, folder: Path, sizes: list[int]
) -> None:
    """Drops a file, reads the dry run, submits, and watches the job to its end in one load."""
    matches = sum(size - 1 for size in sizes)
    page = reader().page
    page.get_by_role("link", name="New job").first.click()
    bad = folder / "bad.jsonl"
    bad.write_bytes(b'{"prompt": "x", "candidates": []}\n')
    page.locator("#file").set_input_files(bad)
    expect(page.get_by_role("alert")).to_contain_text("bad.jsonl, line 1")
    expect(page.locator("#send")).to_be_disabled()
    good = folder / "good.jsonl"
    good.write_bytes(lines(sizes))
    page.locator("#file").set_input_files(good)
    expect(page.get_by_role("heading", name="Dry run")).to_be_visible()
    expect(page.locator(".dry-run .figures")).to_contain_text(f"{matches:,}")
    with database.begin() as tx:
        assert list_jobs(tx, 9) == []
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="good.jsonl")).to_be_visible()
    expect(page.locator(".state").first).to_have_text("queued")
    page.evaluate("window.loadedOnce = true")
    seen = [number_of(page, "matches decided")]
    while step(database, broker):
        with database.begin() as tx:
            done = list_jobs(tx, 1)[0].matches_done
        shown = f"{done:,}"
        figure = page.locator(".going div", has=page.get_by_text("matches decided", exact=True))
        expect(figure.locator("dd")).to_have_text(re.compile(rf"^{shown}\b"))
        seen.append(number_of(page, "matches decided"))
    expect(page.locator(".state").first).to_have_text("succeeded")
    assert seen == sorted(seen)
    assert seen[-1] == matches
    assert len(set(seen)) > 3
    assert page.evaluate("window.loadedOnce") is True
    page.goto(f"{page.url}/tournament?key=t0")
    expect(page.get_by_role("heading", name="Bracket")).to_be_visible()


def test_a_job_is_dropped_tried_submitted_and_watched_to_its_end_without_a_reload(
    reader: Opened, database: Database, broker: BrokerClient, tmp_path: Path
) -> None:
    watched_to_its_end(reader, database, broker, tmp_path, [16, 8, 8, 5])


@pytest.mark.slow
def test_a_job_of_3100_matches_is_watched_to_its_end_without_a_reload(
    reader: Opened, database: Database, broker: BrokerClient, tmp_path: Path
) -> None:
    watched_to_its_end(reader, database, broker, tmp_path, [32] * 100)


def test_several_jobs_are_controlled_by_the_keyboard_alone(
    reader: Opened, database: Database, server: HttpServer
) -> None:
    jobs = [
        submit_file(database, lines([3]), id=f"{n:012x}", name=f"job {n}", anew=True)
        for n in range(3)
    ]
    page = reader().page
    page.keyboard.press("/")
    expect(page.get_by_label("Search jobs")).to_be_focused()
    page.keyboard.type("job 1")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.goto(f"{server.url}/jobs")
    expect(page.get_by_role("button", name="Pause")).to_be_disabled()
    for job in jobs[:2]:
        page.locator(f"#pick-{job}").focus()
        page.keyboard.press("Space")
    expect(page.locator("#picked")).to_have_text("2 selected")
    page.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".told")).to_have_text("2 jobs paused.")
    assert states(database, jobs) == ["paused", "paused", "queued"]
    page.locator(f"#pick-{jobs[2]}").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Enter")  # on what keeps the job
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert states(database, jobs)[2] == "queued"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".told")).to_have_text("1 job cancelled.")
    assert states(database, jobs)[2] == "cancelled"


def states(database: Database, jobs: list[JobId]) -> list[str]:
    with database.begin() as tx:
        return [str(view_job(tx, job).state) for job in jobs]


def test_what_is_selected_stays_selected_when_the_list_changes(
    reader: Opened, database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([3, 3]))
    page = reader().page
    page.locator(f"#pick-{job}").check()
    play(database, broker)
    expect(page.locator(".state").first).to_have_text("succeeded")
    expect(page.locator(f"#pick-{job}")).to_be_checked()


def test_a_token_that_only_reads_shows_pages_without_controls(
    reader: Opened, database: Database, broker: BrokerClient, server: HttpServer
) -> None:
    job = submit_file(database, lines([4]))
    held = reader(READ)
    for path in ("/jobs", f"/jobs/{job}", "/fleet", "/compare", f"/jobs/{job}/tournament?key=t0"):
        page = held.open(path)
        expect(page.locator("h1")).to_be_visible()
        assert page.locator("form[action='/control'], a[href='/submit']").count() == 0
    client = server.client(None)
    client.get(f"/?token={READ}")
    own = {"Origin": server.url}
    assert (
        client.post("/control", data={"verb": "pause", "job": job}, headers=own).status_code == 403
    )
    assert client.get("/submit").status_code == 403
    assert states(database, [job]) == ["queued"]


def test_without_a_token_a_page_asks_for_one(browser: Browser, server: HttpServer) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/fleet")
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Token").fill(WRITE)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Fleet")).to_be_visible()
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()


def paths(job: JobId) -> list[str]:
    from urllib.parse import quote

    keys = [row["id"] for row in map(json.loads, hostile_rows().splitlines())]
    tournaments = [f"/jobs/{job}/tournament?key={quote(key)}" for key in keys]
    return [
        "/jobs", f"/jobs/{job}", "/fleet", "/compare", "/submit", *tournaments,
        *(f"{path}&match=1.0" for path in tournaments),
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_hostile_texts_run_nothing_and_no_page_scrolls_sideways(
    reader: Opened, database: Database, broker: BrokerClient, width: int, scheme: str
) -> None:
    job = submit_file(database, hostile_rows(), name=HOSTILE)
    play(database, broker)
    held = reader(width=width, color_scheme=scheme)
    for path in paths(job):
        page = held.open(path)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("window.owned") is None
        assert page.url == f"{held.url}{path}"
        assert page.locator("main img, main script, main style, main base, main meta").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.close()


def until_at_rest(page: Page) -> None:
    """Returns once the server has asked the store nothing for a while.

    That is longer than a page waits after a change, where it does not rest.
    """

    def rests() -> bool:
        with asked_statements() as asked:
            page.wait_for_timeout(1500)
        return not asked

    eventually(rests, "the server asks the store nothing")


def test_an_idle_page_costs_no_query(
    reader: Opened,
    database: Database,
    broker: BrokerClient,
    server: HttpServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "REST", 0.0)
    job = submit_file(database, lines([4, 4]))
    play(database, broker)
    held = reader()
    for path in ("/jobs", f"/jobs/{job}", f"/jobs/{job}/tournament?key=t0", "/fleet"):
        page = held.open_live(path)
    until_at_rest(page)
    with asked_statements() as asked:
        page.wait_for_timeout(4000)
        assert asked == []
        play(database, broker)
        submit_file(database, lines([3]), id="0" * 12)
        expect(held.page.locator("tbody tr")).to_have_count(2)
        assert asked


def test_an_open_page_of_a_running_job_in_which_nothing_happens_costs_no_query(
    reader: Opened,
    database: Database,
    broker: BrokerClient,
    server: HttpServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It asks the broker from time to time, whose facts the store does not tell."""
    monkeypatch.setattr(live, "PULSE", 0.3)
    monkeypatch.setattr(live, "REST", 0.0)
    job = submit_file(database, lines([4, 4]))
    dispatch(database, broker)
    page = reader().open_live(f"/jobs/{job}")
    expect(page.locator(".state").first).to_have_text("running")
    until_at_rest(page)
    told: list[str] = []
    ask = server.serving.live._ask

    async def counted(pulse: Callable[[], str]) -> str:
        told.append("asked")
        return await ask(pulse)

    monkeypatch.setattr(server.serving.live, "_ask", counted)
    with asked_statements() as asked:
        page.wait_for_timeout(3000)
        eventually(lambda: len(told) > 4, "it asks the broker")
    assert asked == []


def test_a_hundred_open_pages_share_one_listener_and_one_rendering(
    server: HttpServer, database: Database
) -> None:
    job = submit_file(database, lines([4, 4]))
    client = server.client()
    streams = [
        client.stream("GET", f"/jobs/{job}", headers={"Accept": "text/event-stream"})
        for _ in range(100)
    ]
    events = [opened.__enter__().iter_lines() for opened in streams]
    for each in events:
        assert "event: page" in each
    began = server.serving.live.renderings
    assert server.client().post(f"/v1/jobs/{job}/pause").json()["state"] == "paused"
    for each in events:
        assert any("paused" in line for line in each)
    assert server.serving.live.renderings - began <= 2
    with database.begin() as tx:
        listeners = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND query LIKE 'LISTEN%'"
        )
        assert tx.scalar(listeners) == 1
    for opened in streams:
        opened.__exit__(None, None, None)


def test_where_no_stream_comes_through_the_page_is_kept_up_to_date_by_held_requests(
    browser: Browser, server: HttpServer, database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([4, 4]))
    held = Reader(browser, server.url, WRITE)
    held.page.route(
        "**/*",
        lambda route: (
            None if "event-stream" in route.request.headers.get("accept", "") else route.continue_()
        ),
    )
    with held.page.expect_request(lambda request: "x-seen" in request.headers):
        held.page.goto(f"{server.url}/jobs/{job}")
    play(database, broker)
    expect(held.page.locator(".state").first).to_have_text("succeeded")
    held.close()
