"""The hand-written profile: every member becomes an entry, every fault is named with its place."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linewise.errors import RecordError
from linewise.exchange import Codes, read_bytes
from linewise.exchange.shape import faults, softened
from linewise.knowledge import open_knowledge
from linewise.record.model import Record
from places import Shared

from .build import values
from .conftest import all_codes


def profile(text: str, codes: Codes) -> Record:
    (record,) = read_bytes(text.encode(), "me.yaml", codes)
    return record


def test_members_become_entries_with_their_place(codes: Codes) -> None:
    record = profile(
        """
        id: anna
        region: UK
        sex: female
        age: 61
        er: {status: positive, percent: 90}
        her2: {ihc: 1+, ish: negative}
        variants: {ESR1: mutated, TMB: 4, BRCA1: germline-pathogenic}
        metastatic_sites: [bone, liver]
        labs: {lvef_percent: 60, calcium_mmol_l: 2.4, dpyd: normal}
        brain: {status: none}
        visceral_crisis: false
        """,
        codes,
    )
    assert (record.id, record.region, record.format) == ("anna", "UK", "profile")
    found = {entry.fact: (entry.value, entry.origin.where) for entry in record.entries if entry.fact != "sites"}
    assert found["er-percent"] == (90.0, "er.percent")
    assert found["her2-ihc"] == ("1+", "her2.ihc")
    assert found["ESR1"] == ("mutated", "variants.ESR1")
    assert found["TMB"] == (4.0, "variants.TMB")
    assert found["lvef"] == (60.0, "labs.lvef_percent")
    assert found["visceral-crisis-recorded"] == (False, "visceral_crisis")
    assert found["metastatic"] == (True, "metastatic_sites")
    assert values(record, "sites") == ["bone", "liver"]
    assert record.unread == []


def test_lists_that_are_absent_are_not_declared(codes: Codes) -> None:
    assert profile("sex: male", codes).declared == frozenset()
    some = profile("sex: male\nadjuvant: []\ncomorbidities: []\nsymptoms: []\nmetastatic_sites: [bone]", codes)
    assert some.declared == {"adjuvant", "comorbidities", "symptoms", "sites"}


def test_courses_keep_order_and_only_the_last_open_line_goes_on(codes: Codes) -> None:
    record = profile(
        """
        sex: female
        adjuvant:
        - {drugs: [tamoxifen], months: 60, months_since_end: 30, stopped_for: completion}
        metastatic_lines:
        - {drugs: [letrozole, ribociclib], months: 20}
        - {drugs: [fulvestrant], months: 3}
        """,
        codes,
    )
    adjuvant, first, second = record.courses
    assert (adjuvant.setting, adjuvant.number, adjuvant.months_since_end) == ("adjuvant", None, 30)
    assert (first.number, first.ongoing, bool(first.assumed)) == (1, False, True)
    assert (second.number, second.ongoing, second.origins[0].where) == (2, True, "metastatic_lines[1]")


def test_all_faults_are_told_at_once_with_their_places(codes: Codes) -> None:
    with pytest.raises(RecordError) as caught:
        profile(
            "sex: f\nage: 12\nmetastatic_lines:\n- {drugs: [letrozole]}\n- {drugs: [], stopped_for: progressed}\nher_2: {}",
            codes,
        )
    message = str(caught.value)
    assert message.startswith("me.yaml: ")
    assert 'sex: "f" is not one of "female", "male"' in message
    assert "age: 12 is less than 18" in message
    assert "metastatic_lines[1].drugs: the list is empty" in message
    assert 'metastatic_lines[1].stopped_for: "progressed" is not one of' in message
    assert "her_2: a profile has no such member here; did you mean her2?" in message


def test_words_outside_the_vocabulary_come_back_as_unread(codes: Codes) -> None:
    record = profile(
        """
        sex: female
        comorbidities: [hypertension, hypertensoin, diabetes]
        metastatic_lines: [{drugs: [letrozole, moonshine]}]
        medications: [Truqap, unheard-of]
        variants: {PIK3CA: perhaps, FOXP9: mutated}
        labs: {lvef_percent: 300}
        symptoms: [{name: fever, celsius: 38.4}, {name: tiredness}]
        reactions: [{drug: moonshine, effect: diarrhoea}]
        """,
        codes,
    )
    where = {item.where: item.why for item in record.unread}
    assert set(where) == {
        "comorbidities[1]", "comorbidities[2]", "metastatic_lines[0].drugs[1]", "medications[1]", "variants.PIK3CA",
        "variants.FOXP9", "labs.lvef_percent", "symptoms[1]", "reactions[0].drug",
    }  # fmt: skip
    assert "did you mean hypertension?" in where["comorbidities[1]"]
    assert "say which: type-1-diabetes" in where["comorbidities[2]"]
    assert values(record, "comorbidities") == ["hypertension"]
    assert values(record, "PIK3CA") == values(record, "lvef") == []
    assert values(record, "temperature") == [38.4]
    assert record.courses[0].drugs == ("letrozole", "moonshine")  # kept in the course, and listed
    assert [medication.drug for medication in record.medications] == ["capivasertib", "unheard-of"]


def test_yaml_takes_numbers_where_words_are_asked_for_and_json_does_not(codes: Codes) -> None:
    assert values(profile("sex: female\nher2: {ihc: 0}\nid: 7", codes), "her2-ihc") == ["0"]
    with pytest.raises(RecordError, match=r"her2\.ihc: 0 is not one of"):
        profile('{"sex": "female", "her2": {"ihc": 0}}', codes)


def test_a_profile_that_says_itself_that_nothing_has_spread_is_out_of_scope(codes: Codes) -> None:
    early = profile("sex: female\ner: {status: positive}\nmetastatic_sites: []\nmetastatic_lines: []", codes)
    assert values(early, "metastatic") == [False]
    assert early.scope is not None and "not metastatic on this record" in early.scope
    for more in ("de_novo: true", "brain: {status: stable}", "metastatic_lines: [{drugs: [letrozole]}]"):
        assert profile(f"sex: female\nmetastatic_sites: []\n{more}", codes).scope is None
    assert profile("sex: female", codes).scope is None


def test_several_profiles_in_a_list_or_in_lines(codes: Codes) -> None:
    two = b'[{"sex": "female", "id": "a"}, {"sex": "male", "id": "b"}]'
    assert [record.id for record in read_bytes(two, "two", codes)] == ["a", "b"]
    lines = b'{"sex": "female", "id": "a"}\n\n{"sex": "male", "id": "b"}\n'
    assert [record.id for record in read_bytes(lines, "lines", codes)] == ["a", "b"]
    assert [record.id for record in read_bytes(lines, "lines", codes, lines=True)] == ["a", "b"]
    with pytest.raises(RecordError, match="person 2"):
        read_bytes(b'[{"sex": "female"}, {"sex": "?"}]', "two", codes)


# The schema

_words = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 200), st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(["female", "positive", "0", "1+", "bone", "letrozole", "progression", "", "x"]),
)  # fmt: skip
_names = st.sampled_from(
    [
        "sex",
        "age",
        "er",
        "pr",
        "her2",
        "status",
        "percent",
        "ihc",
        "variants",
        "metastatic_sites",
        "metastatic_lines",
        "drugs",
        "stopped_for",
        "months",
        "symptoms",
        "name",
        "grade",
        "brain",
        "count",
        "labs",
        "reactions",
        "drug",
        "effect",
        "comorbidities",
        "preferences",
        "declines",
        "pdl1",
        "cps",
        "extra",
    ]
)
_anything = st.recursive(
    _words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=5), max_leaves=20
)


@given(st.dictionaries(_names, _anything, max_size=8))
@settings(max_examples=400)
def test_the_own_validator_agrees_with_a_known_one(value: dict[str, Any]) -> None:
    import jsonschema  # type: ignore[import-untyped]  # takes seconds, in every worker that collects this file

    schema = all_codes().profile.schema
    known = jsonschema.Draft202012Validator(schema)
    assert bool(faults(value, schema)) != known.is_valid(value)


@given(st.dictionaries(_names, _anything, max_size=8))
@settings(max_examples=200)
def test_any_value_gives_a_record_or_a_clear_error(value: dict[str, Any]) -> None:
    try:
        read_bytes(msgspec.json.encode(value), "x", all_codes())
    except RecordError as error:
        assert str(error).startswith("x: ")


def test_softening_changes_numbers_into_words_only_where_words_are_asked_for(codes: Codes) -> None:
    value = {"sex": "female", "age": 60, "her2": {"ihc": 0}, "er": {"percent": 5}, "adjuvant": [{"drugs": [5]}]}
    soft = softened(value, codes.profile.schema)
    assert soft == value | {"her2": {"ihc": "0"}, "adjuvant": [{"drugs": ["5"]}]}


def _form(value: Any) -> Any:
    """A schema without what is only said to people."""
    if isinstance(value, dict):
        said = ("description", "examples", "$schema", "title")
        return {key: _form(item) for key, item in value.items() if not (key in said and not isinstance(item, dict))}
    return value


def test_the_schema_is_the_contract(codes: Codes, shared: Shared) -> None:
    contract = json.loads((shared / "contract/profile.schema.json").read_text(encoding="utf-8"))
    regions = contract["properties"].pop("region")["enum"]
    mine = dict(codes.profile.schema) | {"properties": dict(codes.profile.schema["properties"])}
    assert mine["properties"].pop("region") == {"type": "string"}  # which there are is data: regions.yaml
    assert set(regions) <= set(open_knowledge().regions)
    assert mine == _form(contract)


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf", "9" * 400])
def test_a_number_that_nothing_can_have_is_named_with_its_place(number: str, codes: Codes) -> None:
    text = f"sex: female\nmetastatic_lines:\n- {{drugs: [letrozole], months: {number}}}\n"
    with pytest.raises(RecordError, match=r"metastatic_lines\[0\]\.months: .* is not a number that anything can have"):
        read_bytes(text.encode(), "x", codes)


def test_many_unknown_words_are_all_listed_without_a_search_for_each(codes: Codes) -> None:
    names = [f"nobody-knows-{number}" for number in range(3000)]
    (record,) = read_bytes(json.dumps({"sex": "female", "medications": ["letrozol", *names]}).encode(), "x", codes)
    assert [one.what for one in record.unread] == ["letrozol", *names]
    assert "did you mean letrozole" in record.unread[0].why
    assert all("did you mean" not in one.why for one in record.unread[1000:])
