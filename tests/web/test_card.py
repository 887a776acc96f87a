"""The card for emergencies, what if, and the comparison as an option grid."""

from __future__ import annotations

import json
from typing import Any

from linewise.knowledge import Knowledge
from linewise.plan.risks import risks

from . import people

ON_CHEMOTHERAPY = {
    **people.SECOND_LINE,
    "id": "card",
    "metastatic_lines": [{"drugs": ["paclitaxel"], "months": 2}],
    "medications": ["apixaban"],
}


def bring(person: Any, profile: dict[str, Any]) -> None:
    person.upload(json.dumps(profile).encode())


def test_the_card_names_drugs_dangers_and_numbers(person: Any) -> None:
    bring(person, ON_CHEMOTHERAPY)
    person.post("/mine/team", name="Nurse Kim", phone="030 123")
    text = person.get("/card").text
    for said in ("paclitaxel", "apixaban", "Fever on treatment", "spinal cord", 'href="tel:030123"', 'href="tel:112"'):
        assert said in text, said


def test_dangers_are_those_of_this_treatment(knowledge: Knowledge) -> None:
    named = {one.id for one in risks(people.plan_of(ON_CHEMOTHERAPY, knowledge))}
    assert {"fever-on-treatment", "cord-compression"} <= named
    immune = {**ON_CHEMOTHERAPY, "metastatic_lines": [{"drugs": ["pembrolizumab"], "months": 2}], "metastatic_sites": ["lung"]}
    named = {one.id for one in risks(people.plan_of(immune, knowledge))}
    assert "adrenal-crisis" in named and "cord-compression" not in named
    none = {**people.SECOND_LINE, "metastatic_lines": [], "metastatic_sites": ["lung"], "adjuvant": []}
    assert risks(people.plan_of(none, knowledge)) == []


def test_what_if_says_what_comes_and_goes_and_keeps_nothing(person: Any) -> None:
    bring(person, people.SECOND_LINE)
    before = person.get("/plan.json").json()["options"]
    twin = person.get("/what-if.json?fact=ESR1&value=wild-type").json()["moves"]
    assert "elacestrant" in {one["id"] for one in twin["go"]} and all(one["why"] for one in twin["go"])
    assert "Nothing would change" in person.get("/what-if?fact=ESR1&value=mutated").text
    assert person.get("/plan.json").json()["options"] == before
    first = person.get("/what-if.json").json()["facts"][0]
    assert first["id"] in {"AKT1", "PTEN"}
    assert person.get("/what-if?fact=subtype&value=TNBC").status_code == 404
    assert person.get("/what-if?fact=ESR1&value=nonsense").status_code == 422


def test_what_is_not_wanted_can_be_thought_through(person: Any) -> None:
    bring(person, people.SECOND_LINE)
    moves = person.get("/what-if.json?fact=declines&value=all-anticancer-treatment").json()["moves"]
    assert {"elacestrant", "tamoxifen-alone"} <= {one["id"] for one in moves["go"]}


def test_the_comparison_asks_what_people_ask_and_marks_what_matters(person: Any) -> None:
    bring(person, {**people.SECOND_LINE, "preferences": {"prefers": ["oral"]}})
    path = "/compare.json?option=elacestrant&option=everolimus-exemestane&option=fulvestrant-alone"
    rows = person.get(path).json()["rows"]
    assert rows[0]["label"].endswith("?") and rows[0]["id"] == "fit"
    assert rows[1]["id"] == "way" and rows[1]["wish"]
    assert all(any(row["cells"]) for row in rows)
    told = " ".join(line["text"] for row in rows for cell in row["cells"] for line in cell)
    assert "people had it" in told and "did not" in told
    assert "This matters to you" in person.get(path.replace(".json", "")).text


def test_a_fifth_option_is_named_not_dropped_in_silence(person: Any) -> None:
    bring(person, people.SECOND_LINE)
    names = ["elacestrant", "imlunestrant", "tamoxifen-alone", "fulvestrant-alone", "exemestane-alone"]
    answer = person.get("/compare?" + "&".join(f"option={one}" for one in names))
    assert answer.status_code == 422 and "Left out here: Exemestane" in answer.text


def test_an_option_never_shows_the_figures_of_another_arm(knowledge: Knowledge) -> None:
    """Fulvestrant was what CAPItello-291 compared with, exemestane was not in EMERALD at all: the effects of the new drug are not theirs."""
    from linewise.knowledge.counted import tested
    from linewise.plan.side_effects import rates

    capitello = knowledge.evidence["capitello-291"]
    assert tested(capitello, knowledge.treatments["capivasertib-fulvestrant"], knowledge)
    assert not tested(capitello, knowledge.treatments["fulvestrant-alone"], knowledge)
    assert not tested(knowledge.evidence["emerald"], knowledge.treatments["exemestane-alone"], knowledge)
    assert not any(one.treatment == 72 for one in rates(["fulvestrant-alone"], knowledge))
    assert not any(one.trial == "EMERALD" and one.treatment == 35 for one in rates(["exemestane-alone"], knowledge))
