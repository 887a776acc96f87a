"""Bytes to values: encodings, notations, and a clear word for what is neither."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linewise.errors import RecordError
from linewise.exchange import Codes, read, read_bytes, read_lines
from linewise.exchange.source import parse

from .conftest import all_codes

PROFILE = '{"sex": "female", "id": "Zoë"}'


@pytest.mark.parametrize(
    "data",
    [
        PROFILE.encode(),
        codecs.BOM_UTF8 + PROFILE.encode(),
        PROFILE.encode("utf-16"),
        codecs.BOM_UTF16_BE + PROFILE.encode("utf-16-be"),
        PROFILE.encode("utf-16-le"),
        PROFILE.encode("utf-16-be"),
        PROFILE.encode("utf-32"),
        ("\n  " + PROFILE + "\r\n").encode(),
        b"{sex: female, id: Zo\xc3\xab}",
    ],
)
def test_encodings_and_notations(data: bytes, codes: Codes) -> None:
    (record,) = read_bytes(data, "x", codes)
    assert record.id == "Zoë"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\n \x00 ", "the file is empty"),
        (codecs.BOM_UTF8, "the file is empty"),
        (b'{"sex": "fem', "ends in the middle"),
        (b'{"resourceType": "Bundle", "entry": [{', "ends in the middle"),
        (b'{\n "sex": "female",\n "age": x}', "line 3, column 9"),
        (b'{"sex": "fem\xe9le"}', "not UTF-8"),
        (b"\xff\xd8\xff\xe0 a picture", "this is a picture"),
        (b'{"sex": "\\ud800"}', "x: "),
        (b"sex: female\n  age: [", "neither JSON nor YAML"),
        (b"just a sentence about somebody", "neither a profile nor a FHIR R4 record"),
        (b"[]", "neither a profile nor a FHIR R4 record"),
        (b"17", "neither a profile nor a FHIR R4 record"),
        (b"null", "neither a profile nor a FHIR R4 record"),
        (b"[" * 100_000, "x: "),
        (b"[" * 5_000 + b"]" * 5_000, "nested too deeply"),
        (b'{"a": ' * 900 + b"1" + b"}" * 900, "nested too deeply"),
        (b"a: &a [x]\nb: &b [*a, *a]\n" + b"".join(b"c%d: [*b, *b]\n" % i for i in range(99)), "repeats itself"),
        (b"a: &a\n  b: *a", "x: "),
        (b"sex: !!python/object/apply:os.system [ls]", "neither JSON nor YAML"),
        (b'{"resourceType": "Questionnaire"}', "no person's record, only Questionnaire"),
        (b'{"resourceType": "Bundle", "type": "collection"}', "no FHIR resource"),
    ],
)
def test_what_cannot_be_read_is_said_plainly(data: bytes, said: str, codes: Codes) -> None:
    with pytest.raises(RecordError) as caught:
        read_bytes(data, "x", codes)
    assert said in str(caught.value)
    assert str(caught.value).startswith("x")


def test_a_doubling_chain_of_references_is_stopped(codes: Codes) -> None:
    chain = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40)]
    with pytest.raises(RecordError, match="repeats itself"):
        read_bytes("\n".join(chain).encode(), "x", codes)


def test_dates_in_yaml_stay_text(codes: Codes) -> None:
    (record,) = read_bytes(b"sex: female\nid: 2024-02-01", "x", codes)
    assert record.id == "2024-02-01"


def test_missing_files_and_folders(tmp_path: Path, codes: Codes) -> None:
    with pytest.raises(RecordError, match="there is no such file"):
        read(tmp_path / "nobody.json", codes)
    with pytest.raises(RecordError, match="this is a folder"):
        read(tmp_path, codes)
    with pytest.raises(RecordError, match="cannot be opened"):
        read("\0", codes)
    assert read("-", codes, b"sex: male")[0].format == "profile"


def test_a_bad_line_does_not_silence_the_others(codes: Codes) -> None:
    lines = b'{"sex": "female", "id": "a"}\n{"sex"\n{"sex": "male", "id": "c"}\n'
    first, bad, last = read_lines(lines, "all", codes)
    assert isinstance(first, list) and first[0].id == "a"
    assert isinstance(bad, RecordError) and str(bad).startswith("all, line 2: ")
    assert isinstance(last, list) and last[0].id == "c"
    assert [type(item) for item in read_lines(b"", "all", codes)] == [RecordError]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=300)
def test_any_bytes_give_a_record_or_a_clear_error(data: bytes) -> None:
    try:
        read_bytes(data, "x", all_codes())
    except RecordError as error:
        assert str(error)


@given(st.integers(1, 400))
@settings(max_examples=60)
def test_a_truncated_bundle_is_never_half_read(cut: int) -> None:
    whole = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Patient"}}]})
    if cut < len(whole):
        with pytest.raises(RecordError):
            read_bytes(whole[:cut].encode(), "x", all_codes())


@pytest.mark.parametrize(
    "data",
    [
        b'{"sex": "female", "age": 50, "age": 60}',
        b'{"sex": "female", "labs": {"lvef": 55, "lvef": 40}}',
        b"sex: female\nage: 50\nage: 60\n",
        b"sex: female\nlabs:\n  lvef: 55\n  lvef: 40\n",
        b'{"sex": "female"}\n{"sex": "female", "age": 50, "age": 60}\n',
    ],
)
def test_a_member_of_a_profile_that_stands_twice_is_a_fault_and_not_lost(data: bytes, codes: Codes) -> None:
    with pytest.raises(RecordError, match="stands twice"):
        read_bytes(data, "x", codes)


def test_a_very_long_yaml_is_refused_with_the_way_out() -> None:
    """It would take minutes: a list of 200,000 members was seen to."""
    with pytest.raises(RecordError, match="Save it as JSON"):
        parse(b"sex: female\nmetastatic_sites: [" + b"bone, " * 200_000 + b"]\n", "a profile")
