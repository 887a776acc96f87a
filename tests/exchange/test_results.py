"""Results are read as values: never a pattern over text, never silence as an answer."""

from __future__ import annotations

from typing import Any

import pytest

from linewise.exchange import Codes, codes_of
from linewise.knowledge import open_knowledge

from .build import HGNC, LOINC, NEGATIVE, POSITIVE, SNOMED, Json, concept, observation, result_of

ER, ER_CELLS, PR, HER2_IHC, HER2_ISH, HER2 = "85337-4", "85329-1", "85339-0", "85319-2", "85318-4", "48676-1"


@pytest.mark.parametrize(
    ("said", "status", "percent"),
    [
        ("positive", ["positive"], []),
        ("Positive (90%)", ["positive"], [90.0]),
        ("POSITIVE, 90 % of tumor cells, strong intensity", ["positive"], [90.0]),
        ("90%", [], [90.0]),
        ("positive (60-70 %)", ["positive"], [60.0]),
        ("negative (<1%)", ["negative"], [0.0]),
        ("low positive (5 %)", ["low"], [5.0]),
        ("Not detected", ["negative"], []),
        ("positiv (80 %)", ["positive"], [80.0]),
    ],
)
def test_receptor_texts_are_taken_apart_completely(said: str, status: list[str], percent: list[float], codes: Codes) -> None:
    found = observation(ER, valueString=said)
    assert result_of(found, "er", codes) == (status, [])
    assert result_of(found, "er-percent", codes)[0] == percent


@pytest.mark.parametrize(
    "said",
    ["cannot be called positive", "positive?", "see report", "positive or negative", "1-10 %", "<10 %", "not positive", "120 %"],
)
def test_what_is_not_understood_completely_is_listed_and_not_guessed(said: str, codes: Codes) -> None:
    found = observation(ER, valueString=said)
    assert result_of(found, "er", codes)[0] == []
    assert len(result_of(found, "er", codes)[1]) == 1
    assert result_of(found, "er-percent", codes)[0] == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueCodeableConcept": concept(*POSITIVE)}, ["positive"]),
        ({"valueCodeableConcept": concept(LOINC, "LA6577-6", "Negative")}, ["negative"]),
        ({"valueCodeableConcept": concept("http://example.org", "zz", "Positive")}, ["positive"]),
        ({"valueCodeableConcept": concept(text="Negative")}, ["negative"]),
        ({"valueBoolean": True}, ["positive"]),
        (
            {"interpretation": [concept("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "NEG")]},
            ["negative"],
        ),
        ({"valueCodeableConcept": concept(*POSITIVE) | {"text": "Negative"}}, []),  # code and words contradict
        ({"valueCodeableConcept": concept(*POSITIVE), "interpretation": [concept(*NEGATIVE)]}, []),
        ({"valueCodeableConcept": concept(SNOMED, "261665006", "Unknown")}, []),
        ({"valueString": "None"}, []),  # no result, or no receptor? Not an answer
        ({"valueString": ";"}, []),
        ({"dataAbsentReason": concept(text="not performed")}, []),
        ({"status": "entered-in-error", "valueBoolean": True}, []),
        ({"status": "cancelled", "valueBoolean": True}, []),
        ({"valueCodeableConcept": 5}, []),
        ({}, []),
    ],
)
def test_coded_answers(value: Json, expected: list[str], codes: Codes) -> None:
    found, why = result_of(observation(ER, **value), "er", codes)
    assert found == expected
    assert bool(why) != bool(expected)  # what gives no value is always listed


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ({"value": 90, "unit": "%", "code": "%"}, [90.0]),
        ({"value": 90, "unit": "%"}, [90.0]),
        ({"value": 95, "comparator": ">", "unit": "%"}, [95.0]),
        ({"value": 1, "comparator": "<", "unit": "%"}, [0.0]),
        ({"value": 10, "comparator": "<", "unit": "%"}, []),  # low or negative: not known
        ({"value": 90, "unit": "mg"}, []),
        ({"value": 900, "unit": "%"}, []),
    ],
)
def test_percentages(quantity: Json, expected: list[float], codes: Codes) -> None:
    for code in (ER, ER_CELLS):
        found, why = result_of(observation(code, valueQuantity=quantity), "er-percent", codes)
        assert found == expected
        assert bool(why) != bool(expected)


