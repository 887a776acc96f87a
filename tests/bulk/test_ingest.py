"""What is read in bulk is what the reader for one person reads; faults are counted and kept; a run that was cut off goes on."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
from pathlib import Path

import polars as pl
import pytest

from linewise.bulk import ingest
from linewise.columns import events as model
from linewise.columns.events import Events
from linewise.columns.lines import courses_of
from linewise.exchange import Codes
from linewise.exchange.fhir import read_fhir
from linewise.invented.coding import Coding
from linewise.invented.draw import draw
from linewise.invented.fhir import Writer
from linewise.invented.run import content
from linewise.knowledge import Knowledge, open_knowledge
from linewise.record import Record
from places import Shared
from sizes import sizes

from .doubt import by_id, same_but_for_doubt
from .hard_people import Hard

DAY = dt.date(2026, 10, 31)


@pytest.fixture(scope="module")
def coding(knowledge: Knowledge, codes: Codes) -> Coding:
    return Coding(knowledge, codes)


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory, coding: Coding) -> tuple[Path, Events, dict[str, int]]:
    """A small export in two parts, one of them packed, with its truth and the faults put in."""
    folder = tmp_path_factory.mktemp("export")
    writer, truth, faults = Writer(coding, content(open_knowledge())), [], {}
    for part in range(2):
        whole, put_in = writer.write(draw(content(open_knowledge()), 300, 7, part * 300), folder, part, 7, compress=part == 1)
        truth.append(whole)
        faults = {name: faults.get(name, 0) + count for name, count in put_in.items()}
    return folder, model.joined(truth), faults


def quiet(text: str) -> None:
    del text


def test_the_truth_comes_back(
    export: tuple[Path, Events, dict[str, int]], tmp_path: Path, knowledge: Knowledge, codes: Codes
) -> None:
    folder, truth, put_in = export
    source = ingest(folder, tmp_path, codes, progress=quiet)
    found = source.whole()
    same_but_for_doubt(found, truth, knowledge, DAY)
    assert source.faults["not JSON, or a member of the wrong type"] == put_in["truncated"]
    assert source.faults["the same resource twice"] == put_in["duplicate"]
    kept = [json.loads(line) for line in (tmp_path / "faults.ndjson").read_text().splitlines()]
    assert sum(row["kind"].startswith("not JSON") for row in kept) == put_in["truncated"]
    assert sum(row["kind"] == "the same resource twice" for row in kept) == put_in["duplicate"]
    assert all(row["file"] and row["line"] for row in kept)


def test_bulk_is_what_one_person_is_read_as(
    export: tuple[Path, Events, dict[str, int]], tmp_path: Path, knowledge: Knowledge, codes: Codes
) -> None:
    folder = export[0]
    found = ingest(folder, tmp_path, codes, progress=quiet).whole()
    records = one_by_one(sorted(folder.glob("*.000.ndjson")), codes)
    rows = found.patients.with_row_index("row").filter(pl.col("id").is_in([record.id for record in records]))
    part = found.take(rows["row"])
    theirs = model.of_records(records)
    assert by_id(part, knowledge, DAY).equals(by_id(theirs, knowledge, DAY))
    mine, own = (courses_of(one, knowledge, DAY).drop("patient") for one in (part, theirs))
    assert mine.equals(own)


def one_by_one(files: list[Path], codes: Codes) -> list[Record]:
    resources: dict[str, list[object]] = {}
    for file in files:
        for line in file.read_text().splitlines():
            try:
                resource = json.loads(line)
            except ValueError:
                continue
            who = resource.get("subject") or resource.get("patient")
            key = who["reference"].split("/")[-1] if who else resource["id"]
            resources.setdefault(key, []).append(resource)
    return [read_fhir(listed, "export", codes)[0] for _, listed in sorted(resources.items())]


def test_a_run_that_was_cut_off_goes_on(export: tuple[Path, Events, dict[str, int]], tmp_path: Path, codes: Codes) -> None:
    folder = export[0]
    whole = ingest(folder, tmp_path / "whole", codes, progress=quiet)
    cut = tmp_path / "cut"
    ingest(folder, cut, codes, progress=quiet)
    shutil.rmtree(cut / "part-00000")
    (cut / "files" / "Observation.000.ndjson" / "done.json").unlink()
    read: list[str] = []
    again = ingest(folder, cut, codes, progress=read.append)
    assert again.whole().entries.sort(pl.all()).equals(whole.whole().entries.sort(pl.all()))
    assert any("putting" in text for text in read)


def test_bad_input_is_counted_and_the_rest_answered(tmp_path: Path, codes: Codes) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "Patient.ndjson").write_text(
        '{"resourceType":"Patient","id":"a","birthDate":"1960-01-01"}\n{"resourceType":"Patient"}\n'
    )
    good = '{"resourceType":"Observation","id":"1","status":"final","subject":{"reference":"Patient/a"},"effectiveDateTime":"2024-01-02",'
    (folder / "Observation.ndjson").write_text(
        good + '"code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},"valueQuantity":{"value":11.5,"code":"g/dL"}}\n'
        + good.replace('"1"', '"2"') + '"code":{"coding":[{"system":"http://nobody","code":"x"}]},"valueString":"?"}\n'
        + good[:50] + "\n" + good.replace('"1"', '"3"').replace("Patient/a", "Patient/b") + '"code":{"text":"haemoglobin"}}\n'
        + '{"resourceType":"Observation","id":"4"}\n' + good.replace('"1"', '"5"').replace("2024", "2099") + '"code":{"text":"x"}}\n'
    )  # fmt: skip
    source = ingest(folder, tmp_path / "out", codes, progress=quiet)
    assert source.faults["not JSON, or a member of the wrong type"] == 1
    assert source.faults["no id"] == 1
    assert source.faults["no person"] == 1
    assert any("not understood" in kind for kind in source.faults)
    assert source.whole().entries.filter(pl.col("fact") == "haemoglobin")["number"].to_list() == [11.5]
    lines = [json.loads(line) for line in (tmp_path / "out" / "faults.ndjson").read_text().splitlines()]
    assert {(row["file"], row["line"], row["kind"]) for row in lines} == {
        ("Patient.ndjson", 2, "no id"),
        ("Observation.ndjson", 2, "not understood: what was observed is not known here"),
        ("Observation.ndjson", 3, "not JSON, or a member of the wrong type"),
        ("Observation.ndjson", 4, "about a person who is not in the export"),
        ("Observation.ndjson", 5, "no person"),
        ("Observation.ndjson", 6, "dated in the future"),
        ("Observation.ndjson", 6, "not understood: what was observed is not known here"),
    }


def ordered(events: Events) -> list[pl.DataFrame]:
    """The tables without the order of the record, and without places."""
    names = ("patients", "entries", "administrations", "events", "reactions", "medications")
    tables = [getattr(events, name) for name in names]
    return [tables[0], *(table.select(pl.exclude("place")).sort(pl.all()) for table in tables[1:])]


def test_one_file_of_everything_is_read_like_one_a_type(
    export: tuple[Path, Events, dict[str, int]], tmp_path: Path, codes: Codes
) -> None:
    (tmp_path / "apart").mkdir()
    (tmp_path / "together").mkdir()
    lines: list[str] = []
    for path in sorted(export[0].glob("*.000.ndjson")):
        shutil.copy(path, tmp_path / "apart")
        lines += path.read_text().splitlines()
    random.Random(1).shuffle(lines)
    extra = ['{"resourceType":"Encounter","id":"e"}', '{"resourceType":"Encounter","id":"f"}']
    (tmp_path / "together" / "all.ndjson").write_text("\n".join(lines + extra) + "\n")
    apart = ingest(tmp_path / "apart", tmp_path / "one", codes, progress=quiet)
    together = ingest(tmp_path / "together", tmp_path / "two", codes, progress=quiet)
    assert together.faults.pop("a resource of a type that is not read: Encounter") == 2
    assert together.faults == apart.faults
    for mine, theirs in zip(ordered(together.whole()), ordered(apart.whole()), strict=True):
        assert mine.equals(theirs)


@pytest.mark.parametrize("people", sizes(20, 250))
def test_hard_people_are_read_in_bulk_as_they_are_read_alone(
    people: int, tmp_path: Path, knowledge: Knowledge, codes: Codes
) -> None:
    """Resources put together at random from the code tables: every member that the reader for one person looks at must be looked at."""
    hard = Hard(knowledge, codes, 5)
    (tmp_path / "in").mkdir()
    by_kind: dict[str, list[str]] = {}
    records = []
    for number in range(people):
        resources = hard.person(f"p{number:03d}")
        records += read_fhir(resources, "export", codes)
        for one in resources:
            by_kind.setdefault(one["resourceType"], []).append(json.dumps(one))
    for kind, lines in by_kind.items():
        (tmp_path / "in" / f"{kind}.ndjson").write_text("\n".join(lines) + "\n")
    found = ingest(tmp_path / "in", tmp_path / "out", codes, progress=quiet).whole()
    theirs = model.of_records(records)
    for name in ("entries", "administrations", "events", "reactions", "medications"):
        mine, own = (getattr(one, name).select(pl.exclude("place")).unique().sort(pl.all()) for one in (found, theirs))
        assert mine.equals(own), name
    assert by_id(found, knowledge, DAY).equals(by_id(theirs, knowledge, DAY))


def test_a_reaction_finds_the_medicine_that_it_names(tmp_path: Path, codes: Codes) -> None:
    """Through a statement, a request that refers to a medication, a medication, one contained; and one that is not in the export."""
    coded = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "72962"}]}
    who = {"subject": {"reference": "Patient/a"}}
    done = {"status": "completed"} | who
    resources: list[dict[str, object]] = [
        {"resourceType": "Patient", "id": "a", "birthDate": "1960-01-01"},
        {"resourceType": "MedicationStatement", "id": "s", "medicationCodeableConcept": coded} | done,
        {"resourceType": "MedicationRequest", "id": "r", "intent": "order", "medicationReference": {"reference": "Medication/m"}}
        | done,
        {"resourceType": "Medication", "id": "m", "code": coded},
    ]
    names = [
        "MedicationStatement/s",
        "MedicationRequest/r",
        "Medication/m",
        "#inside",
        "MedicationStatement/nowhere",
        "https://a.b/fhir/Medication/m",
    ]
    for number, name in enumerate(names):
        event: dict[str, object] = {
            "resourceType": "AdverseEvent",
            "id": f"e{number}",
            "actuality": "actual",
            "event": {"text": f"rash {number}"},
        }
        event |= {"date": f"2024-01-0{number + 1}", "suspectEntity": [{"instance": {"reference": name}}]} | who
        if name == "#inside":
            event["contained"] = [{"resourceType": "Medication", "id": "inside", "code": coded}]
        resources.append(event)
    (tmp_path / "in").mkdir()
    for kind in {str(one["resourceType"]) for one in resources}:
        lines = [json.dumps(one) for one in resources if one["resourceType"] == kind]
        (tmp_path / "in" / f"{kind}.ndjson").write_text("\n".join(lines) + "\n")
    source = ingest(tmp_path / "in", tmp_path / "out", codes, progress=quiet)
    found = source.whole().reactions.sort("effect").rows()
    theirs = model.of_records(read_fhir(resources, "export", codes)).reactions.sort("effect").rows()
    assert found == theirs and len(found) == 5
    assert any("the medicine that caused it is not known here" in kind for kind in source.faults)


def test_what_the_server_reports_is_counted_and_a_file_of_nothing_is_named(tmp_path: Path, codes: Codes) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "Patient.ndjson").write_text('{"resourceType":"Patient","id":"a"}\n')
    (folder / "errors.ndjson").write_text(
        '{"resourceType":"OperationOutcome","issue":[{"code":"timeout","diagnostics":"too slow"}]}\n{\n'
    )
    (folder / "rubbish.ndjson").write_text("nothing\nat all\n")
    for _ in range(2):  # the second time from what was written
        source = ingest(folder, tmp_path / "out", codes, progress=quiet)
        assert source.faults["an error that the exporting server reports"] == 2
        assert source.faults["files whose lines name no type of resource"] == 1
        kept = [json.loads(line) for line in (tmp_path / "out" / "faults.ndjson").read_text().splitlines()]
        assert [(row["file"], row["line"], row["text"]) for row in kept] == [
            ("errors.ndjson", 1, "too slow"),
            ("errors.ndjson", 2, "{"),
        ]


def test_an_export_that_has_changed_is_read_again(
    export: tuple[Path, Events, dict[str, int]], tmp_path: Path, codes: Codes
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for path in export[0].glob("*.000.ndjson"):
        shutil.copy(path, folder)
    whole = ingest(folder, tmp_path / "work", codes, progress=quiet).whole()
    lines = (folder / "Observation.000.ndjson").read_text().splitlines()
    (folder / "Observation.000.ndjson").write_text("\n".join(lines[: len(lines) // 2]) + "\n")
    (folder / "AllergyIntolerance.000.ndjson").unlink()
    again = ingest(folder, tmp_path / "work", codes, progress=quiet).whole()
    fresh = ingest(folder, tmp_path / "fresh", codes, progress=quiet).whole()
    assert again.entries.height < whole.entries.height and not again.reactions.height
    for mine, theirs in zip(ordered(again), ordered(fresh), strict=True):
        assert mine.equals(theirs)


def test_reference_exports_are_read(shared: Shared, tmp_path: Path, knowledge: Knowledge, codes: Codes) -> None:
    source = ingest(shared / "records/synthea_bulk_ndjson", tmp_path, codes, progress=quiet)
    found = source.whole()
    files = [path for path in sorted((shared / "records/synthea_bulk_ndjson").glob("*.ndjson")) if path.name != "log.ndjson"]
    kinds = ("Patient", "Condition", "Procedure", "AllergyIntolerance", "MedicationRequest", "Observation")
    records = one_by_one([path for path in files if path.name.startswith(kinds)], codes)
    assert len(found) == len(records)
    assert found.patients["scope"].is_null().to_list() == [
        record.scope is None for record in sorted(records, key=lambda one: one.id or "")
    ]
    columns = ["fact", "text", "number", "on", "until", "absent"]
    theirs = model.of_records(records).entries
    assert found.entries.select(columns).unique().sort(columns).equals(theirs.select(columns).unique().sort(columns))
