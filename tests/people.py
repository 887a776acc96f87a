"""Invented people for property tests: profiles drawn at random over everything that the contract lets a profile say."""

from __future__ import annotations

import random
from typing import Any

_GENES = {
    "BRCA1": ["germline-pathogenic", "somatic-pathogenic", "variant-of-uncertain-significance", "wild-type"],
    "BRCA2": ["germline-pathogenic", "somatic-pathogenic", "wild-type"],
    "PALB2": ["germline-pathogenic", "wild-type"],
    "PIK3CA": ["mutated", "wild-type"],
    "ESR1": ["mutated", "wild-type"],
    "AKT1": ["mutated", "wild-type"],
    "PTEN": ["altered", "wild-type"],
    "NTRK": ["fusion", "wild-type"],
    "MSI": ["high", "stable"],
    "TMB": [2.0, 9.9, 10.0, 15.0],
}
_LINES = [
    ["letrozole"], ["ribociclib", "letrozole"], ["palbociclib", "fulvestrant"], ["abemaciclib", "fulvestrant"], ["everolimus", "exemestane"],
    ["capecitabine"], ["paclitaxel"], ["docetaxel", "trastuzumab", "pertuzumab"], ["trastuzumab-deruxtecan"], ["trastuzumab-emtansine"],
    ["sacituzumab-govitecan"], ["carboplatin", "gemcitabine"], ["pembrolizumab", "nab-paclitaxel"], ["eribulin"], ["olaparib"], ["tamoxifen"],
    ["tucatinib", "capecitabine", "trastuzumab"], ["elacestrant"],
]  # fmt: skip
_ADJUVANT = [
    ["tamoxifen"],
    ["letrozole"],
    ["doxorubicin", "cyclophosphamide"],
    ["paclitaxel"],
    ["trastuzumab", "docetaxel"],
    ["anastrozole"],
]
_SITES = ["bone", "liver", "lung", "brain", "lymph-node", "skin", "pleura"]
_ILLNESSES = [
    "hypertension", "type-2-diabetes", "heart-failure", "interstitial-lung-disease", "deep-vein-thrombosis-recent", "long-qt", "autoimmune-disease",
    "chronic-kidney-disease", "hepatitis-b", "peripheral-neuropathy", "cirrhosis-child-pugh-c",
]  # fmt: skip
_LABS: dict[str, list[Any]] = {
    "lvef_percent": [30.0, 45.0, 55.0, 65.0],
    "qtcf_ms": [410.0, 455.0, 505.0],
    "creatinine_clearance_ml_min": [20.0, 45.0, 90.0],
    "hba1c_percent": [5.2, 6.5, 9.0],
    "neutrophils_10e9_l": [0.4, 0.9, 3.0],
    "platelets_10e9_l": [40.0, 200.0],
    "bilirubin_x_uln": [0.8, 2.0, 4.0],
    "calcium_mmol_l": [1.9, 2.3, 3.3],
    "dpyd": ["normal", "partial", "deficient"],
}
_MEDICINES = [
    "itraconazole",
    "rifampicin",
    "warfarin",
    "omeprazole",
    "atorvastatin",
    "grapefruit-juice",
    "st-johns-wort",
    "atazanavir",
]


def person(chance: random.Random, known: float = 0.7) -> dict[str, Any]:
    """One profile; every member is there with the probability `known`."""
    say = lambda: chance.random() < known  # noqa: E731
    one: dict[str, Any] = {"sex": chance.choices(["female", "male"], [19, 1])[0], "age": chance.randint(25, 90)}
    if one["sex"] == "female" and say():
        one["menopausal_status"] = chance.choice(["premenopausal", "perimenopausal", "postmenopausal"])
    for receptor in ("er", "pr"):
        if say():
            one[receptor] = {"status": chance.choice(["positive", "low", "negative"])}
    if say():
        ihc = chance.choice(["0", "1+", "2+", "3+"])
        one["her2"] = {"ihc": ihc} | ({"ish": chance.choice(["positive", "negative"])} if ihc == "2+" and say() else {})
    if say():
        one["pdl1"] = {"cps": chance.choice([0, 5, 10, 40])} | ({"ic": chance.choice([0, 1, 2])} if say() else {})
    one["variants"] = {gene: chance.choice(values) for gene, values in _GENES.items() if chance.random() < known * 0.8}
    if say():
        one["metastatic_sites"] = sorted(chance.sample(_SITES, chance.randint(1, 3)))
    for name, values in {
        "visceral_crisis": [True, False, False, False], "ecog": [0, 1, 2, 3], "frail": [True, False, False], "de_novo": [True, False],
        "pregnant": [True, False, False, False], "endocrine_therapy_suitable": [True, False], "primary_in_place": [True, False],
        "disease_free_interval_months": [3, 9, 30, 80], "receptors_from": ["primary", "metastasis"], "lesion_count": [1, 3, 9],
    }.items():  # fmt: skip
        if chance.random() < known * 0.7:
            one[name] = chance.choice(values)
    if say():
        one["adjuvant"] = [_course(chance, chance.choice(_ADJUVANT), adjuvant=True) for _ in range(chance.randint(0, 2))]
    if say():
        count = chance.randint(0, 4)
        one["metastatic_lines"] = [_course(chance, chance.choice(_LINES), last=index == count - 1) for index in range(count)]
    if say():
        one["comorbidities"] = sorted(chance.sample(_ILLNESSES, chance.randint(0, 2)))
    if say():
        one["medications"] = sorted(chance.sample(_MEDICINES, chance.randint(0, 2)))
    one["labs"] = {name: chance.choice(values) for name, values in _LABS.items() if chance.random() < known * 0.6}
    if "brain" in one.get("metastatic_sites", []) or say():
        one["brain"] = {"status": chance.choice(["stable", "active"] if "brain" in one.get("metastatic_sites", []) else ["none"])}
    return one


def _course(chance: random.Random, drugs: list[str], adjuvant: bool = False, last: bool = False) -> dict[str, Any]:
    course: dict[str, Any] = {"drugs": drugs}
    if chance.random() < 0.85:
        course["months"] = chance.choice([2, 5, 9, 14, 30])
    if adjuvant:
        if chance.random() < 0.7:
            course["months_since_end"] = chance.choice([0, 4, 8, 20, 60])
    elif not last or chance.random() < 0.6:
        course["stopped_for"] = chance.choices(["progression", "toxicity", "completion", "choice"], [8, 2, 1, 1])[0]
    return course
