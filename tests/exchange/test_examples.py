"""The project's own example records read without anything left over, and say what their first line promises."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import places
from linewise.errors import RecordError
from linewise.exchange import Codes, read, read_bytes
from linewise.record.model import Record

from .build import entries, values
from .conftest import all_codes

EXAMPLES = places.ROOT / "examples"


def example(name: str, codes: Codes) -> Record:
    (record,) = read(EXAMPLES / name, codes)
    return record


@pytest.mark.parametrize("path", places.EXAMPLES, ids=lambda path: str(path.name))
def test_everything_in_the_examples_is_understood(path: Path, codes: Codes) -> None:
    assert example(path.name, codes).unread == []


def test_anna(codes: Codes) -> None:
    record = example("anna.json", codes)
    assert (record.scope, record.day, record.birth) == (None, dt.date(2025, 4, 14), dt.date(1961, 4, 17))
    assert {(item.value, item.specimen) for item in entries(record, "pr")} == {
        ("positive", "primary"),
        ("negative", "metastasis"),
    }
    assert {(item.value, item.specimen) for item in entries(record, "her2-ihc")} == {("0", "primary"), ("2+", "metastasis")}
    assert values(record, "ESR1") == ["mutated"] and values(record, "PIK3CA") == ["wild-type"]
    assert values(record, "sites") == ["bone", "liver"]
    line = {item.drug: (item.start, item.end, item.stopped_for) for item in record.administrations}
    assert line["ribociclib"] == line["letrozole"] == (dt.date(2023, 1, 9), dt.date(2025, 3, 18), "progression")
    assert [item.drug for item in record.administrations if item.ongoing] == ["zoledronic-acid"]
    assert [item.drug for item in record.medications] == ["amlodipine"]


def test_the_profiles(codes: Codes) -> None:
    assert values(example("berta-her2-positive-brain.yaml", codes), "brain-status") == ["active"]
    assert values(example("chiara-triple-negative.yaml", codes), "pdl1-cps") == [18.0]
    assert values(example("david-male.yaml", codes), "sex") == ["male"]
    early = example("eva-early-disease.yaml", codes)
    assert values(early, "metastatic") == [False]
    assert early.scope is not None and "not metastatic on this record" in early.scope


# Damage and order: Anna's record with anything in it changed is a record or a clear error, never something else.

_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12) | st.dates().map(str),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["coding", "code", "system", "value", "unit", "reference", "text"]), inner, max_size=4)
    ),
    max_leaves=8,
)


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place] * bool(place) + [deep for key, part in parts for deep in _places(part, (*place, key))]


@given(st.data())
@settings(max_examples=250)
def test_a_damaged_bundle_never_breaks_the_reader(data: st.DataObject) -> None:
    value = json.loads((EXAMPLES / "anna.json").read_text(encoding="utf-8"))
    for _ in range(data.draw(st.integers(1, 4))):
        *way, last = data.draw(st.sampled_from(_places(value)))
        holder = value
        for key in way:
            holder = holder[key]
        holder[last] = data.draw(_anything)
    try:
        read_bytes(json.dumps(value).encode(), "anna", all_codes())
    except RecordError as error:
        assert str(error).startswith("anna")


@given(st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_the_order_of_a_bundle_does_not_matter(chance: Any) -> None:
    value = json.loads((EXAMPLES / "anna.json").read_text(encoding="utf-8"))
    expected = read_bytes(json.dumps(value).encode(), "anna", all_codes())
    chance.shuffle(value["entry"])
    assert read_bytes(json.dumps(value).encode(), "anna", all_codes()) == expected
