"""Reads example cases: a profile, a day, a region, and what a published source expects of the plan."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.plan import Plan, make_plan
from linewise.plan.model import STATUSES
from linewise.plan.questions import questions
from places import read_yaml

_PEOPLE = "people.yaml"
_TODAY = dt.date(2026, 11, 30)
_OFFERS = {"offered", "not_offered"}
_FLAGS = {"due": "flags", "calm": "no_flags"}
"""In a situation: the red flags that must be up, and those that must not."""


def load_cases(folder: Path) -> list[dict[str, Any]]:
    """Every case under a folder; a file of situations holds one case for each."""
    found = []
    for path in sorted(folder.rglob("*.yaml")):
        if path.name != _PEOPLE:
            case = read_yaml(path)
            found += situations(path, case) if "situations" in case else [case | {"file": path.name}]
    return found


def situations(path: Path, file: dict[str, Any]) -> list[dict[str, Any]]:
    """The cases of a file that says, for one treatment that is going on, what a label expects of many situations.

    Each differs from a named person of `people.yaml` in what stands under `with`. `goes-on` says whether the treatment may go on,
    `urgent` whether anything calls for help the same day, `due` and `calm` name red flags that must be up or must not.
    """
    people, found = load_people(path.parent), []
    for number, one in enumerate(file["situations"], 1):
        taking = one.get("taking", file.get("taking", []))
        person = merged(people[one.get("base", file["base"])], file.get("with", {}))
        if taking:
            person["metastatic_lines"] = [*person.get("metastatic_lines", []), {"drugs": taking, "months": 3}]
        expect = dict(one.get("expect", {})) | ({"urgent": one["urgent"]} if "urgent" in one else {})
        for short, key in _FLAGS.items():
            expect.update({key: one[short]} if short in one else {})
        if "goes-on" in one:
            key = "offered" if one["goes-on"] else "not_offered"
            expect[key] = [*expect.get(key, []), taking]
        case = {
            "id": f"{path.stem}-{number}",
            "expect": expect,
            "profile": merged(person, one.get("with", {})),
            "file": path.name,
            "situation": one["says"],
        }
        found.append(
            {"as_of": file.get("as_of", _TODAY), "region": file.get("region", "EU")}
            | {k: one[k] for k in ("as_of", "region", "source") if k in one}
            | case
        )
    return found


def load_people(folder: Path) -> dict[str, Any]:
    """The people that the situations of a folder differ from: its own, else those of `conduct`."""
    own = folder / _PEOPLE
    return read_yaml(own if own.exists() else folder.parent / "conduct" / _PEOPLE)


def merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """A profile with some members added or replaced; maps inside it are merged too."""
    both = {
        key: merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        for key, value in more.items()
    }
    return dict(base) | both


def plan_of(case: dict[str, Any], knowledge: Knowledge, codes: Codes) -> Plan:
    """The plan of a case, on its day and in its region (`any`: none)."""
    record = read_profile(case["profile"], case["id"], codes, True)
    region = case.get("region")
    day = case["as_of"] if isinstance(case["as_of"], dt.date) else dt.date.fromisoformat(case["as_of"])
    return make_plan(record, knowledge, day, None if region in (None, "any") else region)


def failures(case: dict[str, Any], plan: Plan) -> list[str]:
    """Every expectation of a case that the plan does not meet, in words."""
    expect, found = case["expect"], []
    # Only what is asked for is worded: wording every option of every case is most of the time of the suite.
    offered = {option.id: {*option.drugs, *option.classes} for option in plan.offered} if _OFFERS & expect.keys() else {}
    for wanted in expect.get("offered", []):
        if not any(set(wanted) <= names for names in offered.values()):
            near = [f"{o.id}={o.status} ({o.reason})" for o in plan.options if set(wanted) <= {*o.drugs, *o.classes}]
            found.append(f"not offered: {wanted}: {near[:4]}")
    for wanted in expect.get("preferred", []):
        if not any(set(wanted) <= {*o.drugs, *o.classes} for o in plan.with_status("preferred")):
            found.append(f"not preferred: {wanted}")
    for unwanted in expect.get("not_preferred", []):
        if any(set(unwanted) <= {*o.drugs, *o.classes} for o in plan.with_status("preferred")):
            found.append(f"wrongly preferred: {unwanted}")
    for sooner, later in expect.get("before", []):
        found += _out_of_order(sooner, later, plan)
    for unwanted in expect.get("not_offered", []):
        wrong = [name for name, names in offered.items() if set(unwanted) <= names]
        if wrong:
            found.append(f"wrongly offered: {unwanted}: {wrong}")
    if expect.get("caution"):
        fitting = plan.with_status(*(status for status in STATUSES if status != "not-indicated"))
        shown = {(c.drug, c.id) for o in fitting for c in o.cautions} | {(c.drug, c.id) for c in plan.cautions}
        for wanted in expect["caution"]:
            if (wanted["drug"], wanted["why"]) not in shown and not _of_class(wanted, shown, plan):
                near = sorted(why for drug, why in shown if drug == wanted["drug"])
                found.append(f"no caution: {wanted}; shown for it: {near}")
    if expect.get("tests"):
        tests = {test.id for test in plan.tests}
        found += [f"test not asked for: {test}" for test in expect["tests"] if test not in tests]
    soon = [one.id for one in plan.urgent if one.act in ("emergency", "same-day")]  # "tell them at the next visit" is no alarm
    if "urgent" in expect and bool(soon) != bool(expect["urgent"]):
        found.append(f"urgent: {soon}, expected {expect['urgent']}")
    flags = {flag.id for flag in plan.urgent}
    found += [f"no red flag: {flag}; shown: {sorted(flags)}" for flag in expect.get("flags", []) if flag not in flags]
    found += [f"false alarm: {flag}" for flag in expect.get("no_flags", []) if flag in flags]
    if {"asked", "not_asked"} & expect.keys():
        asked = {one.id for one in questions(plan)}
        found += [f"question not asked: {one}" for one in expect.get("asked", []) if one not in asked]
        found += [f"question wrongly asked: {one}" for one in expect.get("not_asked", []) if one in asked]
    if "subtype" in expect and plan.subject.subtype != expect["subtype"]:
        found.append(f"subtype: {plan.subject.subtype}, expected {expect['subtype']}")
    return found


def _out_of_order(sooner: list[str], later: list[str], plan: Plan) -> list[str]:
    """What is wrong where the first option with some words must stand before the first one with others."""
    names = [{*option.drugs, *option.classes} for option in plan.offered]
    first, second = (next((at for at, found in enumerate(names) if set(words) <= found), None) for words in (sooner, later))
    if first is None or second is None:
        return [f"not both offered: {sooner}, {later}"]
    return [] if first < second else [f"{later} stands before {sooner}"]


def _of_class(wanted: dict[str, str], shown: set[tuple[str, str]], plan: Plan) -> bool:
    """A caution asked of a class is met by any drug of an option in that class."""
    drugs = {drug for option in plan.options if wanted["drug"] in option.classes for drug in option.drugs}
    return any((drug, wanted["why"]) in shown for drug in drugs)
