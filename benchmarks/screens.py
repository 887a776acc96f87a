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
        print(f"{'tabs to the first option':<40}{tabs_to(page, OPTION):>6}")
        browser.close()


if __name__ == "__main__":
    main()
