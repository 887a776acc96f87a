"""What may follow what: each step is the plan made again with that line behind it; what it closes has its clause; no figure, no path of times."""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import importlib.util
import io
import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from linewise.cli import main
from linewise.exchange import Codes, read_bytes
from linewise.knowledge import Knowledge
from linewise.plan import Plan, make_plan
from linewise.sequence import Sequence, make_sequence
from linewise.sequence.model import Step
from people import person
from places import ROOT
from sizes import sizes

DAY = dt.date(2026, 12, 1)
BERTA = ROOT / "examples/berta-her2-positive-brain.yaml"
HARDEST = 8.0

Ask = Callable[[dict[str, Any]], Sequence]
Planned = Callable[[dict[str, Any]], Plan]


@pytest.fixture
def plan(knowledge: Knowledge, codes: Codes) -> Planned:
    def planned(profile: dict[str, Any]) -> Plan:
        (record,) = read_bytes(json.dumps(profile).encode(), "a person", codes)
        return make_plan(record, knowledge, DAY)

    return planned


@pytest.fixture
def ask(knowledge: Knowledge, codes: Codes) -> Ask:
    def asked(profile: dict[str, Any]) -> Sequence:
        (record,) = read_bytes(json.dumps(profile).encode(), "a person", codes)
        return make_sequence(record, knowledge, DAY)

    return asked


def berta() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(BERTA.read_text(encoding="utf-8"))
    return found | {"region": "EU"}


def after(profile: dict[str, Any], *steps: Step) -> dict[str, Any]:
    """The profile as a person would write it when the cancer had grown on these steps, one after the other."""
    later = copy.deepcopy(profile)
    for step in steps:
        later["metastatic_lines"].append({"drugs": step.drugs, "stopped_for": "progression"})
    return later


def systemic(plan: Plan) -> list[str]:
    options = [*plan.offered, *plan.with_status("depends", brief=True)]
    return [one.id for one in options if one.kind == "systemic" and not one.declined]


def steps(found: list[Step]) -> Iterator[Step]:
    for one in found:
        yield one
        yield from steps(one.next)


# Each step is the plan of that day


def test_what_is_open_now_are_the_first_options_of_the_plan(ask: Ask, plan: Planned) -> None:
    found, options = ask(berta()), systemic(plan(berta()))
    assert [one.option for one in found.steps] == options[:3]
    assert found.more == len(options) - 3


def test_what_may_follow_is_the_plan_with_that_line_behind(ask: Ask, plan: Planned) -> None:
    """The same lines, written into the record by hand, give the same options: at the second and at the third line."""
    found = ask(berta())
    for first in found.steps:
        options = systemic(plan(after(berta(), first)))
        assert ([one.option for one in first.next], first.more) == (options[:3], len(options) - len(options[:3])), first.option
    first, second = found.steps[0], found.steps[0].next[0]
    assert [one.option for one in second.next] == systemic(plan(after(berta(), first, second)))[:3]


def test_what_a_step_closes_and_opens_is_so_in_the_plan_behind_it(ask: Ask, plan: Planned) -> None:
    now = plan(berta())
    for step in ask(berta()).steps:
        then = plan(after(berta(), step))
        for one in step.closes:
            assert now.status(one.option) in ("preferred", "suitable", "depends") and one.because
            assert then.status(one.option) in ("unsuitable", "not-indicated"), one.option
        for one in step.opens:
            assert now.status(one.option) not in ("preferred", "suitable", "depends")
            assert then.status(one.option) in (("preferred", "suitable") if one.fits else ("depends",)), one.option
        assert not {one.option for one in (*step.closes, *step.opens)} & {*step.keeps, step.option}


def test_a_drug_given_now_closes_the_combination_that_needs_it(ask: Ask) -> None:
    """Growth on capecitabine closes tucatinib with capecitabine; the clause says so, and the other way round."""
    by_id = {one.option: one for one in ask(berta()).steps}
    (closed,) = by_id["trastuzumab-capecitabine"].closes
    assert closed.option == "tucatinib-capecitabine-trastuzumab" and "capecitabine" in closed.because and not closed.common


def test_one_oral_hormone_blocker_closes_the_next() -> None:
    """Anna: the sister drug is closed by growth on the first, with the class as the clause."""
    out = _page("anna.json")
    assert "closes: Imlunestrant (the cancer grew on oral SERD" in out


