"""A person's whole walk in a browser: from a dropped file to the agreement of people and judge."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.browser import CHROMIUM, Reader, chromium
from kit.http_server import WRITE, HttpServer, http_server, settings_of
from kit.jobs import judged, received
from playwright.sync_api import Browser, Page, expect

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here: apt-get install chromium"
)

FILE = Path(__file__).parents[2] / "examples" / "gsm8k.jsonl"

DROP = """([name, text]) => {
  const held = new DataTransfer();
  held.items.add(new File([text], name));
  const options = { dataTransfer: held, bubbles: true, cancelable: true };
  for (const type of ["dragenter", "dragover", "drop"])
    document.getElementById("drop").dispatchEvent(new DragEvent(type, options));
}"""


@pytest.fixture
def server(database: Database, broker: BrokerClient, servers: Addresses) -> Iterator[HttpServer]:
    with http_server(settings_of(database, servers)) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def test_from_a_dropped_file_to_the_agreement(
    browser: Browser, server: HttpServer, database: Database, broker: BrokerClient
) -> None:
    ada = Reader(browser, server.url, WRITE)
    page = ada.page
    page.get_by_role("link", name="New job").first.click()
    page.evaluate(DROP, ["gsm8k.jsonl", FILE.read_text(encoding="utf-8")])
    expect(page.get_by_role("heading", name="Dry run")).to_be_visible()
    expect(page.locator(".dry-run .figures")).to_contain_text("matches at most84")
    page.get_by_role("button", name="Submit").click()

    expect(page.get_by_role("heading", name="gsm8k.jsonl")).to_be_visible()
    while dispatch(database, broker):  # the test judges in the worker's place
        for batch in list(received(broker)):
            record(database, judged(batch))
    expect(page.locator(".state").first).to_have_text("succeeded")
    expect(page.locator(".going")).to_contain_text("matches decided84")
    judge_job = page.url.rpartition("/")[2]

    page.get_by_role("link", name="show all").click()
    page.get_by_role("link", name="garden").click()
    expect(page.get_by_role("heading", name="Bracket")).to_be_visible()
    expect(page.locator(".bracket svg a")).to_have_count(7)
    page.locator(".bracket svg a").last.click()
    expect(page.get_by_role("heading", name="Match 3.0")).to_be_visible()
    expect(page.locator(".opened .pane")).to_have_count(2)

    page.goto(f"{server.url}/jobs/{judge_job}")
    page.get_by_text("Let people check this judge").click()
    page.get_by_label("Share of the matches").fill("11%")
    page.get_by_label("People for each match").fill("2")
    page.get_by_role("button", name="Make a job for people").click()
    expect(page.get_by_role("heading", name="audit of")).to_be_visible()
    audit = page.url.rpartition("/")[2]

    bo = Reader(browser, server.url, WRITE)
    said = {
        name: votes_of(one.page, server, audit, name) for name, one in [("Ada", ada), ("Bo", bo)]
    }
    assert len(said["Ada"]) == len(said["Bo"]) == 10
    same = sum(said["Ada"][key] == said["Bo"][key] for key in said["Ada"])
    end = bo.page
    expect(end.get_by_role("heading", name="All matches are judged")).to_be_visible()
    expect(end.locator("#agreement")).to_contain_text(
        f"Two votes of a match agree in {100 * same / 10:.1f}"
    )

    end.get_by_role("link", name="Compare").click()
    end.locator("#a").select_option(judge_job)
    end.locator("#b").select_option(audit)
    end.get_by_role("button", name="Compare").click()
    expect(end.get_by_text("10 shared matches")).to_be_visible()
    found = server.client().get(f"/v1/jobs/{judge_job}/compare/{audit}").json()
    shown = f"{100 * found['agreement']['estimate']:.1f} %"
    expect(end.locator(".figures").first).to_contain_text(shown)
    expect(end.locator(".figures").first).to_contain_text(f"{found['kappa']['estimate']:.2f}")
    end.goto(f"{server.url}/jobs/{audit}")
    expect(end.locator("#people")).to_contain_text(f"agree in {100 * same / 10:.1f}")
    for one in (ada, bo):
        one.close()
        assert one.complaints == []


def votes_of(page: Page, server: HttpServer, job: str, name: str) -> dict[str, str]:
    """Votes blind by keys until nothing is left; which text was found better, by both texts.

    The longer answer wins; Bo finds answers of about the same length equal. The third vote is
    taken back once.
    """
    page.goto(f"{server.url}/judge/{job}")
    page.get_by_label("Your name").fill(name)
    with page.expect_navigation():
        page.get_by_role("button", name="Start").click()
    generators = {c["generator"] for row in rows() for c in row["candidates"]}
    said: dict[str, str] = {}
    undone = False
    while page.locator("form.verdict").count():
        assert not any(re.search(rf"\b{one}-\d", page.content()) for one in generators)
        one, two = (
            page.locator(f"[data-text={side}]").text_content() or "" for side in ("one", "two")
        )
        near = name == "Bo" and abs(len(one) - len(two)) < 40
        key = "t" if near else "1" if len(one) > len(two) else "2"
        said[json.dumps(sorted((one, two)))] = "tie" if near else one if key == "1" else two
        with page.expect_navigation():
            page.keyboard.press(key)
        if len(said) == 3 and not undone:
            undone = True
            with page.expect_navigation():
                page.keyboard.press("u")
            assert page.locator("[data-text=one]").text_content() == one
            expect(page.locator(".made")).to_contain_text(f"{name} · 2 votes")
    return said


def rows() -> list[dict[str, list[dict[str, str]]]]:
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
