"""The web app: pages answered per second, the 99th percentile with ten readers, bytes per page, time until a page can be used."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import statistics
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

from linewise.knowledge import open_knowledge
from linewise.web.app import create_app

READERS, SECONDS = 10, 6.0
LARGEST = 100_000
PAGES = (
    "/start",
    "/plan",
    "/plan/rest",
    "/option/{option}",
    "/medicines",
    "/diary/new",
    "/visit",
    "/visit/sheet",
    "/learn",
    "/glossary",
    "/effects",
)


def _serve(folder: Path) -> int:
    import uvicorn

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    app = create_app(open_knowledge(), folder, [f"127.0.0.1:{port}"])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", access_log=False, lifespan="off"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    return port


class Reader:
    """One reader with the example person open, on a connection that stays."""

    def __init__(self, port: int) -> None:
        self.link = http.client.HTTPConnection("127.0.0.1", port)
        self.cookie = ""
        token = re.search(rb'name="csrf" value="([^"]+)"', self.get("/start"))
        assert token is not None
        form = urlencode({"csrf": token[1].decode()})
        self._ask("POST", "/start/example", form, {"content-type": "application/x-www-form-urlencoded"})

    def get(self, path: str) -> bytes:
        return self._ask("GET", path, None, {})

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> bytes:
        self.link.request(method, path, body, {**headers, "cookie": self.cookie})
        answer = self.link.getresponse()
        self.cookie = (answer.getheader("set-cookie") or self.cookie).split(";")[0]
        return answer.read()


def _read(port: int, pages: list[str], until: float, seconds: list[float]) -> None:
    reader, number = Reader(port), 0
    while time.perf_counter() < until:
        start = time.perf_counter()
        reader.get(pages[number % len(pages)])
        seconds.append(time.perf_counter() - start)
        number += 1


def _usable(port: int) -> list[float]:
    """Milliseconds until the plan can be used, in a real browser; empty where there is none."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return []
    if path is None:
        return []
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}/start")
        page.get_by_role("button", name="Try the example").click()
        for _ in range(9):
            page.goto(f"http://127.0.0.1:{port}/plan")
            found.append(float(page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive")))
        browser.close()
    return found


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        port = _serve(Path(folder))
        first = Reader(port)
        option = re.search(rb'href="/option/([\w-]+)"', first.get("/plan"))
        pages = [path.format(option=option[1].decode() if option else "none") for path in PAGES]
        for path in pages:
            alone = []
            for _ in range(15):
                start = time.perf_counter()
                size = len(first.get(path))
                alone.append(time.perf_counter() - start)
            print(
                f"{path:<44}{statistics.median(alone) * 1000:>8.1f} ms {size / 1000:>8.1f} kB{'  over 100 kB' if size > LARGEST else ''}"
            )
        seconds: list[float] = []
        until = time.perf_counter() + SECONDS
        readers = [threading.Thread(target=_read, args=(port, pages, until, seconds)) for _ in range(READERS)]
        for one in readers:
            one.start()
        for one in readers:
            one.join()
        worst = statistics.quantiles(seconds, n=100)[98]
        print(
            f"{READERS} readers: {len(seconds) / SECONDS:.0f} pages a second, median {statistics.median(seconds) * 1000:.0f} ms, p99 {worst * 1000:.0f} ms"
        )
        usable = _usable(port)
        print(
            f"plan usable in the browser after {statistics.median(usable):.0f} ms (median)"
            if usable
            else "no browser: time to interactive not measured"
        )
