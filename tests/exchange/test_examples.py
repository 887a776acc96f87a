"""The project's own example records read without anything left over, and say what their first line promises."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from linewise.exchange import Codes, read
from linewise.record.model import Record

from .build import entries, values

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str, codes: Codes) -> Record:
    (record,) = read(EXAMPLES / name, codes)
    return record


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: str(path.name))
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
