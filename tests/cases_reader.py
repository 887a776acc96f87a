"""Reads example cases: a profile, a day, a region, and what a published source expects of the plan."""

from __future__ import annotations

import datetime as dt
from typing import Any

from linewise.bench.cases import load_cases, load_people, merged, situations
from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.plan import Plan, make_plan
from linewise.plan.model import STATUSES
from linewise.plan.questions import questions

_OFFERS = {"offered", "not_offered"}
__all__ = ["failures", "load_cases", "load_people", "merged", "plan_of", "situations"]


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
