"""Records that others wrote: read by hand, and pinned here. They are not part of the repository."""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest

from linewise.errors import RecordError
from linewise.exchange import Codes, read, read_bytes
from linewise.record.model import Record
from places import Shared

from .build import entries, values


def one(path: Path, codes: Codes) -> Record:
    (record,) = read(path, codes)
    return record


def drugs(record: Record) -> list[tuple[str, str]]:
    return sorted((item.start.isoformat() if item.start else "", item.drug) for item in record.administrations)


def test_patient_01_of_the_trial_matching_service(shared: Shared, codes: Codes) -> None:
    record = one(shared / "records/trial_matching_app/TrialMatching_Patient01.json", codes)
    assert record.scope is None and record.birth == dt.date(1959, 1, 1)
    assert [values(record, fact) for fact in ("er", "pr", "her2-reported")] == [["positive"], ["positive"], ["negative"]]
    assert values(record, "sites") == ["bone", "liver", "lymph-node"]
    assert values(record, "ESR1") == values(record, "PIK3CA") == ["mutated"]
    assert values(record, "ecog") == [1.0] and values(record, "MSI") == []
    assert drugs(record) == [("2019-04-01", "fulvestrant"), ("2019-04-01", "leuprorelin")]
    assert len(record.unread) == 1  # the stain for instability, which can be read in two ways


def test_patient_02_of_the_trial_matching_service(shared: Shared, codes: Codes) -> None:
    record = one(shared / "records/trial_matching_app/TrialMatching_Patient02.json", codes)
    assert record.scope is None and values(record, "sites") == ["bone"]
    assert [values(record, fact) for fact in ("er", "pr", "her2-reported")] == [["positive"], ["positive"], ["negative"]]
    assert drugs(record) == [
        ("2019-06-01", "exemestane"), ("2019-06-01", "zoledronic-acid"), ("2019-07-01", "anastrozole"),
        ("2019-08-01", "letrozole"), ("2019-09-01", "fulvestrant"), ("2019-09-01", "palbociclib"),
        ("2019-10-01", "capecitabine"), ("2019-12-01", "abemaciclib"), ("2019-12-01", "tamoxifen"),
        ("2020-01-01", "gemcitabine"), ("2020-02-01", "alpelisib"),
    ]  # fmt: skip
    assert [item.drug for item in record.administrations if item.ongoing] == ["alpelisib"]
    turns = [(event.what, event.on.isoformat() if event.on else None, event.site) for event in record.events]
    assert ("surgery", "2019-03-01", "breast") in turns and ("radiotherapy", "2019-11-01", "bone") in turns
    named = " ".join(item.what for item in record.unread)
    assert all(gene in named for gene in ("Cyclin D1", "Fibroblast growth factor receptor 1", "MDM2"))
    assert values(record, "PIK3CA") == values(record, "TMB") == []  # not tested, and a word without a number


def test_the_metastatic_synthea_patient(shared: Shared, codes: Codes) -> None:
    (path,) = shared.files("records/synthea_breast", "Fermin479*.json")
    record = one(path, codes)
    assert values(record, "sex") == ["male"] and record.birth == dt.date(1911, 4, 8)
    assert [values(record, fact) for fact in ("er", "pr", "her2-reported")] == [["positive"], ["negative"], ["negative"]]
    assert values(record, "metastatic") == [True, True] and record.scope is None
    assert values(record, "sites") == []  # metastatic, but where is not recorded
    given = [drug for _, drug in drugs(record)]
    assert given == ["epirubicin"] * 8 + ["pamidronate", "tamoxifen"]
    assert drugs(record)[0][0] == "1974-03-29" and drugs(record)[-1][0] == "1974-09-21"
    worse = [event.on.isoformat() for event in record.events if event.what == "progression" and event.on]
    assert worse == ["1974-09-21", "1975-08-30", "1976-07-10"]
    assert sorted(values(record, "comorbidities")) == ["hypertension", "prediabetes"]
    assert any("has died" in note for note in record.notes)


@pytest.mark.parametrize("name", ["Earlean804", "Kanisha187", "Melinda114", "Piper612", "Tamie596"])
def test_the_other_synthea_patients_are_not_metastatic(name: str, shared: Shared, codes: Codes) -> None:
    (path,) = shared.files("records/synthea_breast", f"{name}*.json")
    record = one(path, codes)
    why = "This is the record of a child" if name == "Earlean804" else "Not metastatic on this record"
    assert record.scope is not None and record.scope.startswith(why)
    assert values(record, "sites") == [] and True not in values(record, "metastatic")
    if name == "Earlean804":  # twelve years old when the record ends; stage IIIA
        assert [values(record, fact) for fact in ("er", "pr", "her2-reported")] == [["positive"], ["positive"], ["negative"]]
        assert {drug for _, drug in drugs(record)} == {"cyclophosphamide", "epirubicin", "exemestane", "palbociclib"}


@pytest.mark.parametrize(
    ("name", "receptors"),
    [("Maryam.json", ("positive", "negative", "negative")), ("triple_negative.json", ("negative", "negative", "negative"))],
)
def test_the_pathway_patients_are_early(name: str, receptors: tuple[str, ...], shared: Shared, codes: Codes) -> None:
    record = one(shared / "records/mcode_pathways" / name, codes)
    assert tuple(values(record, fact)[0] for fact in ("er", "pr", "her2-reported")) == receptors
    assert set(values(record, "metastatic")) == {False}
    assert record.scope is not None and record.scope.startswith("Not metastatic on this record")


