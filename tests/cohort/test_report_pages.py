"""The pages of reports in a real browser: at the width of a phone and of a desk, dark and on paper, by keyboard, with axe-core."""

from __future__ import annotations

import datetime as dt
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from linewise.cohort.changes import Side, impact
from linewise.cohort.journeys import lines
from linewise.cohort.report import png
from linewise.cohort.reports import describe, options
from linewise.invented.draw import draw
from linewise.invented.run import content
from linewise.knowledge import Knowledge, open_knowledge

DAY = dt.date(2026, 10, 31)
NAMES = ("describe", "plan", "impact", "lines")
RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"


@pytest.fixture(scope="module")
def reports(knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All four, with a table of what was wrong with the input. A page shows its pictures as SVG: the PNG files beside it are not made."""
    root, part = tmp_path_factory.mktemp("reports"), [("a", draw(content(open_knowledge()), 600, 3))]
    made = {
        "describe": describe(part, knowledge, DAY, "EU"),
        "plan": options(part, knowledge, DAY, "EU", root / "plan"),
        "impact": impact(
            part, Side(knowledge, dt.date(2020, 1, 1), "2020-01-01"), Side(knowledge, DAY, DAY.isoformat()), DAY, "EU"
        ),
        "lines": lines(part, knowledge, DAY),
    }
    for name, report in made.items():
        report.heading("What was wrong with the input")
        report.table("faults", pl.DataFrame({"kind": ["the same resource twice"], "times": [1234]}), ["times"])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(png, "available", lambda: False)
            report.write(root / name)
    return root


def opened(chromium: Any, reports: Path, name: str, **context: Any) -> Any:
    page = chromium.new_context(**context).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"file://{reports}/{name}/report.html")
    assert asked == [f"file://{reports}/{name}/report.html"]  # nothing else is loaded, from here or elsewhere
    return page


SCREENS = (("light", 390), ("dark", 1100))


@pytest.mark.parametrize(
    ("name", "scheme", "width"),
    [
        pytest.param(name, *screen, marks=[] if (at + on) % 2 == 0 else [pytest.mark.slow])  # every page, and every screen
        for at, name in enumerate(NAMES)
        for on, screen in enumerate(SCREENS)
    ],
)
def test_axe_finds_nothing(name: str, scheme: str, width: int, chromium: Any, reports: Path) -> None:
    found = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed (axe-playwright-python)")
    page = opened(chromium, reports, name, color_scheme=scheme, viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate((files(found) / "axe.min.js").read_text(encoding="utf-8"))
    faults = page.evaluate(f"axe.run(document, {RULES})")["violations"]
    assert [f"{fault['id']}: {fault['nodes'][0]['html'][:160]}" for fault in faults] == []
    page.context.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [320, 390, 1100])
def test_a_page_fits_its_screen(name: str, width: int, chromium: Any, reports: Path) -> None:
    """Only pictures and tables are scrolled sideways, inside their own frame."""
    page = opened(chromium, reports, name, viewport={"width": width, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


@pytest.mark.parametrize("name", NAMES)
def test_words_in_pictures_do_not_run_into_each_other(name: str, chromium: Any, reports: Path) -> None:
    page = opened(chromium, reports, name, viewport={"width": 1100, "height": 900})
    clashes = page.evaluate(
        """() => [...document.querySelectorAll('svg')].flatMap(svg => {
            const frame = svg.getBoundingClientRect();
            const boxes = [...svg.querySelectorAll('text')].map(one => [one.textContent, one.getBoundingClientRect()]);
            const out = boxes.filter(([, b]) => b.left < frame.left - 1 || b.right > frame.right + 1 || b.bottom > frame.bottom + 1);
            const meet = boxes.flatMap(([one, a], i) => boxes.slice(i + 1).filter(([, b]) =>
                a.left < b.right - 2 && b.left < a.right - 2 && a.top < b.bottom - 5 && b.top < a.bottom - 5).map(([other]) => one + ' / ' + other));
            return [...out.map(([one]) => 'outside: ' + one), ...meet];
        })"""
    )
    assert not clashes
    page.context.close()


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_reached_by_keyboard(name: str, chromium: Any, reports: Path) -> None:
    page = opened(chromium, reports, name, viewport={"width": 390, "height": 800})
    wanted = page.evaluate("document.querySelectorAll('a[href], summary, [tabindex]').length")
    seen = set()
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        place = page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)")
        visible = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        tag = page.evaluate("document.activeElement.tagName")
        if tag != "BODY":
            seen.add(place)
            assert visible != "none", page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
    closed = page.evaluate("document.querySelectorAll('details:not([open]) a[href], details:not([open]) [tabindex]').length")
    assert len(seen) == wanted - closed
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.evaluate("one => one.open")
    page.context.close()


@pytest.mark.parametrize("name", NAMES)
def test_on_paper_it_is_light_and_whole(name: str, chromium: Any, reports: Path) -> None:
    page = opened(chromium, reports, name, color_scheme="dark", viewport={"width": 720, "height": 1000})
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(26, 26, 26)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 720
    assert len(page.pdf()) > 10_000
    page.context.close()


def test_a_page_says_first_what_it_cannot_say(chromium: Any, reports: Path) -> None:
    for name in NAMES:
        page = opened(chromium, reports, name)
        box = page.locator("section.box")
        assert box.locator("h2").inner_text() == "What this cannot say"
        assert box.locator("li").count() >= 3
        assert box.bounding_box()["y"] < page.locator("figure").first.bounding_box()["y"]
        page.context.close()
