"""A drug begins, waits, goes on smaller or ends as its rules say: an invented medicine, one person, and the same person as a column."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from linewise.knowledge import Knowledge
from linewise.knowledge.load import load
from linewise.plan import Plan, make_plan
from linewise.record import Course, Entry, Medication, Origin, Reaction, Record
from places import ROOT

DAY = dt.date(2026, 11, 30)
AT = Origin("a record")
STANDING = "standing: [{body: FDA, region: [US, EU], since: 2020, says: approved, source: s}, {body: X, region: [US, EU], since: 2020, says: recommended, place: first, source: s}]"
WORDING = ROOT / "knowledge" / "wording" / "en"
FILES = {
    **{f"wording/en/{path.name}": path.read_text(encoding="utf-8") for path in WORDING.glob("*.yaml")},
    "regions.yaml": """
US: {label: the United States, short: the US, decides: [approved, recommended], blocks: [withdrawn]}
EU: {label: the European Union, short: the EU, decides: [approved, recommended], blocks: [withdrawn]}
DE: {label: Germany, short: Germany, also: [EU], decides: [approved, recommended], blocks: [withdrawn]}
""",
    "sources/all.yaml": "s: {title: A label, publisher: A publisher, date: 2020, url: https://example.org}\n",
    "facts/all.yaml": """
- {id: metastatic, label: metastatic, type: yes-no}
- {id: age, label: age, type: number, range: [0, 120]}
- {id: line, label: line, type: number, of: history, range: [1, 40]}
- {id: disease-free-interval, label: interval, type: number, of: history, range: [0, 600]}
- {id: marker, label: marker, type: choice, of: cancer, values: {positive: {label: positive}, negative: {label: negative}}}
- {id: count, label: blood count, type: number, range: [0, 100], test: blood}
- {id: symptoms, label: symptoms, type: set, silence: none, values: {cough: {label: cough}}}
- {id: sites, label: sites, type: set, of: cancer, values: {bone: {label: bone}}}
- {id: comorbidities, label: illnesses, type: set, silence: none, values: {gout: {label: gout}}}
""",
    "tests/all.yaml": "- {id: blood, title: Blood count, plain: A blood test., source: s}\n",
    "effects/rash.yaml": "{id: rash, label: rash}",
    "scope.yaml": "adult: 18\n",
    "cautions.yaml": "low: {label: low}\nrash: {label: rash}\n",
    "classes/all.yaml": """
- {id: blocker, label: blocker, makes-line: true}
- {id: hormone, label: hormone, makes-line: true}
""",
    "drugs/alfa.yaml": """
id: alfa
label: alfa
classes: [blocker]
conduct:
  - {do: start, when: count < 20, id: low, text: Not begun below 20., plain: Not yet., source: s}
  - {do: hold, when: count < 10, id: low, until: It is 10 again., goes-on: [hormone], text: Held below 10., plain: It waits., source: s}
  - {do: reduce, when: count >= 10 and count < 15, id: low, dose: One step lower., text: Lower., plain: A smaller dose., source: s}
  - {do: stop, when: reacted to alfa with rash at grade 3, unknown: depends, id: rash, text: Never again., plain: Never again., source: s}
  - {do: [start, hold], when: reacted to alfa with rash ongoing, id: rash, text: Rash first., plain: The rash first., source: s}
  - {do: hold, when: count > 90, region: US, id: low, text: Held above 90 in the US., plain: It waits., source: s}
caution:
  - {id: low, severity: major, when: taking quinoa, advice: avoid, text: Avoid with quinoa., plain: Not with quinoa., source: s}