def test_how_long_a_step_lasted_is_not_known_and_stays_open(ask: Ask) -> None:
    """What asks for months on the treatment of now hangs on them once it has ended; it is not decided by the months so far."""
    profile = {
        "sex": "female", "age": 61, "menopausal_status": "postmenopausal", "region": "EU", "er": {"status": "positive", "percent": 90},
        "her2": {"ihc": "0"}, "metastatic_sites": ["bone"], "visceral_crisis": False, "ecog": 1, "adjuvant": [],
        "variants": {"ESR1": "mutated"}, "metastatic_lines": [{"drugs": ["ribociclib", "letrozole"], "months": 8}],
    }  # fmt: skip
    going_on = next(one for one in ask(profile).steps if one.option == "continue-current")
    opened = {one.option: one for one in going_on.opens}
    assert not opened["elacestrant"].fits and "months" in opened["elacestrant"].because


# What it rests on


@pytest.mark.parametrize("people", sizes(5, 25))
def test_every_step_names_who_says_so_or_has_no_data(people: int, ask: Ask, knowledge: Knowledge) -> None:
    seen = 0
    for seed in range(people):
        found = ask(person(random.Random(seed)))
        for step in steps(found.steps):
            seen += 1
            assert all(one.source in found.sources for one in step.says)
            for study in step.studies:
                assert study.sources and set(study.sources) <= found.sources.keys()
                assert study.trial in knowledge.treatments[step.option].evidence
    assert seen > 50


def test_a_study_counts_for_a_way_only_where_its_people_had_come_that_way(ask: Ask) -> None:
    """HER2CLIMB took people who had had trastuzumab emtansine; it says something of tucatinib after it, and nothing of tucatinib now."""
    by_id = {one.option: one for one in ask(berta()).steps}
    now = by_id["tucatinib-capecitabine-trastuzumab"]
    later = next(one for one in by_id["trastuzumab-emtansine-her2-positive"].next if one.option == now.option)
    assert "her2climb" not in {one.trial for one in now.studies}
    assert {one.trial for one in later.studies if one.asked} >= {"her2climb"}


@pytest.mark.parametrize("people", sizes(5, 25))
def test_the_tree_stays_small(people: int, ask: Ask) -> None:
    for seed in range(people):
        found = list(steps(ask(person(random.Random(seed))).steps))
        assert len(found) <= 3 + 9 + 27
        assert all(len(one.next) <= 3 and one.depth <= 3 and not (one.depth == 3 and one.next) for one in found)


def test_what_somebody_does_not_want_is_no_step(ask: Ask, plan: Planned) -> None:
    declines = {"preferences": {"declines": ["chemotherapy"]}}
    found = ask(berta() | declines)
    unwanted = {one.id for one in plan(berta() | declines).unwanted}
    assert unwanted and not unwanted & {one.option for one in steps(found.steps)}


# The page


def _page(name: str, *more: str) -> str:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(out):
        assert main(["sequence", str(ROOT / "examples" / name), "--as-of", "2026-12-01", "--region", "EU", *more]) == 0
    out.flush()
    out.seek(0)
    return out.read()


def test_no_figure_stands_in_the_tree_unless_results_are_asked_for() -> None:
    words, results = _page("anna.json"), _page("anna.json", "--results")
    tree = words[words.index("What is open now") : words.index("Sources")]
    assert not re.search(r"\d+(\.\d+)? (months|%)|hazard ratio|\bOS\b|\bPFS\b", tree)
    assert re.search(r"hazard ratio", results)


def test_uncertainty_grows_and_is_drawn() -> None:
    out = _page("anna.json")
    marks = [re.match(r" *(•|\?\??) ", line) for line in out.splitlines()]
    drawn = [(one[1], len(one[0])) for one in marks if one]
    assert {sign for sign, _ in drawn} == {"•", "?", "??"}
    assert len({at for sign, at in drawn if sign == "??"}) == 1
    assert "less certain" in out and "far less certain" in out


def test_where_nothing_can_be_offered_there_is_no_tree_and_a_reason() -> None:
    found = json.loads(_page("eva-early-disease.yaml", "--json"))
    assert found["steps"] == [] and found["scope"]
    assert "not metastatic" in " ".join(_page("eva-early-disease.yaml").split())


def test_the_words_are_easy_to_read(knowledge: Knowledge) -> None:
    spec = importlib.util.spec_from_file_location("readability", ROOT / "tests/knowledge/test_readability.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    words = knowledge.wording.sequence
    assert words is not None
    assert module.grade(" ".join(one.plain for one in (*words.before, *words.after))) <= HARDEST