def test_jenny_m(shared: Shared, codes: Codes) -> None:
    folder = shared / "records/hl7_mcode_ig_4.0.0/example"
    record = one(folder / "Bundle-mcode-patient-bundle-jenny-m.json", codes)
    assert [values(record, fact) for fact in ("er", "pr", "her2-reported")] == [["positive"], ["negative"], ["negative"]]
    assert any("different stages" in note and "IIB" in note and "IIIC" in note for note in record.notes)
    assert record.scope is not None and record.scope.startswith("Not metastatic on this record")
    assert {drug for _, drug in drugs(record)} == {"anastrozole", "cyclophosphamide", "doxorubicin", "paclitaxel"}
    assert {item.setting for item in record.administrations} == {"adjuvant"}
    assert values(record, "PALB2") == []  # found in the tumour, harmful or not is not said
    assert any("3000" in item.what for item in record.unread)  # an impossible count of neutrophils


def test_the_guide_s_single_examples_together(shared: Shared, codes: Codes) -> None:
    """All example resources of the mCODE guide as one array: every person apart."""
    folder = shared / "records/hl7_mcode_ig_4.0.0/example"
    kinds = ("Patient", "Condition", "Observation", "Medication", "Procedure", "Specimen")
    resources = [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json")) if path.name.startswith(kinds)]
    records = {record.id: record for record in read_bytes(json.dumps(resources).encode(), "guide", codes)}
    assert len(records) == 7
    john, brian = records["cancer-patient-john-anyperson"], records["cancer-patient-brian-l"]
    assert john.scope is not None and "another cancer" in john.scope
    assert brian.scope is not None and "child" in brian.scope
    assert values(john, "sites") == []  # its brain metastasis comes from the lung


def test_the_bulk_export_keeps_its_people_apart(shared: Shared, codes: Codes) -> None:
    folder = shared / "records/synthea_bulk_ndjson"
    data = b"\n".join(path.read_bytes().strip() for path in sorted(folder.glob("*.000.ndjson")))
    records = read_bytes(data, "export", codes)
    assert len(records) == 13
    with_cancer = [record for record in records if any(event.what == "diagnosis" for event in record.events)]
    assert [record.id for record in with_cancer] == ["129c6ac7-8d06-89de-ad63-0204a93e76c3"]
    assert values(with_cancer[0], "er") == []  # the observations are not in the export
    assert all(record.scope is not None for record in records)


def test_no_file_of_the_collection_breaks_the_reader(shared: Shared, codes: Codes) -> None:
    read_well, refused = 0, 0
    for path in shared.files("records", "*", 600):
        if path.stat().st_size < 3_000_000:
            try:
                read_well += len(read(path, codes)) > 0
            except RecordError as error:
                assert str(error)
                refused += 1
    assert read_well > 150 and refused > 300  # records, and everything else in the collection


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_entries_give_the_same_record(seed: int, shared: Shared, codes: Codes) -> None:
    chance = random.Random(seed)
    bundles = [*shared.files("records/trial_matching_app", "*.json"), *shared.files("records/synthea_breast", "F*.json")]
    for path in bundles:
        value = json.loads(path.read_bytes())
        chance.shuffle(value["entry"])
        assert read_bytes(json.dumps(value).encode(), "x", codes) == read(path, codes)


# Damage: whatever is broken in a real record, the answer is a record or a clear error.

_JUNK: list[Any] = [
    None, 0, -1, 1e308, "", "x", [], {}, [[]], [{}], True, False, "2019-13-45", "9999-12-31", 10**40, {"coding": "x"},
    {"coding": [None]}, [1, 2], {"reference": 5}, {"reference": "#"}, "a" * 5000, {"value": "NaN"}, {"value": 1, "unit": 3},
]  # fmt: skip


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *itertools.chain.from_iterable(_places(part, (*place, key)) for key, part in parts)]


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8))])
def test_damaged_records_never_break_the_reader(seed: int, shared: Shared, codes: Codes) -> None:
    chance = random.Random(seed)
    paths = shared.files("records/trial_matching_app", "*.json")
    paths += shared.files("records/hl7_mcode_ig_4.0.0/example", "Bundle*.json")
    for text, _ in itertools.product([path.read_text(encoding="utf-8") for path in paths], range(25)):
        value = json.loads(text)
        for _ in range(chance.randint(1, 6)):
            *way, last = chance.choice(_places(value)[1:])
            holder = value
            for key in way:
                holder = holder[key]
            holder[last] = copy.deepcopy(chance.choice(_JUNK))
        try:
            read_bytes(json.dumps(value).encode(), "x", codes)
        except RecordError as error:
            assert str(error).startswith("x")


def test_entries_keep_where_they_stand(shared: Shared, codes: Codes) -> None:
    record = one(shared / "records/trial_matching_app/TrialMatching_Patient02.json", codes)
    assert all(entry.origin.where and entry.origin.text for entry in record.entries)
    (er,) = entries(record, "er")
    assert er.origin.where == "Observation/mCODETrialMatchingTumorMarkerPatientExample02"
