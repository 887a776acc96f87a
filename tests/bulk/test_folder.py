"""A folder of records is read share by share, as each would be read alone; what is wrong is told with its file, and the rest is answered."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from linewise.bulk import folder as reader
from linewise.bulk import ingest
from linewise.bulk.folder import read_folder
from linewise.columns import events as model
from linewise.errors import RecordError
from linewise.exchange import Codes, read
from linewise.invented.coding import Coding
from linewise.invented.draw import draw
from linewise.invented.fhir import Writer
from linewise.invented.run import content
from linewise.knowledge import Knowledge, open_knowledge

from .bundles import write_bundles


def quiet(text: str) -> None:
    del text


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge, codes: Codes) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    Writer(Coding(knowledge, codes), content(open_knowledge())).write(
        draw(content(open_knowledge()), 60, 11), folder / "export", 0, 11
    )
    assert write_bundles(folder / "export", folder / "one") == 60
    return folder / "one"


def kept(work: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (work / "faults.ndjson").read_text().splitlines()]


@pytest.mark.parametrize("workers", [1, 2])
def test_each_file_says_what_it_says_alone(
    bundles: Path, workers: int, tmp_path: Path, codes: Codes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_FILES", 13)
    source = read_folder(bundles, tmp_path, codes, quiet, workers)
    alone = model.of_records(record for file in sorted(bundles.iterdir()) for record in read(file, codes))
    found = source.whole()
    assert found.patients.drop("died", "last_seen").equals(alone.patients.drop("died", "last_seen"))
    for table in model.SCHEMAS.keys() - {"patients"}:
        assert getattr(found, table).equals(getattr(alone, table)), table
    assert found.patients["last_seen"].max() <= dt.date.today()
    assert found.patients["died"].null_count() < 60


def test_a_run_that_was_cut_off_goes_on_and_a_changed_file_is_read_again(
    bundles: Path, tmp_path: Path, codes: Codes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_FILES", 20)
    whole = read_folder(bundles, tmp_path, codes, quiet)
    (tmp_path / "shares" / "00001" / "read.json").unlink()  # cut off in the second share
    (tmp_path / "faults.json").unlink()
    told: list[str] = []
    again = read_folder(bundles, tmp_path, codes, told.append)
    assert told == ["60 of 60 files"]
    assert again.faults == whole.faults
    assert again.whole().entries.equals(whole.whole().entries)
    changed = bundles / "p00000003.json"
    before, told[:] = changed.stat(), []
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    read_folder(bundles, tmp_path, codes, told.append)
    assert told == ["60 of 60 files"]
    told.clear()
    read_folder(bundles, tmp_path, codes, told.append)
    assert told == []


@pytest.mark.parametrize("change", [{"version": "another medicine"}, {"words": {}}, {"omop": {}}])
def test_records_are_read_again_when_the_medicine_changes(
    bundles: Path, tmp_path: Path, codes: Codes, change: dict[str, Any]
) -> None:
    """A work folder serves only the codes and the medicine that it was made with: another would hide what it reads now."""
    ingest(bundles, tmp_path, codes, progress=quiet)
    told: list[str] = []
    ingest(bundles, tmp_path, msgspec.structs.replace(codes, **change), progress=told.append)
    assert told == ["60 of 60 files"]


def test_a_new_fact_of_the_medicine_is_found_in_a_folder_that_was_read_before(
    tmp_path: Path, knowledge: Knowledge, codes: Codes
) -> None:
    folder, work = tmp_path / "in", tmp_path / "work"
    folder.mkdir()
    about = {
        "resourceType": "Observation",
        "status": "final",
        "effectiveDateTime": "2024-01-02",
        "subject": {"reference": "Patient/a"},
    }
    result = about | {
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "valueQuantity": {"value": 11.5, "code": "g/dL"},
    }
    entries = [{"resource": {"resourceType": "Patient", "id": "a"}}, {"resource": result}]
    (folder / "a.json").write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    older = msgspec.structs.replace(codes, codes={**codes.codes, "loinc": {}})
    assert ingest(folder, work, older, progress=quiet).whole().entries.height == 0
    assert ingest(folder, work, codes, progress=quiet).whole().entries["fact"].to_list() == ["haemoglobin"]


def test_what_is_wrong_is_told_with_its_file(tmp_path: Path, codes: Codes) -> None:
    folder, patient = (
        tmp_path / "in",
        {"resourceType": "Patient", "id": "a", "birthDate": "1960-01-01", "deceasedDateTime": "2024-05-06T01:02:03Z"},
    )
    (folder / "deep").mkdir(parents=True)
    about = {"subject": {"reference": "Patient/a"}, "status": "final", "effectiveDateTime": "2024-01-02"}
    good = {
        "resourceType": "Observation",
        "id": "1",
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "valueQuantity": {"value": 11.5, "code": "g/dL"},
    } | about
    late = good | {"id": "2", "effectiveDateTime": "2124-01-02"}
    strange = good | {"id": "3", "code": {"coding": [{"system": "urn:nobody", "code": "x"}]}}
    write = lambda name, *resources: (folder / name).write_text(  # noqa: E731
        json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]})
    )
    write("a.json", patient, good, late, strange)
    write("deep/a-again.json", patient, good)
    write("nameless.json", {name: value for name, value in patient.items() if name != "id"})
    (folder / "cut.json").write_text((folder / "a.json").read_text()[:200])
    (folder / "empty.json").write_text("")
    (folder / "me.yaml").write_text("sex: female\nage: 60\n")
    (folder / "list.json").write_text("[1, 2]")
    (folder / "latin.yaml").write_bytes("sex: female\nnote: \xe4\n".encode("latin-1"))
    source = ingest(folder, tmp_path / "work", codes, progress=quiet)
    assert source.faults == {
        "a file that cannot be read": 4, "dated in the future": 1, "no id": 1, "a person who is in another file already": 1,
        "not understood: what was observed is not known here": 1,
    }  # fmt: skip
    places = {(row["kind"], row["file"]) for row in kept(tmp_path / "work")}
    assert places == {
        *(("a file that cannot be read", name) for name in ("cut.json", "empty.json", "list.json", "latin.yaml")), ("dated in the future", "a.json"),
        ("no id", "nameless.json"), ("a person who is in another file already", "deep/a-again.json"),
        ("not understood: what was observed is not known here", "a.json"),
    }  # fmt: skip
    people = source.whole().patients
    assert people["id"].to_list() == ["a", None, None]
    assert people["died"].to_list() == [dt.date(2024, 5, 6), None, None]
    assert people["last_seen"].to_list()[0] == dt.date(2024, 1, 2)  # a result of the future tells of no day
    assert source.whole().entries.filter(pl.col("fact") == "haemoglobin").height == 2


def test_one_file_is_a_folder_of_one(bundles: Path, tmp_path: Path, codes: Codes) -> None:
    assert len(ingest(bundles / "p00000000.json", tmp_path, codes, progress=quiet).whole()) == 1
    (tmp_path / "nothing").mkdir()
    with pytest.raises(RecordError, match="nothing here that can be read"):
        ingest(tmp_path / "nothing", tmp_path / "w", codes, progress=quiet)
