"""The app as a person meets it: how many phone screens a page takes, taps to an answer and to an alarm, tabs, school grade of its words."""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from linewise.knowledge import open_knowledge
from linewise.web.app import create_app

WIDTH, HEIGHT = 360, 760
OPTION = "a[href^='/option/']"
PAGES = ("/start", "/plan", "/plan/rest", "/visit/sheet", "/medicines", "/diary/new", "/learn", "/help")


def served(folder: Path) -> str:
    """The app on a free port, in this process; returns its address."""
    import uvicorn

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(open_knowledge(), folder, [f"127.0.0.1:{port}"])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", access_log=False, lifespan="off"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    return f"http://127.0.0.1:{port}"


def screens(page: Any) -> float:
    """How many phone screens the page is long."""
    return round(float(page.evaluate("document.documentElement.scrollHeight")) / HEIGHT, 1)


def tabs_to(page: Any, selector: str, most: int = 250) -> int:
    """How often Tab must be pressed until an element that fits is reached."""
    page.evaluate("window.scrollTo(0, 0); document.activeElement && document.activeElement.blur()")
    for count in range(1, most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return count
    return most


CARDS = """[...document.querySelectorAll('article.option')].map(card => {
  const parts = [...card.children].filter(one => one.matches('h3, p, .card-foot'));
  const lines = one => one.matches('.card-foot') ? 1 : Math.max(1, Math.round(
    (one.offsetHeight - parseFloat(getComputedStyle(one).paddingTop) * 2) / parseFloat(getComputedStyle(one).lineHeight)));
  return parts.reduce((sum, one) => sum + lines(one), 0);
})"""
FIRST = "document.querySelector('.answer').getBoundingClientRect().bottom + window.scrollY"


def plan_figures(page: Any) -> dict[str, float]:
    """Of the plan that is shown: phone screens, where the answer ends (in screens), and the most lines that a card has."""
    length, answer = screens(page), round(float(page.evaluate(FIRST)) / HEIGHT, 2)
    page.evaluate("document.querySelectorAll('details.more').forEach(one => { one.open = true })")
    return {"screens": length, "answer ends at": answer, "most lines of a card": max([0, *page.evaluate(CARDS)])}


OWN = (
    "{sex: female, age: 61, region: EU, menopausal_status: postmenopausal, er: {status: positive}, pr: {status: positive}, her2: {ihc: '1+'}, "
    "variants: {ESR1: mutated}, metastatic_sites: [bone], visceral_crisis: false, ecog: 1, "
    "metastatic_lines: [{drugs: [ribociclib, letrozole], months: 22, stopped_for: progression}]}"
)
"""A record of one's own, in the short form."""


def own_plan(page: Any, address: str, record: str = OWN) -> None:
    """The plan of a record that was pasted in."""
    page.goto(f"{address}/start/import")
    page.locator("summary", has_text="Or paste the text").click()
    page.locator("#field-text").fill(record)
    page.get_by_role("button", name="Read it").click()
    page.wait_for_url("**/record*")
    page.goto(f"{address}/plan")


def main() -> None:
    """Measure and print."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        sys.exit("no Chromium on this machine: install the package chromium")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        address = served(Path(folder))
        page.goto(f"{address}/start")
        page.get_by_role("button", name="Try the example").click()
        page.wait_for_url("**/plan")
        option = str(page.locator(OPTION).first.get_attribute("href"))
        for name in (*PAGES, option):
            page.goto(address + name)
            print(f"{name:<40}{screens(page):>6} phone screens")
        page.goto(f"{address}/plan")
        print(f"{'tabs to the first option (example)':<40}{tabs_to(page, OPTION):>6}")
        for label, value in plan_figures(page).items():
            print(f"{'plan: ' + label:<40}{value:>6}")
        own_plan(page, address)
        print(f"{'tabs to the first option (own record)':<40}{tabs_to(page, OPTION):>6}")
        browser.close()


if __name__ == "__main__":
    main()
