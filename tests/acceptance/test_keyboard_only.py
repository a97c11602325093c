"""Every page by the Tab key alone: all that can be used is reached, named and seen."""

from collections.abc import Iterator
from typing import Any

import pytest
from kit.browser import CHROMIUM, Reader, chromium
from kit.http_server import WRITE, HttpServer, http_server, settings_of
from kit.jobs import lines, play, submit_file
from kit.people import job_for_people
from playwright.sync_api import Browser, Page, expect

from rrm_queue.broker.client import BrokerClient
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here: apt-get install chromium"
)

USABLE = """() => {
  const kinds = "a[href], button, input:not([type=hidden]), select, summary, [tabindex='0']";
  const all = Array.from(document.querySelectorAll(kinds))
    .filter((one) => one.checkVisibility() && !one.disabled);
  window.usable = all;
  return all.length;
}"""
"""Numbers everything that a reader can use; how much there is."""

FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one);
  const label = one.labels && one.labels.length ? one.labels[0].textContent : "";
  const name = one.getAttribute("aria-label") || label || one.textContent || one.title || "";
  return {
    place: window.usable.indexOf(one),
    name: name.trim(),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1,
    tag: one.outerHTML.slice(0, 120),
  };
}"""
"""What has the focus: its number, its name, and whether an outline shows it."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def browser_page(browser: Browser, server: HttpServer) -> Iterator[Page]:
    reader = Reader(browser, server.url, WRITE)
    yield reader.page
    reader.close()
    assert reader.complaints == []


@pytest.fixture
def server(database: Database, broker: BrokerClient, servers: Addresses) -> Iterator[HttpServer]:
    with http_server(settings_of(database, servers)) as running:
        yield running


def walked(page: Page) -> list[dict[str, Any]]:
    """What the Tab key reaches from the top of the page, in order, until it leaves the page."""
    page.evaluate(USABLE)
    page.evaluate("() => document.activeElement && document.activeElement.blur()")
    reached: list[dict[str, Any]] = []
    for _ in range(page.evaluate(USABLE) + 5):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found is None or (reached and found["place"] == reached[0]["place"]):
            break
        reached.append(found)
    # The browser adds areas that scroll, which have no number.
    return [one for one in reached if one["place"] >= 0]


def test_the_tab_key_reaches_all_of_every_page(
    browser: Browser, server: HttpServer, database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([8, 3]), name="a job")
    other = submit_file(database, lines([4]), id="b" * 12, name="another", strategy="elo")
    play(database, broker)
    people = job_for_people(database, [2, 2])
    pages = {
        "/jobs": 20, f"/jobs/{job}": 12, f"/jobs/{job}/tournaments": 12,
        f"/jobs/{job}/tournament?key=t0&match=1.0": 25, f"/jobs/{other}/tournament?key=t0": 20,
        "/fleet": 6, f"/compare?a={job}&b={other}": 8, "/submit": 12, f"/judge/{people}?as=Ada": 10,
    }  # fmt: skip
    reader = Reader(browser, server.url, WRITE)
    for path, least in pages.items():
        page = reader.open(path)
        expect(page.locator("h1")).to_be_visible()
        reached = walked(page)
        usable = page.evaluate(USABLE)
        assert usable >= least, path
        places = [one["place"] for one in reached]
        assert sorted(set(places)) == list(range(usable)), (path, usable, reached)
        assert len(places) == len(set(places)), path
        unnamed = [one["tag"] for one in reached if not one["name"]]
        assert unnamed == [], path
        unseen = [one["tag"] for one in reached if not one["outlined"]]
        assert unseen == [], path
        page.close()
    reader.close()
    assert reader.complaints == []


def test_a_job_is_opened_read_and_its_match_closed_by_keys_alone(
    browser_page: Page, server: HttpServer, database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([8]), name="a job")
    play(database, broker)
    page = browser_page
    page.goto(f"{server.url}/jobs")
    to(page, "a job")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="a job")).to_be_visible()
    to(page, "t0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Bracket")).to_be_visible()
    page.locator(".bracket svg a").last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Match 3.0")).to_be_visible()
    to(page, "close")
    page.keyboard.press("Enter")
    expect(page.locator("#match")).to_have_count(0)
    assert page.url == f"{server.url}/jobs/{job}/tournament?key=t0"


def to(page: Page, name: str) -> None:
    """Presses Tab until what has this name has the focus."""
    page.evaluate(USABLE)
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found and found["name"] == name:
            return
    raise AssertionError(f"the Tab key reaches no {name!r}")