""",
    "drugs/bravo.yaml": "{id: bravo, label: bravo, classes: [blocker]}",
    "drugs/hotel.yaml": "{id: hotel, label: hotel, classes: [hormone]}",
    "drugs/quinoa.yaml": "{id: quinoa, label: quinoa}",
    "treatments/alfa.yaml": f"{{id: alfa-alone, title: Alfa, kind: systemic, drugs: [alfa], plain: A., fits: marker is positive, {STANDING}}}",
    "treatments/bravo.yaml": f"{{id: bravo-alone, title: Bravo, kind: systemic, drugs: [bravo], plain: B., fits: marker is positive and had alfa, {STANDING}}}",
    "treatments/oscar.yaml": "{id: oscar, title: Oscar, kind: systemic, drugs: [bravo], plain: O., fits: marker is positive, standing: [{body: FDA, region: EU, since: 2020, says: approved, source: s}, {body: FDA, region: EU, since: 2021, says: withdrawn, fits: count > 40, source: s}]}",
    "treatments/current.yaml": f"{{id: go-on, title: Go on, kind: systemic, drugs: [current], plain: C., fits: receiving any treatment, {STANDING}}}",
    "alerts/all.yaml": "- {id: cough, title: A cough, act: same-day, when: symptoms include cough, plain: Call today., holds: [blocker], source: s}\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def medicine(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    root: Path = tmp_path_factory.mktemp("knowledge")
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Knowledge(load(root))


def record(count: float | None = 50.0, taking: tuple[str, ...] = (), **more: Any) -> Record:
    entries = [Entry(fact="metastatic", value=True, origin=AT), Entry(fact="marker", value="positive", origin=AT)]
    if count is not None:
        entries.append(Entry(fact="count", value=count, origin=AT))
    entries += [Entry(fact="symptoms", value=name, origin=AT) for name in more.pop("symptoms", ())]
    courses = [Course(drugs=taking, setting="metastatic", number=1, months=3.0, ongoing=True, origins=(AT,))] if taking else []
    lists = frozenset({"adjuvant", "metastatic_lines", "comorbidities", "medications", "reactions", "symptoms"})
    return Record(entries=entries, courses=courses, declared=lists, **more)


def plan(medicine: Knowledge, found: Record, region: str = "EU") -> Plan:
    """The plan for one person; the same person as a column must get the same statuses."""
    one = make_plan(found, medicine, DAY, region)  # type: ignore[arg-type]
    pytest.importorskip("polars")
    from linewise.columns.decide import plan as plan_of_many
    from linewise.columns.events import of_records

    many = plan_of_many(of_records([found]), medicine, DAY, region).row(0, named=True)  # type: ignore[arg-type]
    assert {name: one.status(name) for name in many} == many
    return one


def reacted(**about: Any) -> list[Reaction]:
    return [Reaction(drug="alfa", effect="rash", origin=AT, **about)]


def test_a_drug_does_not_begin_below_the_limit_of_its_start(medicine: Knowledge) -> None:
    assert plan(medicine, record(count=19.0)).status("alfa-alone") == "unsuitable"
    assert plan(medicine, record(count=20.0)).status("alfa-alone") == "preferred"


def test_what_is_not_measured_is_a_test_before_the_start(medicine: Knowledge) -> None:
    found = plan(medicine, record(count=None))
    assert found.status("alfa-alone") == "preferred"
    assert [test.before for test in found.tests if test.id == "blood"] == [["alfa-alone"]]


def test_a_limit_of_the_start_does_not_pause_what_goes_on(medicine: Knowledge) -> None:
    assert plan(medicine, record(count=19.0, taking=("alfa",))).status("go-on") == "preferred"


def test_a_drug_that_is_held_does_not_go_on_and_its_partner_does(medicine: Knowledge) -> None:
    found = plan(medicine, record(count=9.0, taking=("alfa", "hotel")))
    assert found.status("go-on") == "unsuitable"
    assert {one.drug: one.action for one in found.going_on} == {"alfa": "hold", "hotel": "goes-on"}
    assert found.option("go-on").reason == "Not for you now: alfa: It waits. hotel goes on meanwhile."
    assert found.going_on[0].rules[0].until == "It is 10 again."


def test_a_smaller_dose_is_shown_and_the_drug_goes_on(medicine: Knowledge) -> None:
    found = plan(medicine, record(count=12.0, taking=("alfa",)))
    assert found.status("go-on") == "preferred"
    (alfa,) = found.going_on
    assert (alfa.action, alfa.rules[0].dose) == ("reduce", "One step lower.")
    assert any("One step lower." in one.text for one in found.option("go-on").cautions)


def test_a_severe_reaction_ends_a_drug_for_good(medicine: Knowledge) -> None:
    for taking in ((), ("alfa",)):
        found = plan(medicine, record(taking=taking, reactions=reacted(grade=3, ongoing=False)))
        assert found.status("alfa-alone") == "unsuitable"
    assert plan(medicine, record(reactions=reacted(grade=2, ongoing=False))).status("alfa-alone") == "preferred"


def test_a_reaction_that_nobody_graded_leaves_it_open(medicine: Knowledge) -> None:
    found = plan(medicine, record(reactions=reacted(ongoing=False)))
    assert found.status("alfa-alone") == "depends"
    assert found.option("alfa-alone").depends_on == ["reacted to alfa with rash at grade 3"]


def test_a_light_reaction_waits_while_it_is_there(medicine: Knowledge) -> None:
    assert plan(medicine, record(reactions=reacted(grade=1, ongoing=True))).status("alfa-alone") == "unsuitable"
    assert plan(medicine, record(reactions=reacted(grade=1, ongoing=False))).status("alfa-alone") == "preferred"


def test_a_rule_of_one_region_holds_there_alone(medicine: Knowledge) -> None:
    high = record(count=95.0, taking=("alfa",))
    assert plan(medicine, high, "US").status("go-on") == "unsuitable"
    assert plan(medicine, high, "EU").status("go-on") == "preferred"


def test_while_a_red_flag_is_up_going_on_depends(medicine: Knowledge) -> None:
    found = plan(medicine, record(taking=("alfa",), symptoms=("cough",)))
    assert found.status("go-on") == "depends"
    assert found.option("go-on").depends_on == ["cough"]
    assert found.going_on[0].action == "ask"
    assert plan(medicine, record(taking=("hotel",), symptoms=("cough",))).status("go-on") == "preferred"


def test_a_red_flag_does_not_keep_a_drug_from_beginning(medicine: Knowledge) -> None:
    assert plan(medicine, record(symptoms=("cough",))).status("alfa-alone") == "preferred"


def test_what_a_label_says_to_avoid_is_no_first_choice_and_names_the_other(medicine: Knowledge) -> None:
    quinoa = [Medication(drug="quinoa", origin=AT)]
    found = plan(medicine, record(medications=quinoa))
    assert found.status("alfa-alone") == "suitable"
    assert found.option("alfa-alone").reason == "Fits, with a better choice: Not with quinoa. This is not so with bravo."


def test_an_approval_that_was_taken_back_for_some_is_open_while_nobody_knows_who_they_are(medicine: Knowledge) -> None:
    assert plan(medicine, record(count=50.0)).status("oscar") == "not-indicated"
    assert plan(medicine, record(count=30.0)).status("oscar") == "suitable"
    assert plan(medicine, record(count=None)).status("oscar") == "depends"


def test_what_is_for_a_later_line_says_so(medicine: Knowledge) -> None:
    found = plan(medicine, record())
    assert found.option("alfa-alone").group == "first"
    assert found.option("bravo-alone").group == "later"
    assert found.option("go-on").group == "not-now"


def test_the_page_in_the_terminal_says_what_waits_and_what_goes_on(medicine: Knowledge) -> None:
    from linewise.cli.terminal import plan_page

    page = plan_page(plan(medicine, record(count=9.0, taking=("alfa", "hotel"))))
    assert "alfa: waits" in page
    assert "hotel: goes on" in page
    assert "What you take now" not in plan_page(plan(medicine, record(taking=("hotel",))))


@pytest.mark.parametrize(("fact", "value", "says"), [("age", 12.0, "adults"), ("metastatic", False, "not metastatic")])
def test_nothing_is_offered_to_a_child_or_without_spread(fact: str, value: float | bool, says: str, medicine: Knowledge) -> None:
    asked = record()
    assert plan(medicine, asked).offered
    asked.entries = [one for one in asked.entries if one.fact != fact] + [Entry(fact=fact, value=value, origin=AT)]
    found = plan(medicine, asked)
    assert not found.offered and not found.judged and says in str(found.scope)
