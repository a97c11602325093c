"""Pictures of the report and of the pages of `rrmq serve`, as a browser shows them."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from terminal_picture import Terminal

REPORTS = {"report": (1200, 1000), "report-narrow": (420, 900)}
"""The pictures of the report, and the size of each in pixels."""

PAGES: Mapping[str, tuple[str, int, int]] = {
    "page-jobs": ("/jobs", 1200, 520),
    "page": ("/jobs/{job}", 1200, 1230),
    "page-dark": ("/jobs/{job}", 1200, 1230),
    "page-narrow": ("/jobs/{job}", 400, 900),
    "page-tournament": ("/jobs/{bracket}/tournament?key=garden&match=3.0", 1200, 1380),
    "page-judging": ("/judge/{audit}?as=Ada", 1200, 760),
    "page-compare": ("/compare?a={reference}&b={job}", 1200, 1000),
    "page-fleet": ("/fleet", 1200, 560),
}
"""The pictures of pages: where each page is, and the size of its picture in pixels."""

RENAME = """names => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    for (const [own, shown] of names) node.data = node.data.replaceAll(own, shown);
  }
}"""
"""Shows the names that stand for ids of jobs in every picture."""

FLAGS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking"]


def browser_pictures(terminal: Terminal, home: Path, target: Path, jobs: Mapping[str, str]) -> None:
    """Makes all of them. `jobs` are the ids by what `PAGES` calls them."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        print("no chromium: the pictures of pages are left as they are")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            _report(browser, terminal, home, target, jobs["job"])
            with _served(terminal) as address:
                _pages(browser, terminal, address, target, jobs)
        finally:
            browser.close()


def _report(browser: Browser, terminal: Terminal, home: Path, target: Path, job: str) -> None:
    path = home / "report.html"
    terminal.run("rrmq", "report", job, "-o", str(path))
    path.write_text(terminal.renamed(path.read_text(encoding="utf-8")), encoding="utf-8")
    for name, (width, height) in REPORTS.items():
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(path.as_uri())
        _shoot(page, target / f"{name}.png")


def _pages(
    browser: Browser, terminal: Terminal, address: str, target: Path, jobs: Mapping[str, str]
) -> None:
    root = address.partition("/?")[0]
    for name, (path, width, height) in PAGES.items():
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if name.endswith("dark") else "light",
        )
        page = context.new_page()
        page.goto(address)
        page.goto(root + path.format(**jobs))
        page.wait_for_timeout(500)  # until its stream has begun, which may change it once
        page.evaluate(RENAME, [[own, shown] for shown, own in terminal.jobs.items()])
        _shoot(page, target / f"{name}.png")
        context.close()


def _shoot(page: Page, path: Path) -> None:
    page.screenshot(path=path)
    page.close()
    print(path.name)


@contextmanager
def _served(terminal: Terminal) -> Iterator[str]:
    """The address of a server with its token, while the context is open."""
    command = ["rrmq", "serve", "--port", "0"]
    with subprocess.Popen(
        command, env=terminal.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        try:
            assert server.stdout is not None  # noqa: S101  # it is a pipe
            said = server.stdout.readline().decode()
            found = re.search(r"http://\S+", said)
            if found is None:
                raise RuntimeError(f"rrmq serve: {said}")
            yield found[0]
        finally:
            os.kill(server.pid, 15)
