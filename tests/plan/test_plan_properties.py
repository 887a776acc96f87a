"""What must hold for every record: more information never reverses an answer, unknown is never read as negative, reasons agree."""

from __future__ import annotations

import copy
import datetime as dt
import random
from typing import Any

import pytest

from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.logic import walk
from linewise.logic.nodes import Known
from linewise.plan import Plan, make_plan
from linewise.plan.model import OFFERED, Because
from linewise.plan.questions import questions
from people import person

DAYS = [dt.date(2016, 6, 1), dt.date(2021, 6, 1), dt.date(2024, 6, 1), dt.date(2026, 11, 1)]
REGIONS: list[Any] = ["US", "EU", "UK", "DE", None]


def plan(profile: dict[str, Any], knowledge: Knowledge, codes: Codes, day: dt.date, region: Any = "EU") -> Plan:
    return make_plan(read_profile(profile, "person", codes, True), knowledge, day, region)


_VALUES: dict[str, list[Any]] = {
    "variants.ESR1": ["mutated", "wild-type"],
    "variants.PIK3CA": ["mutated", "wild-type"],
    "variants.AKT1": ["mutated", "wild-type"],
    "variants.PTEN": ["altered", "wild-type"],
    "variants.BRCA1": ["germline-pathogenic", "wild-type"],
    "variants.BRCA2": ["germline-pathogenic", "wild-type"],
    "variants.MSI": ["high", "stable"],
    "variants.NTRK": ["fusion", "wild-type"],
    "pdl1.cps": [0, 12],
    "pdl1.ic": [0, 2],
    "visceral_crisis": [True, False],
    "ecog": [0, 2, 4],
}