@pytest.mark.parametrize(
    ("code", "value", "fact", "expected"),
    [
        (HER2_IHC, {"valueCodeableConcept": concept(LOINC, "LA11842-4", "2+")}, "her2-ihc", ["2+"]),
        (HER2_IHC, {"valueString": "2+"}, "her2-ihc", ["2+"]),
        (HER2_IHC, {"valueString": "Score 1+"}, "her2-ihc", ["1+"]),
        (HER2_IHC, {"valueString": "0"}, "her2-ihc", ["0"]),
        (HER2_IHC, {"valueInteger": 3}, "her2-ihc", ["3+"]),
        (HER2_IHC, {"valueInteger": 0}, "her2-ihc", ["0"]),
        (HER2_IHC, {"valueInteger": 4}, "her2-ihc", []),
        (HER2_IHC, {"valueCodeableConcept": concept(*NEGATIVE)}, "her2-ihc", []),
        (HER2_IHC, {"valueCodeableConcept": concept(*NEGATIVE)}, "her2-reported", ["negative"]),  # 0 or 1+: not said which
        (HER2_IHC, {"valueString": "equivocal"}, "her2-ihc", ["2+"]),
        (HER2_ISH, {"valueString": "not amplified"}, "her2-ish", ["negative"]),
        (HER2_ISH, {"valueString": "Amplified"}, "her2-ish", ["positive"]),
        (HER2_ISH, {"valueString": "less than 1.8"}, "her2-ish", []),  # a ratio alone does not decide
        (HER2_ISH, {"valueRatio": {"numerator": {"value": 9}, "denominator": {"value": 3}}}, "her2-ish", []),
        (HER2, {"valueString": "HER2-low"}, "her2-reported", ["low"]),
        (HER2, {"valueString": "ultralow"}, "her2-reported", ["ultralow"]),
        ("10480-2", {"valueCodeableConcept": concept(*POSITIVE)}, "er", []),  # ER and PR in one answer
        ("62862-8", {"valueCodeableConcept": concept(*POSITIVE)}, "MSI", []),  # proteins or instability: not said
        ("81695-9", {"valueCodeableConcept": concept(LOINC, "LA26203-2", "MSI-H")}, "MSI", ["high"]),
        ("81695-9", {"valueString": "MSS"}, "MSI", ["stable"]),
        ("94076-7", {"valueQuantity": {"value": 12.5, "code": "1/1000000{Base}"}}, "TMB", [12.5]),
        ("94077-5", {"valueCodeableConcept": concept(SNOMED, "62482003", "Low")}, "TMB", []),
        ("89247-1", {"valueInteger": 2}, "ecog", [2.0]),
        ("89247-1", {"valueQuantity": {"value": 1, "unit": "{score}"}}, "ecog", [1.0]),
        ("89247-1", {"valueCodeableConcept": concept(LOINC, "LA9624-3", "Ambulatory")}, "ecog", [2.0]),
        ("89262-0", {"valueString": "ECOG 1"}, "ecog", [1.0]),
        ("89247-1", {"valueInteger": 7}, "ecog", []),
        ("82810-3", {"valueCodeableConcept": concept(LOINC, "LA15173-0", "Pregnant")}, "pregnancy-recorded", [True]),
        ("82810-3", {"valueCodeableConcept": concept(LOINC, "LA26683-5", "Not pregnant")}, "pregnancy-recorded", [False]),
        ("89243-0", {"valueInteger": 80}, "ecog", [1.0]),  # Karnofsky, as the grade whose band it is in
        ("89243-0", {"valueInteger": 130}, "ecog", []),  # not on the scale
        ("89243-0", {"valueQuantity": {"value": 40, "unit": "%", "code": "%"}}, "ecog", [3.0]),
    ],
)
def test_tests_and_their_scales(code: str, value: Json, fact: str, expected: list[Any], codes: Codes) -> None:
    assert result_of(observation(code, **value), fact, codes)[0] == expected


