"""The app in a real browser: by keyboard, at several widths, without JavaScript, with axe-core in both themes."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from . import people

PAGES = [
    "/start",
    "/start/import",
    "/start/keep",
    "/plan",
    "/plan/rest",
    "/record",
    "/compare",
    "/medicines",
    "/diary",
    "/diary/new",
    "/diary/report",
    "/visit",
    "/visit/sheet",
    "/learn",
    "/learn/receptors-and-subtypes",
    "/drug/tamoxifen",
    "/search?q=mouth",
    "/glossary",
    "/effects",
    "/effect/diarrhoea",
    "/help",
    "/source/nci-pro-ctcae",
    "/feedback",
    "/mine",
    "/changes",
    "/nothing-here",
    "/unwell",
    "/card",
    "/outlook",
    "/sequence",
    "/trials",
    "/what-if",
    "/what-if?fact=PIK3CA&value=mutated",
    "/unwell/fever",
    "/unwell/back",
]
OWN = [
    "/guide/region",
    "/guide/sex",
    "/guide/age",
    "/guide/er",
    "/guide/sites",
    "/guide/lines",
    "/guide/illnesses",
    "/guide/medicines",
    "/answers",
]
"""Own questions close the invented person: looked at after everything else."""
COLOURED = {
    "/start",
    "/plan",
    "/compare",
    "/diary/new",
    "/diary/report",
    "/visit/sheet",
    "/learn/receptors-and-subtypes",
    "/search?q=mouth",
    "/unwell",
    "/unwell/fever",
    "/card",
    "/what-if?fact=PIK3CA&value=mutated",
    "/guide/region",
    "/guide/lines",
}
"""Pages that between them show every colour of the style sheet; those of one option, too."""
_ALL = "runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
_COLOURS = "runOnly: {type: 'rule', values: ['color-contrast', 'link-in-text-block']}"
"""The second theme differs from the first in its colours alone."""


def faults_of(page: Any, rules: str) -> list[str]:
    """What axe-core finds on the page: the rule, and where it is broken first."""
    found = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed (axe-playwright-python)")
    page.evaluate((files(found) / "axe.min.js").read_text(encoding="utf-8"))
    run = f"axe.run(document, {{{rules}, resultTypes: ['violations']}})"  # what holds is not handed over: it is long
    faults = page.evaluate(f"{run}.then(found => found.violations.map(one => [one.id, one.nodes[0].html]))")
    return [f"{rule}: {html[:120]}" for rule, html in faults]


def test_a_picture_without_words_and_pale_text_are_found(chromium: Any) -> None:
    page = chromium.new_page()
    page.set_content(
        '<html lang="en"><title>x</title><main><h1>x</h1><img src="x"><p style="color: #ddd; background: #fff">pale</p></main>'
    )
    assert [fault.partition(":")[0] for fault in faults_of(page, _ALL)] == ["color-contrast", "image-alt"]
    assert [fault.partition(":")[0] for fault in faults_of(page, _COLOURS)] == ["color-contrast"]
    page.close()


def opened(browser: Any, server: Any, **named: Any) -> Any:
    """A page at the start, in a context of its own, with the example person."""
    context = browser.new_context(**named)
    page = context.new_page()
    page.goto(f"{server.address}/start")
    page.get_by_role("button", name="Try the example").click()
    page.wait_for_url("**/plan")
    return page


def paths(page: Any, coloured: bool = False) -> list[str]:
    """All pages, those of one option among them; or those that have colours of their own."""
    option = page.locator("article.option h3 a").first.get_attribute("href")
    second = page.locator("article.option h3 a").nth(1).get_attribute("href")
    names = [str(one).rsplit("/", 1)[1] for one in (option, second)]
    found = [*PAGES, option, f"{option}/calendar", f"/compare?option={names[0]}&option={names[1]}", *OWN]
    return [path for path in found if path in COLOURED or path not in (*PAGES, *OWN)] if coloured else found


@pytest.mark.parametrize(
    ("scheme", "rules", "coloured"),
    [("light", _ALL, False), ("dark", _COLOURS, True), pytest.param("dark", _ALL, False, marks=pytest.mark.slow)],
    ids=["light", "dark", "every page in the dark"],
)
def test_axe_finds_nothing(chromium: Any, server: Any, scheme: str, rules: str, coloured: bool) -> None:
    page = opened(chromium, server, color_scheme=scheme, bypass_csp=True)
    faults = []
    for path in paths(page, coloured):
        page.goto(server.address + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        faults += [f"{path}: {fault}" for fault in faults_of(page, rules)]
    page.context.close()
    assert faults == []


@pytest.mark.parametrize("dark", [_COLOURS, pytest.param(_ALL, marks=pytest.mark.slow)], ids=["colours", "everything"])
def test_the_plan_as_one_page_is_accessible(chromium: Any, knowledge: Any, tmp_path: Any, dark: str) -> None:
    from linewise.web.plan_page import plan_html

    target = tmp_path / "plan.html"
    target.write_text(plan_html([people.plan_of(people.SECOND_LINE, knowledge)], knowledge), encoding="utf-8")
    for scheme, width, rules in (("light", 360, _ALL), ("dark", 1440, dark)):
        page = chromium.new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
        page.goto(target.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert faults_of(page, rules) == []
        page.close()


def test_nothing_runs_out_of_the_page_the_policy_is_never_broken_and_no_request_leaves(chromium: Any, server: Any) -> None:
    """Wide as a phone and a desk, 360 and 1440; 720 is 1440 at 200% zoom, 320 what WCAG asks for."""
    context = chromium.new_context()
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{server.address}/start")
    page.get_by_role("button", name="Try the example").click()
    wide = []
    for path in paths(page):
        page.goto(server.address + path)
        for width in (320, 360, 720, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wide.append(f"{path} at {width}")
    context.close()
    assert wide == []
    assert [url for url in asked if not url.startswith(server.address)] == []
    assert [text for text in said if "404" not in text] == []


def test_search_answers_while_typing(chromium: Any, server: Any) -> None:
    page = opened(chromium, server)
    page.goto(f"{server.address}/learn")
    page.get_by_label("Search everything").press_sequentially("mouth sores")
    page.locator("#answers li").first.wait_for()
    assert "sore" in page.locator("#answers").inner_text().lower()
    page.context.close()


class Keyboard:
    """Somebody who has no mouse: Tab until the thing is reached, then Enter, Space or letters."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def reach(self, words: str, role: str = "") -> None:
        """Tab to the first thing whose words or label hold these."""
        for _ in range(200):
            self.page.keyboard.press("Tab")
            found = self.page.evaluate(
                "(() => { const e = document.activeElement; const l = e.labels && e.labels[0];"
                "return [(e.innerText || '') + ' ' + (l ? l.innerText : '') + ' ' + (e.getAttribute('aria-label') || ''), e.tagName] })()"
            )
            if words in found[0] and (not role or found[1].lower() == role):
                return
        raise AssertionError(f"the keyboard does not reach “{words}” on {self.page.url}")

    def press(self, words: str, role: str = "", key: str = "Enter") -> None:
        self.reach(words, role)
        self.go(key)

    def go(self, key: str = "Enter") -> None:
        """Press a key that leads to another page, and wait for it."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)


def _answer(keys: Keyboard, page: Any) -> None:
    """Answer one question with the keyboard: the first answer, a number, or none."""
    if page.locator("input[type=radio][name=answer], input[type=checkbox][name=answer]").count():
        keys.reach("", "input")
        page.keyboard.press("Space")
        keys.press("Next", "button")
    elif page.locator("input#field-answer.short").count():
        keys.reach("", "input")
        page.keyboard.type("57")
        keys.go()
    else:
        keys.press("I don’t know", "button")


def journey(page: Any, server: Any) -> None:
    """From the first start to the printed sheet, by keyboard alone."""
    keys = Keyboard(page)
    page.goto(f"{server.address}/start")
    keys.press("Start the questions", "a")
    for _ in range(50):
        if page.url.endswith("/plan"):
            break
        _answer(keys, page)
    assert page.url.endswith("/plan")
    if page.viewport_size["width"] < 640:
        keys.reach("Menu", "summary")
        page.keyboard.press("Enter")
    keys.press("My visit", "a")
    keys.reach("My own questions")
    page.keyboard.type("Can I travel in May?")
    keys.press("Make my sheet", "button")
    assert page.url.endswith("/visit/sheet")
    assert "Can I travel in May?" in page.inner_text("main")


@pytest.mark.parametrize("width", [360, pytest.param(1440, marks=pytest.mark.slow)])
def test_by_keyboard_alone_from_start_to_printed_sheet(chromium: Any, server: Any, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    journey(page, server)
    assert page.pdf(format="A4").startswith(b"%PDF-")
    page.emulate_media(media="print")
    assert not page.locator("header.top").is_visible()
    context.close()


def test_without_javascript(chromium: Any, server: Any) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.address}/start/import")
    page.set_input_files(
        "#field-file", {"name": "me.json", "mimeType": "application/json", "buffer": json.dumps(people.SECOND_LINE).encode()}
    )
    page.get_by_role("button", name="Read it").click()
    assert page.url.startswith(f"{server.address}/record")
    page.goto(f"{server.address}/plan")
    page.locator("article.option h3 a").first.click()
    page.get_by_text("The full reason").click()
    page.goto(f"{server.address}/unwell")
    page.get_by_role("link", name="Fever").click()
    page.get_by_role("button", name="Fever", exact=True).click()
    assert "Please act on this" in page.inner_text("h1")
    page.goto(f"{server.address}/diary/new")
    page.get_by_role("button", name="Save my week").click()
    assert "check-in" in page.inner_text("h1")
    page.goto(f"{server.address}/visit")
    page.get_by_label("My own questions, one on each line").fill("Can I travel?")
    page.get_by_role("button", name="Make my sheet").click()
    assert "Can I travel?" in page.inner_text("main")
    page.goto(f"{server.address}/search?q=nausea")
    assert page.locator("#answers li").count()
    context.close()


def test_dropping_a_file_that_is_too_big_is_said_at_once(chromium: Any, server: Any, tmp_path: Any) -> None:
    big = tmp_path / "big.json"
    with big.open("wb") as file:
        file.truncate(70 * 1024 * 1024)
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{server.address}/start/import")
    page.set_input_files("#field-file", str(big))
    assert "too big" in page.locator("[data-live]").inner_text()
    page.get_by_role("button", name="Read it").click()
    page.wait_for_load_state()
    assert "too big" in page.inner_text("body")
    context.close()
