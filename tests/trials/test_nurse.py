"""The trials of the knowledge as a trial nurse reads them: ten trials, forty people, each criterion, told in Python and not in the criteria language.

The nurse has the profile alone. She says yes, no, or that she cannot say; an absent entry is unknown to her.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.trials.known import known_entries
from linewise.trials.match import Matcher
from places import ROOT, read_yaml

Person = dict[str, Any]
Answer = bool | None
Nurse = Callable[[Person], Answer]

DAY = dt.date(2026, 6, 1)
CDK = {"palbociclib", "ribociclib", "abemaciclib"}
AI = {"letrozole", "anastrozole", "exemestane"}
HORMONES = {*AI, "fulvestrant", "tamoxifen", "elacestrant"}
CHEMO = {"capecitabine", "docetaxel", "paclitaxel", "eribulin", "carboplatin", "gemcitabine", "doxorubicin", "cyclophosphamide"}
CONJUGATES = {"trastuzumab-emtansine", "trastuzumab-deruxtecan", "sacituzumab-govitecan"}
HER2 = {"trastuzumab", "pertuzumab", "trastuzumab-emtansine", "trastuzumab-deruxtecan"}
PATHWAY = {"alpelisib"}
_FORGOTTEN = ("her2", "metastatic_lines", "labs", "brain", "er", "ecog", "reactions", "comorbidities", "adjuvant", "variants")


def people() -> dict[str, Person]:
    """The twenty of eligibility.yaml, and each again with one entry missing."""
    told: dict[str, Person] = read_yaml(ROOT / "tests/trials/eligibility.yaml")["people"]
    found: dict[str, Person] = {}
    for place, (name, person) in enumerate(told.items()):
        whole = {key: value for key, value in person.items() if value is not None}
        gone = _FORGOTTEN[place % len(_FORGOTTEN)]
        found[name] = whole
        found[f"{name} without {gone}"] = {key: value for key, value in whole.items() if key != gone}
    return found


# What the nurse asks of a profile


def both(*asked: Answer) -> Answer:
    return False if False in asked else None if None in asked else True


def one_of(*asked: Answer) -> Answer:
    return True if True in asked else None if None in asked else False


def no(asked: Answer) -> Answer:
    return None if asked is None else not asked


def at_least(key: str, limit: float, beyond: bool = False) -> Nurse:
    def asked(person: Person) -> Answer:
        value = person.get("labs", {}).get(key)
        return None if value is None else value > limit if beyond else value >= limit

    return asked


def ecog(most: int) -> Nurse:
    return lambda person: None if "ecog" not in person else person["ecog"] <= most


def er(person: Person) -> Answer:
    status = person.get("er", {}).get("status")
    return None if status is None else status in ("positive", "low")


def hormone_positive(person: Person) -> Answer:
    progesterone = person.get("pr", {}).get("status")
    return one_of(er(person), None if progesterone is None else progesterone in ("positive", "low"))


def her2_positive(person: Person) -> Answer:
    status = person.get("her2", {}).get("status")
    return None if status is None else status == "positive"


def her2_negative(person: Person) -> Answer:
    return no(her2_positive(person))


def triple_negative(person: Person) -> Answer:
    return both(no(hormone_positive(person)), her2_negative(person))


def mutated(gene: str, as_: Iterable[str] = ("mutated",)) -> Nurse:
    return lambda person: None if gene not in person.get("variants", {}) else person["variants"][gene] in as_


def site(name: str) -> Nurse:
    return lambda person: None if "metastatic_sites" not in person else name in person["metastatic_sites"]


def brain(*statuses: str) -> Nurse:
    return lambda person: None if "brain" not in person else person["brain"]["status"] in statuses


def ill(*names: str) -> Nurse:
    return lambda person: None if "comorbidities" not in person else bool(set(names) & set(person["comorbidities"]))


def harmed(effect: str) -> Nurse:
    return lambda person: None if "reactions" not in person else any(one["effect"] == effect for one in person["reactions"])


def crisis(person: Person) -> Answer:
    """No organ is in danger where none holds a metastasis."""
    if "visceral_crisis" not in person and set(person.get("metastatic_sites", ["?"])) <= {"bone", "lymph-node", "skin"}:
        return False
    return person.get("visceral_crisis")


def lines(person: Person, *kinds: set[str]) -> list[dict[str, Any]] | None:
    """The lines for metastatic disease with a drug of each kind; None where no list is there."""
    if "metastatic_lines" not in person:
        return None
    return [one for one in person["metastatic_lines"] if all(kind & set(one["drugs"]) for kind in kinds)]


def had(*kinds: set[str]) -> Nurse:
    def asked(person: Person) -> Answer:
        found = lines(person, *kinds)
        return None if found is None else bool(found)

    return asked


def had_ever(*kinds: set[str]) -> Nurse:
    def asked(person: Person) -> Answer:
        courses = person.get("adjuvant")
        before = (
            any(all(kind & set(one["drugs"]) for kind in kinds) for one in courses)
            if courses is not None
            else False
            if person.get("de_novo")
            else None
        )
        return one_of(had(*kinds)(person), before)

    return asked


def grown_on(*kinds: set[str]) -> Nurse:
    def asked(person: Person) -> Answer:
        found = lines(person, *kinds)
        return None if found is None else any(one.get("stopped_for") == "progression" for one in found)

    return asked


def count(least: int, most: int, *kinds: set[str]) -> Nurse:
    def asked(person: Person) -> Answer:
        found = lines(person, *kinds)
        return None if found is None else least <= len(found) <= most

    return asked


def untreated(person: Person) -> Answer:
    return no(had()(person))


def conditions(*asked: Nurse) -> Nurse:
    return lambda person: both(*(one(person) for one in asked))


def any_of(*asked: Nurse) -> Nurse:
    return lambda person: one_of(*(one(person) for one in asked))


def unless_active(person: Person) -> Answer:
    """Active brain disease excludes; stable disease has to be looked at."""
    status = person.get("brain", {}).get("status")
    return {None: None, "none": False, "stable": None, "active": True}[status]


def chemotherapy_alone(person: Person) -> Answer:
    """Chemotherapy excludes; whether a conjugate alone counts is not clear."""
    found = had(CHEMO)(person)
    return None if found is False and had(CONJUGATES)(person) else found


def last_grew(person: Person) -> Answer:
    found = lines(person)
    if found is None:
        return None
    return bool(found) and found[-1].get("stopped_for") == "progression"


def on_for(months: float, *kinds: set[str]) -> Nurse:
    def asked(person: Person) -> Answer:
        found = lines(person, *kinds)
        return None if found is None else any(one["months"] >= months for one in found)

    return asked


EXAM: dict[str, dict[int, Nurse]] = {
    "NCT06016738": {
        2: conditions(hormone_positive, her2_negative),
        5: ecog(1),
        9: crisis,
        10: chemotherapy_alone,
        11: had_ever({"elacestrant"}),
    },
    "NCT06312176": {
        1: conditions(hormone_positive, her2_negative),
        2: conditions(grown_on(HORMONES), had(CDK)),
        4: ecog(1),
        11: crisis,
        12: chemotherapy_alone,
        13: lambda person: False if ill("autoimmune-disease")(person) is False else None,
        14: any_of(ill("interstitial-lung-disease"), harmed("ild")),
        15: lambda person: False if ill("active-infection")(person) is False else None,
    },
    "NCT06428396": {
        1: conditions(er, her2_negative),
        2: last_grew,
        4: lambda person: (
            True if on_for(12, CDK, HORMONES)(person) else None if had(CDK, HORMONES)(person) is not False else False
        ),
        5: ecog(1),
        11: crisis,
        15: had_ever({"fulvestrant"}),
    },
    "NCT06760637": {
        2: hormone_positive,
        3: her2_negative,
        4: untreated,
        6: crisis,
    },
    "NCT05696626": {
        3: conditions(er, her2_negative),
        4: on_for(6, AI, CDK),
        5: mutated("ESR1"),
        7: count(0, 1, CHEMO | CONJUGATES),
        8: ecog(1),
        16: crisis,
    },
    "NCT06525766": {
        2: conditions(er, her2_negative),
        4: ecog(2),
        5: at_least("haemoglobin_g_dl", 9),
        6: at_least("neutrophils_10e9_l", 1.5),
        7: at_least("platelets_10e9_l", 100),
        11: at_least("creatinine_clearance_ml_min", 45),
        18: had(CHEMO | CONJUGATES),
    },
    "NCT05950945": {
        3: conditions(her2_negative, lambda person: no(had(HER2)(person))),
        7: ecog(1),
        9: at_least("lvef_percent", 50),
        13: had_ever(CONJUGATES),
        16: any_of(ill("interstitial-lung-disease"), harmed("ild")),
        17: unless_active,
    },
    "NCT05894239": {
        1: ecog(1),
        3: her2_positive,
        4: mutated("PIK3CA"),
        6: at_least("lvef_percent", 50),
        8: had(PATHWAY),
        10: ill("inflammatory-bowel-disease"),
        16: site("leptomeninges"),
    },
    "NCT06841354": {
        1: triple_negative,
        2: untreated,
        9: lambda person: None if "pdl1" not in person else person["pdl1"]["cps"] >= 10,
        13: ill("inflammatory-bowel-disease"),
        16: crisis,
        21: any_of(ill("interstitial-lung-disease"), harmed("ild")),
    },
    "NCT07227233": {
        1: lambda person: None if "age" not in person else person["age"] > 18,
        2: ecog(2),
        5: conditions(hormone_positive, her2_negative),
        9: count(0, 1, CHEMO | CONJUGATES),
    },
}


@pytest.mark.parametrize("trial", EXAM)
def test_each_criterion_is_decided_as_a_trial_nurse_decides_it(trial: str, knowledge: Knowledge, codes: Codes) -> None:
    entry = next(one for one in known_entries(knowledge) if one.id == trial)
    everybody = people()
    assert len(everybody) == 40
    for name, person in everybody.items():
        points = {
            one.n: one for one in Matcher(read_profile(person, name, codes, lenient=True), knowledge, DAY).match(entry).points
        }
        for number, nurse in EXAM[trial].items():
            assert points[number].value is nurse(person), f"{name}: {points[number].text}, {points[number].says}"