def test_a_combined_coding_takes_the_exact_test_not_the_general_one(codes: Codes) -> None:
    both = {"coding": [{"system": LOINC, "code": HER2}, {"system": LOINC, "code": HER2_ISH}]}
    found = observation(HER2, valueCodeableConcept=concept(*NEGATIVE)) | {"code": both}
    assert result_of(found, "her2-ish", codes)[0] == ["negative"]
    assert result_of(found, "her2-reported", codes)[0] == []


@pytest.mark.parametrize(
    ("code", "quantity", "fact", "expected"),
    [
        ("718-7", {"value": 121, "unit": "g/L"}, "haemoglobin", 12.1),
        ("49765-1", {"value": 10, "unit": "mg/dL"}, "calcium", 2.495),
        ("2000-8", {"value": 2.5, "code": "mmol/L"}, "calcium", 2.5),
        ("1558-6", {"value": 5.5, "code": "mmol/L"}, "fasting-glucose", 99.088),
        ("4548-4", {"value": 53, "code": "mmol/mol"}, "hba1c", 7.00044),
        ("751-8", {"value": 900, "unit": "/uL"}, "neutrophils", 0.9),
        ("777-3", {"value": 150, "code": "10*3/uL"}, "platelets", 150),
        ("777-3", {"value": 150, "unit": "x10^9/L"}, "platelets", 150),
        ("8310-5", {"value": 100.4, "code": "[degF]"}, "temperature", 38.0),
        ("33914-3", {"value": 60, "comparator": ">", "unit": "mL/min/{1.73_m2}"}, "creatinine-clearance", 60),
        ("10230-1", {"value": 55, "unit": "%"}, "lvef", 55),
    ],
)
def test_measurements_come_in_the_unit_of_the_fact(code: str, quantity: Json, fact: str, expected: float, codes: Codes) -> None:
    found, why = result_of(observation(code, valueQuantity=quantity), fact, codes)
    assert found == [pytest.approx(expected, abs=1e-4)] and why == []


@pytest.mark.parametrize(
    ("code", "quantity", "fact"),
    [
        ("718-7", {"value": 12}, "haemoglobin"),  # no unit: 12 of what?
        ("718-7", {"value": 12, "unit": "stone"}, "haemoglobin"),
        ("718-7", {"value": 5, "comparator": "<", "unit": "g/dL"}, "haemoglobin"),
        ("33914-3", {"value": 40, "comparator": ">", "unit": "mL/min"}, "creatinine-clearance"),
        ("26499-4", {"value": 3000, "unit": "10*3/uL"}, "neutrophils"),
        ("718-7", {"value": "12", "unit": "g/dL"}, "haemoglobin"),
        ("718-7", {"value": True, "unit": "g/dL"}, "haemoglobin"),
        ("1742-6", {"value": 40, "unit": "U/L"}, "alt"),  # the upper limit is missing
    ],
)
def test_measurements_that_cannot_be_placed_are_listed(code: str, quantity: Json, fact: str, codes: Codes) -> None:
    found, why = result_of(observation(code, valueQuantity=quantity), fact, codes)
    assert found == [] and len(why) == 1


def test_liver_values_count_in_multiples_of_their_own_upper_limit(codes: Codes) -> None:
    high = [{"high": {"value": 40, "unit": "U/L"}}]
    found = observation("1742-6", valueQuantity={"value": 100, "unit": "U/L"}, referenceRange=high)
    assert result_of(found, "alt", codes) == ([2.5], [])
    other = observation("1742-6", valueQuantity={"value": 100, "unit": "nkat/L"}, referenceRange=high)
    assert result_of(other, "alt", codes)[0] == []


# Genes


def variant(gene: Json, value: Json | None = None, *more: tuple[str, Json], **members: Any) -> Json:
    parts = [{"code": concept(LOINC, "48018-6")} | gene]
    parts += [{"code": concept(LOINC, code), "valueCodeableConcept": answer} for code, answer in more]
    present = concept(LOINC, "LA9633-4", "Present") if value is None else value
    return observation("69548-6", valueCodeableConcept=present, component=parts, **members)


