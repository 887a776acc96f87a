"""Trials beside a plan: what may fit or hangs on a fact, with the age of the entry; never an option."""

from __future__ import annotations

import datetime as dt
import json
import random
from typing import Any

import msgspec
import pytest

from linewise.cli import main
from linewise.exchange import Codes, read_bytes
from linewise.knowledge import Knowledge
from linewise.plan import Plan, make_plan
from linewise.trials import ask
from linewise.trials.ask import MOST, depends, places, to_ask
from linewise.trials.known import known_entries
from linewise.trials.match import Matcher
from people import person
from places import ROOT

DAY = dt.date(2026, 12, 1)
HORMONE_POSITIVE = {
    "sex": "female",
    "age": 60,
    "menopausal_status": "postmenopausal",
    "er": {"status": "positive"},
    "her2": {"ihc": "0"},
    "metastatic_sites": ["bone"],
    "metastatic_lines": [{"drugs": ["palbociclib", "letrozole"], "months": 14, "stopped_for": "progression"}],
}
NO_TREATMENT = {"preferences": {"declines": ["all-anticancer-treatment"]}}


def plan_of(profile: dict[str, Any], knowledge: Knowledge, codes: Codes, day: dt.date = DAY) -> Plan:
    (record,) = read_bytes(json.dumps(profile).encode(), "a person", codes)
    return make_plan(record, knowledge, day, "EU")


def test_the_trials_are_those_of_the_command_and_none_that_does_not_fit(knowledge: Knowledge, codes: Codes) -> None:
    """Whoever the person is: shown and counted together are what the matcher leaves."""
    shown = 0
    for seed in range(30):
        plan = plan_of(person(random.Random(seed)), knowledge, codes)
        trials, matcher = to_ask(plan), Matcher(plan.record, knowledge, DAY)
        status = {entry.id: matcher.match(entry).status for entry in known_entries(knowledge)}
        left = {name for name, one in status.items() if one != "does-not-fit"} if plan.scope is None else set()
        assert {one.id: one.status for one in trials.shown}.items() <= status.items(), seed
        assert {one.id for one in trials.shown} <= left, seed
        assert len(trials.shown) == min(MOST, len(left)) and len(trials.shown) + trials.more == len(left), seed
        shown += len(trials.shown)
    assert shown > 20


def test_each_says_what_it_depends_on_and_how_old_its_entry_is(knowledge: Knowledge, codes: Codes) -> None:
    trials = to_ask(plan_of(HORMONE_POSITIVE, knowledge, codes))
    assert len(trials.shown) == MOST and trials.more > 0
    for one in trials.shown:
        assert (one.depends_on or one.unchecked) and depends(one).startswith("depends on: ")
        assert "ask whether it still recruits" in one.ask and " months ago" in one.ask
        read = next(entry for entry in known_entries(knowledge) if entry.id == one.id)
        assert read.read_on is not None
        assert f"entry read {'in' if read.month_only else f'on {read.read_on.day}'} {read.read_on:%B %Y}, " in one.ask
        assert one.url.startswith("https://")
        assert not [words for words in one.depends_on if words.startswith("not known") or words.endswith("not known")]


def test_a_trial_is_no_option(knowledge: Knowledge, codes: Codes) -> None:
    plan = plan_of(HORMONE_POSITIVE, knowledge, codes)
    before = [one.id for one in plan.with_status("preferred", "suitable", "depends")]
    document = plan.document(trials=to_ask(plan))
    assert [one.id for one in document.options if one.status in ("preferred", "suitable", "depends")] == before
    assert not {one.id for one in document.options} & {entry.id for entry in known_entries(knowledge)}


@pytest.mark.parametrize(
    "more",
    [{"metastatic_sites": [], "metastatic_lines": []}, NO_TREATMENT],
    ids=["early", "wants-no-treatment"],
)
def test_who_gets_no_options_or_wants_none_is_shown_no_trial(more: dict[str, Any], knowledge: Knowledge, codes: Codes) -> None:
    plan = plan_of(HORMONE_POSITIVE | more, knowledge, codes)
    assert plan.scope is not None or more is NO_TREATMENT
    trials = to_ask(plan)
    assert (trials.shown, trials.more) == ([], 0)


def test_an_entry_that_was_read_later_is_not_shown(knowledge: Knowledge, codes: Codes) -> None:
    assert to_ask(plan_of(HORMONE_POSITIVE, knowledge, codes, dt.date(2025, 12, 24))).shown == []
    for day in (dt.date(2025, 12, 25), dt.date(2026, 1, 5)):
        read = {entry.id: entry.read_on for entry in known_entries(knowledge)}
        shown = to_ask(plan_of(HORMONE_POSITIVE, knowledge, codes, day)).shown
        assert shown and all((read[one.id] or day) <= day for one in shown)


def test_a_trial_that_takes_nobody_is_not_asked_about(
    knowledge: Knowledge, codes: Codes, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(HORMONE_POSITIVE, knowledge, codes)
    (first, *_) = to_ask(plan).shown
    closed = [msgspec.structs.replace(one, status="COMPLETED") if one.id == first.id else one for one in known_entries(knowledge)]
    monkeypatch.setattr(ask, "known_entries", lambda knowledge: closed)
    assert first.id not in [one.id for one in to_ask(plan).shown]


def test_the_plan_shows_them_behind_the_options(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    plan = ["plan", str(ROOT / "examples" / "anna.json"), "--region", "EU", "--as-of", DAY.isoformat()]
    assert main([*plan, "--format", "json"]) == 0
    trials = json.loads(capsysbinary.readouterr().out)["trials"]
    assert len(trials["shown"]) == MOST
    assert main(plan) == 0
    page = capsysbinary.readouterr().out.decode()
    assert page.index("what fits") < page.index("Trials to ask about") < page.index("Does not fit")
    for one in trials["shown"]:
        assert one["id"] in page
    assert f"and {trials['more']} more" in page and "A trial team decides who can join." in page


def test_the_page_and_the_sheet_of_the_meeting_show_the_same(knowledge: Knowledge, codes: Codes) -> None:
    pytest.importorskip("jinja2", reason="the extra `web` is not installed")
    pytest.importorskip("sqlalchemy", reason="the extra `clinic` is not installed")
    from linewise.clinic.papers import paper
    from linewise.web.plan_page import plan_html

    plan = plan_of(HORMONE_POSITIVE, knowledge, codes)
    pages = [plan_html([plan], knowledge), paper(plan, "html", codes, []).decode()]
    for page in pages:
        assert "Trials to ask about" in page
        for one in to_ask(plan).shown:
            assert one.url in page and places(one) in page
    nothing = plan_of(HORMONE_POSITIVE | NO_TREATMENT, knowledge, codes)
    assert "Trials to ask about" not in plan_html([nothing], knowledge)
