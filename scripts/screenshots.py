"""`python scripts/screenshots.py`: docs/screenshots/*.png anew, from the app itself with the example person, in the system's Chromium."""

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

OUT = Path(__file__).parents[1] / "docs" / "screenshots"
LARGEST = 200_000
PHONE, DESK = {"width": 360, "height": 760}, {"width": 1200, "height": 860}
SHOTS = (
    ("start", "/start", DESK, "light"),
    ("question", "/guide/er", PHONE, "light"),
    ("my-plan", "/plan", DESK, "light"),
    ("my-plan-phone", "/plan", PHONE, "dark"),
    ("option", "{option}", DESK, "light"),
    ("compare", "{compare}", DESK, "light"),
    ("check-in", "/diary/new", PHONE, "light"),
    ("visit-sheet", "/visit/sheet", DESK, "light"),
    ("learn", "/learn/receptors-and-subtypes", PHONE, "dark"),
    ("card", "/card", PHONE, "light"),
    ("what-if", "/what-if?fact=PIK3CA&value=mutated", PHONE, "dark"),
)


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


def shoot(browser: Any, address: str) -> None:
    """Every picture, with the example person."""
    for name, path, size, scheme in SHOTS:
        context = browser.new_context(viewport=size, color_scheme=scheme)
        page = context.new_page()
        page.goto(f"{address}/start")
        if name != "start":
            page.get_by_role("button", name="Try the example").click()
            links = [one.get_attribute("href") for one in page.locator("article.option h3 a").all()[:2]]
            names = "&".join(f"option={one.rsplit('/', 1)[1]}" for one in links)
            page.goto(address + path.format(option=links[0], compare=f"/compare?{names}"))
        target = OUT / f"{name}.png"
        page.screenshot(path=str(target))
        print(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")
        if target.stat().st_size > LARGEST:
            sys.exit(f"{target.name} is larger than {LARGEST / 1000:.0f} kB")
        context.close()


def main() -> None:
    path = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if path is None:
        sys.exit("no Chromium on this machine: install the package chromium")
    from playwright.sync_api import sync_playwright

    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        shoot(browser, served(Path(folder)))
        browser.close()


if __name__ == "__main__":
    main()