def gene(code: str, symbol: str = "") -> Json:
    return {"valueCodeableConcept": concept(HGNC, code, symbol)}


ABSENT = concept(LOINC, "LA9634-2")
GERMLINE, SOMATIC = ("48002-0", concept(LOINC, "LA6683-2")), ("48002-0", concept(LOINC, "LA6684-0"))
HARMFUL, LIKELY, UNCERTAIN, BENIGN = (
    ("53037-8", concept(LOINC, code)) for code in ("LA6668-3", "LA26332-9", "LA26333-7", "LA6675-8")
)
AMPLIFIED = [concept(SNOMED, "12645001", "Gene amplification (finding)")]


@pytest.mark.parametrize(
    ("found", "fact", "expected"),
    [
        (variant(gene("HGNC:3467")), "ESR1", ["mutated"]),
        (variant(gene("3467")), "ESR1", ["mutated"]),  # the number without its prefix
        (variant({"valueQuantity": {"system": HGNC + "/geneId", "code": "HGNC:8975"}}), "PIK3CA", ["mutated"]),  # STU1
        (variant({"valueString": "PIK3CA"}), "PIK3CA", ["mutated"]),
        (variant(gene("HGNC:8975"), ABSENT), "PIK3CA", ["wild-type"]),
        (variant(gene("HGNC:8975"), None, UNCERTAIN), "PIK3CA", []),
        (variant(gene("HGNC:8975"), None, BENIGN), "PIK3CA", []),
        (variant(gene("HGNC:8975"), interpretation=AMPLIFIED), "PIK3CA", []),  # copies are not a mutation
        (variant(gene("HGNC:9588"), interpretation=AMPLIFIED), "PTEN", ["altered"]),
        (variant(gene("HGNC:1100"), None, GERMLINE, HARMFUL), "BRCA1", ["germline-pathogenic"]),
        (variant(gene("HGNC:1100"), None, SOMATIC, LIKELY), "BRCA1", ["somatic-pathogenic"]),
        (variant(gene("HGNC:1100"), None, GERMLINE, UNCERTAIN), "BRCA1", ["variant-of-uncertain-significance"]),
        (variant(gene("HGNC:1100"), None, HARMFUL), "BRCA1", []),  # inherited or not is not said
        (variant(gene("HGNC:1100"), None, GERMLINE), "BRCA1", []),  # harmful or not is not said
        (variant(gene("HGNC:1100"), ABSENT), "BRCA1", ["wild-type"]),
        (variant(gene("HGNC:9967"), None, ("48019-4", concept("http://www.sequenceontology.org/", "SO:1000044"))), "RET", ["fusion"]),
        (variant(gene("HGNC:9967")), "RET", []),  # found, but what?
        (variant(gene("HGNC:1097"), None, ("48005-3", concept(text="p.Val600Glu"))), "BRAF", ["mutated"]),
        (variant(gene("HGNC:1097"), None, ("48005-3", concept(text="p.Gly469Ala"))), "BRAF", []),
        (variant(gene("HGNC:1097"), ABSENT), "BRAF", []),
        (variant(gene("HGNC:3467"), concept(LOINC, "LA11884-6", "Indeterminate")), "ESR1", []),
    ],
)  # fmt: skip
def test_variants(found: Json, fact: str, expected: list[str], codes: Codes) -> None:
    got, why = result_of(found, fact, codes)
    assert got == expected
    assert bool(why) != bool(expected)


def test_a_gene_that_was_never_tested_stays_unknown(codes: Codes) -> None:
    studied = observation("53041-0", component=[{"code": concept(LOINC, "48018-6")} | gene("HGNC:8975", "PIK3CA")])
    assert result_of(studied, "PIK3CA", codes) == ([], [])


def test_what_a_code_states_is_a_fact_that_is_read() -> None:
    """A code that stated a derived fact would be lost: a derived fact is worked out from others, never read."""
    knowledge = open_knowledge()
    codes = codes_of(knowledge)
    derived = {name for name, fact in knowledge.facts.items() if fact.derived}
    meanings = [*codes.meanings, *codes.phrases.values()]
    assert not {name for item in meanings for name in (item.fact, item.percent, item.fallback)} & derived
