"""Side effects: every option has them, every name leads to them, and no figure is told of the arm that did not have it."""

from __future__ import annotations

import datetime as dt
import json

import msgspec
import pytest

from linewise.cli import main
from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge, counted
from linewise.plan import make_plan
from linewise.plan.side_effects import rates, rates_of_drug


def _treated(option: str, effect: str, knowledge: Knowledge) -> set[float | None]:
    return {one.treatment for one in rates([option], knowledge) if one.effect == effect}


def test_no_option_that_can_be_offered_is_left_empty(knowledge: Knowledge) -> None:
    assert list(counted.gaps(knowledge)) == []


def test_an_option_whose_side_effects_nobody_entered_is_a_fault(knowledge: Knowledge) -> None:
    evidence = {name: one for name, one in knowledge.evidence.items() if not name.startswith("label-vinorelbine")}
    without = Knowledge(msgspec.structs.replace(knowledge.content, evidence=evidence))
    assert "treatments/vinorelbine" in {owner for owner, _ in counted.gaps(without)}


@pytest.mark.parametrize(
    ("option", "effect", "never"),
    [
        ("fulvestrant-alone", "diarrhoea", 72),  # capivasertib's, in CAPItello-291
        ("doxorubicin", "hand-foot-syndrome", 48),  # the pegylated form's, in O'Brien's trial
        ("capecitabine", "thrombocytopenia", 31.2),  # trastuzumab emtansine's, in EMILIA
    ],
)
def test_a_figure_of_the_other_arm_is_never_told_of_this_one(
    option: str, effect: str, never: float, knowledge: Knowledge
) -> None:
    assert never not in _treated(option, effect, knowledge)


def test_the_arm_of_the_control_is_told_of_its_own_drug(knowledge: Knowledge) -> None:
    assert 2 in _treated("doxorubicin", "hand-foot-syndrome", knowledge)
    assert 71 in _treated("cmf", "hair-loss", knowledge)


def test_what_the_trial_of_an_option_counted_goes_before_its_drugs_alone(knowledge: Knowledge) -> None:
    diarrhoea = [one for one in rates(["tucatinib-capecitabine-trastuzumab"], knowledge) if one.effect == "diarrhoea"]
    assert {one.treatment for one in diarrhoea} == {81} and all(one.own for one in diarrhoea)


def test_every_drug_of_an_option_has_counts(knowledge: Knowledge) -> None:
    drugs = {
        drug
        for one in knowledge.treatments.values()
        if one.kind in ("systemic", "bone") and any(each.decides_in(None) for each in one.standing)
        for drug in counted.drugs_of(one)
        if drug in knowledge.drugs
    }
    assert [drug for drug in sorted(drugs) if not rates_of_drug(drug, knowledge)] == []


@pytest.mark.parametrize(
    "name", ["Enhertu", "tamoxifen", "docetaxel", "Taxotere", "aromatase inhibitor", "hair loss", "Capecitabine", "goserelin"]
)
def test_a_brand_a_drug_a_class_an_effect_and_a_title_all_answer(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["side-effects", name, "--format", "json"]) == 0
    assert json.loads(capfd.readouterr().out)


def test_what_helps_and_when_to_call_is_told_with_them(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["side-effects", "capecitabine"]) == 0
    told = capfd.readouterr().out
    assert "What helps, and when to call" in told and "TODAY" in told


def test_a_word_that_search_knows_as_something_else_is_told_as_that(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["side-effects", "second opinion"]) == 2
    assert "linewise search" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("option", "trial", "begins"),
    [
        (
            "fulvestrant-alone",
            "capitello-291",
            "as the comparator: PFS (PIK3CA, AKT1 or PTEN altered): 3.1 months, against 7.3 months with capivasertib",
        ),
        ("exemestane-alone", "emerald", "as the comparator: "),
        ("capivasertib-fulvestrant", "capitello-291", "PFS (PIK3CA, AKT1 or PTEN altered): 7.3 against 3.1 months"),
    ],
)
def test_the_figure_of_the_comparator_is_never_read_as_that_of_the_other_arm(
    option: str, trial: str, begins: str, knowledge: Knowledge, codes: Codes
) -> None:
    profile = {"sex": "female", "age": 62, "menopausal_status": "postmenopausal", "metastatic_sites": ["bone"], "ecog": 0}
    profile |= {"er": {"status": "positive"}, "pr": {"status": "positive"}, "her2": {"ihc": "0", "status": "negative"}}
    profile |= {"metastatic_lines": [{"drugs": ["letrozole", "palbociclib"], "months": 20, "stopped_for": "progression"}]}
    profile |= {"variants": {"PIK3CA": "mutated"}, "visceral_crisis": False}
    plan = make_plan(read_profile(profile, "arms", codes, True), knowledge, dt.date(2026, 11, 30), "EU")
    (found,) = [one for one in plan.option(option).evidence if one.id == trial]
    assert found.result.startswith(begins)