def put(profile: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(profile)
    *folders, last = path.split(".")
    at = changed
    for name in folders:
        at = at.setdefault(name, {})
    at[last] = value
    return changed


def drop(profile: dict[str, Any], path: str) -> dict[str, Any]:
    changed = copy.deepcopy(profile)
    *folders, last = path.split(".")
    at = changed
    for name in folders:
        at = at.get(name, {})
    at.pop(last, None)
    return changed


def guarded(knowledge: Knowledge) -> set[str]:
    """Facts of which some criterion asks whether they are known: for them, learning something is a change of its own."""
    nodes = [
        node
        for fact in knowledge.facts.values()
        for node in [fact.criterion, *(case.when for case in fact.cases)]
        if node is not None
    ]
    nodes += [treatment.fits for treatment in knowledge.treatments.values()]
    nodes += [one.fits for treatment in knowledge.treatments.values() for one in treatment.standing if one.fits is not None]
    return {part.fact for node in nodes for part in walk(node) if isinstance(part, Known)}


def fact_of(path: str) -> str:
    """The fact that a member of the profile fills."""
    return path.removeprefix("variants.").replace("pdl1.", "pdl1-")


@pytest.mark.parametrize("seed", range(60))
def test_learning_a_result_never_reverses_an_answer(seed: int, knowledge: Knowledge, codes: Codes) -> None:
    chance = random.Random(seed)
    profile, day = person(chance), chance.choice(DAYS)
    free = [path for path in _VALUES if fact_of(path) not in guarded(knowledge) and path != "visceral_crisis"]
    path = chance.choice(free)
    without = plan(drop(profile, path), knowledge, codes, day)
    for value in _VALUES[path]:
        with_it = plan(put(profile, path, value), knowledge, codes, day)
        for name, before in without.judged.items():
            after = with_it.judged[name]
            for part in ("fits", "stands"):
                old, new = getattr(before, part), getattr(after, part)
                assert None in (old, new) or new is old, f"{name}: {part} was {old} without {path}, is {new} with {value}"


@pytest.mark.parametrize("seed", range(60))
def test_what_is_offered_without_a_result_is_offered_whatever_the_result(seed: int, knowledge: Knowledge, codes: Codes) -> None:
    """Unknown never reads as negative: an option offered in ignorance must not rest on what the answer would be."""
    chance = random.Random(1000 + seed)
    profile, day = person(chance, known=0.9), chance.choice(DAYS)
    path = chance.choice(
        [path for path in _VALUES if fact_of(path) not in guarded(knowledge) and path not in ("ecog", "visceral_crisis")]
    )
    offered = {one for one, judged in plan(drop(profile, path), knowledge, codes, day).judged.items() if judged.status in OFFERED}
    for value in _VALUES[path]:
        with_it = plan(put(profile, path, value), knowledge, codes, day)
        wrong = {name for name in offered if with_it.judged[name].status == "not-indicated"}
        assert not wrong, f"offered without {path}, not indicated with {value}: {wrong}"


@pytest.mark.parametrize("receptor", ["er", "pr", "her2"])
def test_no_subtype_treatment_without_its_receptor(receptor: str, knowledge: Knowledge, codes: Codes) -> None:
    """A receptor nobody tested opens nothing that rests on it; it becomes a test to ask for."""
    profile = {
        "sex": "female",
        "age": 60,
        "metastatic_sites": ["lung"],
        "visceral_crisis": False,
        "ecog": 1,
        "metastatic_lines": [],
        "adjuvant": [],
    }
    known = {"er": {"status": "negative"}, "pr": {"status": "negative"}, "her2": {"ihc": "0", "ish": "negative"}}
    answer = plan(profile | {name: value for name, value in known.items() if name != receptor}, knowledge, codes, DAYS[-1])
    assert answer.subject.subtype == "unknown"
    offered = [option for option in answer.offered if option.kind == "systemic" and "continue" not in option.id]
    assert [option.id for option in offered if "her2-therapy" in option.classes or "endocrine-therapy" in option.classes] == []
    assert receptor.upper() in {test.id for test in answer.tests}


@pytest.mark.parametrize("seed", range(25))
def test_every_rendering_says_the_same(seed: int, knowledge: Knowledge, codes: Codes) -> None:
    """Status, tree, sentence and open questions come from one explanation and cannot contradict each other."""
    chance = random.Random(2000 + seed)
    answer = plan(person(chance), knowledge, codes, chance.choice(DAYS), chance.choice(REGIONS))
    for option in answer.options:
        fits, stands = option.because.all[0], option.because.all[1]  # type: ignore[index]
        if option.status in OFFERED:
            assert fits.value is True
            assert stands.value is True
            assert option.reason.startswith("Fits")
            assert not option.depends_on
        elif option.status == "not-indicated":
            assert fits.value is False or stands.value is False
        elif option.status == "depends":
            assert option.depends_on, f"{option.id} depends, but on nothing"
        else:
            assert option.reason.startswith("Not for you")
        _sound(option.because)


def _sound(node: Because) -> None:
    """The value of a node follows from its parts by Kleene's rules."""
    values = [part.value for part in node.parts]
    if node.about or not values or node.text.endswith(")"):
        pass  # a derived fact has its own rule; the top node sums up a status
    elif node.all is not None:
        assert node.value is (False if False in values else None if None in values else True)
    elif (
        node.any is not None
        and node.at_least is None
        and node.text.split(":")[0].isupper() is False
        and not node.text.startswith("approved")
    ):
        assert node.value is (True if True in values else None if None in values else False)
    for part in node.parts:
        _sound(part)


@pytest.mark.parametrize("seed", range(20))
def test_a_contraindication_that_holds_is_never_offered(seed: int, knowledge: Knowledge, codes: Codes) -> None:
    chance = random.Random(3000 + seed)
    answer = plan(person(chance, known=0.95), knowledge, codes, chance.choice(DAYS), chance.choice(REGIONS))
    for option in answer.offered:
        fixed = set(option.drugs)
        assert [
            one.id for one in option.cautions if one.severity == "contraindicated" and one.applies and one.drug in fixed
        ] == [], option.id


def test_nothing_is_offered_before_anybody_said_so(knowledge: Knowledge, codes: Codes) -> None:
    """Every offered option has a statement in force on the day; none from the future decides."""
    chance = random.Random(7)
    for _ in range(40):
        day = chance.choice(DAYS)
        answer = plan(person(chance, known=0.9), knowledge, codes, day, chance.choice(["US", "EU", "UK", "DE"]))
        for option in answer.offered:
            carrying = [one for one in option.standing if one.in_force and one.applies]
            assert carrying, option.id
            assert all(one.since[:4] <= str(day.year) for one in carrying)


def test_what_a_person_declines_is_shown_apart_and_never_hidden(knowledge: Knowledge, codes: Codes) -> None:
    profile = {
        "sex": "female", "age": 62, "menopausal_status": "postmenopausal", "er": {"status": "positive"}, "pr": {"status": "positive"},
        "her2": {"ihc": "0", "ish": "negative"}, "metastatic_sites": ["bone"], "visceral_crisis": False, "ecog": 0, "adjuvant": [],
        "metastatic_lines": [], "comorbidities": [], "medications": [],
    }  # fmt: skip
    wanted = plan(profile, knowledge, codes, DAYS[-1])
    declined = plan(profile | {"preferences": {"declines": ["all-anticancer-treatment"]}}, knowledge, codes, DAYS[-1])
    would_fit = {option.id for option in wanted.offered if option.kind == "systemic"}
    shown = {option.id for option in declined.unwanted} | {option.id for option in declined.offered}
    assert would_fit
    assert would_fit <= shown
    assert all(option.declined and option.reason.startswith("Would fit") for option in declined.unwanted)
    assert wanted.unwanted == []


def test_the_esr1_question_is_asked_while_nobody_knows_the_answer(knowledge: Knowledge, codes: Codes) -> None:
    """A question about a missing result must not itself wait for that result."""
    profile = {
        "sex": "female", "age": 62, "menopausal_status": "postmenopausal", "er": {"status": "positive"}, "her2": {"ihc": "0"},
        "metastatic_sites": ["bone"], "metastatic_lines": [{"drugs": ["letrozole"], "months": 9, "stopped_for": "progression"}],
    }  # fmt: skip

    def asked(**variants: str) -> bool:
        found = questions(plan(profile | {"variants": variants}, knowledge, codes, DAYS[-1]))
        return "esr1-test" in {one.id for one in found}

    assert asked()
    assert asked(ESR1="wild-type")
    assert not asked(ESR1="mutated")
