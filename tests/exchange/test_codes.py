"""The tables of codes and words: consistent with the facts, and free of pairs that contradict each other."""

from __future__ import annotations

import msgspec
import pytest

from linewise.exchange import Codes, build, check_codes
from linewise.exchange.codes import normal, unit_key
from linewise.exchange.tables import Tables, contradictions, faults_of_codes
from linewise.knowledge import Knowledge


def test_the_tables_fit_the_facts(knowledge: Knowledge) -> None:
    assert check_codes(knowledge) == []


def test_every_drug_of_the_tables_is_described(codes: Codes) -> None:
    named = {drug for meaning in codes.meanings for drug in meaning.drug.split(" + ") if drug}
    assert named - codes.drugs == set()


def test_codes_can_be_stored(codes: Codes) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(codes), type=Codes) == codes


FACT = {"id": "er", "type": "choice", "values": {"positive": {}, "negative": {}}}


def test_faults_are_found_with_their_place() -> None:
    tables: Tables = {
        "systems": {"loinc": {"addresses": ["http://loinc.org/"]}},
        "loinc": {"1-1": {"fact": "err"}, "2-2": {"fact": "er", "answers": {"high": "very"}}},
        "answers": {"nothing": {"a": "b"}},
    }
    found = faults_of_codes(build([FACT], [], tables))
    assert found == [
        "facts/codes.yaml: loinc.1-1: there is no fact err",
        "facts/codes.yaml: loinc.2-2: er cannot be very",
        "facts/codes.yaml: answers.nothing: there is no such fact",
    ]
    with pytest.raises(ValueError, match=r"facts/codes\.yaml: loinc\.1-1: .*unknown field"):
        build([FACT], [], {"loinc": {"1-1": {"factt": "er"}}})


ALBUMIN = {"id": "albumin", "type": "number", "codes": {"loinc": ["1751-7"]}}
ER = {"id": "er", "type": "choice", "values": {"positive": {"codes": {"snomed": ["5"]}}}, "codes": {"loinc": ["1-1"]}}


@pytest.mark.parametrize(
    ("tables", "place"),
    [
        ({"loinc": {"1751-7": {"ignore": "a routine measurement"}}}, "facts/codes.yaml: loinc.1751-7"),
        ({"loinc": {"1-1": {"fact": "albumin"}}}, "facts/codes.yaml: loinc.1-1"),
        ({"groups": {"skin": {"meaning": {"cancer": "other"}, "snomed": ["5"]}}}, "facts/codes.yaml: groups.skin"),
        ({"snomed": {"5": {"fact": "er", "value": "negative"}}}, "facts/codes.yaml: snomed.5"),
        (
            {"groups": {name: {"meaning": {"cancer": name}, "icd10": ["C1"]} for name in ("breast", "other")}},
            "facts/codes.yaml: groups.other",
        ),
    ],
)
def test_a_code_with_two_meanings_is_a_fault(tables: Tables, place: str) -> None:
    """The one that is read first would be lost without a word: a result that is neither read nor listed as unread."""
    (found,) = contradictions([ER, ALBUMIN], [], tables)
    assert found.startswith(f"{place}: the code ")


def test_a_drug_and_a_fact_do_not_share_a_code() -> None:
    (found,) = contradictions([ALBUMIN], [{"id": "alfa", "codes": {"loinc": ["1751-7"]}}], {})
    assert found == "drug alfa: the code 1751-7 of loinc has another meaning in fact albumin: take it out of one of the two"


def test_a_name_stands_for_one_drug_or_for_a_product_that_holds_it() -> None:
    drugs = [{"id": "alfa", "brands": ["Duo"]}, {"id": "bravo", "also": ["solo"]}]
    assert contradictions([], drugs, {"drugs": {"alfa + bravo": {"also": ["duo"]}}}) == []
    assert build([], drugs, {"drugs": {"alfa + bravo": {"also": ["duo"]}}}).drugs_named("Duo") == ("alfa", "bravo")
    (found,) = contradictions([], drugs, {"drugs": {"alfa": {"also": ["Solo"]}}})
    assert found.startswith("facts/codes.yaml: drugs.alfa: the name solo stands for another drug in drug bravo")


def test_a_table_may_say_more_of_a_code() -> None:
    more = {
        "loinc": {"1-1": {"fact": "er-percent", "fallback": "er", "general": True}},
        "snomed": {"5": {"fact": "er", "value": "positive", "role": "history"}},
    }
    assert contradictions([ER], [], more) == []


def test_addresses_prefixes_and_hierarchies() -> None:
    tables: Tables = {
        "systems": {
            "loinc": {"addresses": ["http://loinc.org/"]},
            "icd10": {"addresses": ["urn:icd"], "hierarchical": True},
            "hgnc": {"addresses": ["urn:genes"], "prefix": "HGNC:"},
        },
        "loinc": {"1-1": {"fact": "er"}},
        "icd10": {"C50": {"cancer": "breast"}, "C50.9": {"cancer": "other"}},
        "hgnc": {"HGNC:7": {"fact": "er"}},
    }
    codes = build([FACT], [], tables)
    for address in ("http://loinc.org", "HTTP://LOINC.ORG/", "http://loinc.org|2.76", "loinc"):
        assert codes.meaning(address, "1-1") is not None
    assert codes.meaning("http://other.org", "1-1") is None
    said = [codes.meaning("urn:icd", code) for code in ("C50.811", "C50.91", "C51", "C5")]
    assert [item and item.cancer for item in said] == ["breast", "other", None, None]
    assert codes.meaning("urn:genes", "7") == codes.meaning("urn:genes", "HGNC:7") is not None


def test_names_and_units_are_compared_in_one_form() -> None:
    assert normal("  Trastuzumab-Deruxtecan® ") == "trastuzumab deruxtecan"
    assert unit_key("x10^9/L") == unit_key("10*9/l")
    assert unit_key("µg/dL") == unit_key("ug/dL")
