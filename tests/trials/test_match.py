"""Trials for people: the trials of the knowledge, registry formats, the public examples, and that silence never matches."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

import pytest

from linewise.cli import main
from linewise.errors import RecordError
from linewise.exchange import Codes, read_bytes
from linewise.knowledge import Knowledge
from linewise.trials.document import document, recruitment
from linewise.trials.known import known_entries
from linewise.trials.match import Matcher, Readings
from linewise.trials.model import Entry
from linewise.trials.read import entries_of, read_entries
from linewise.trials.words import words_of
from people import person
from places import ROOT, Shared, read_yaml

DAY = dt.date(2026, 6, 1)


def matcher(profile: dict[str, Any], knowledge: Knowledge, codes: Codes) -> Matcher:
    (record,) = read_bytes(json.dumps(profile).encode(), "a person", codes)
    return Matcher(record, knowledge, DAY)


def test_who_is_not_known_matches_no_trial(knowledge: Knowledge, codes: Codes) -> None:
    found = matcher({"sex": "female", "metastatic_sites": ["liver"]}, knowledge, codes)
    assert {found.match(entry).status for entry in known_entries(knowledge)} == {"depends"}


def test_a_trial_read_in_part_is_never_more_than_depends(knowledge: Knowledge, codes: Codes) -> None:
    """Whoever the person is: what of an entry is not in the knowledge was not looked at."""
    studies = knowledge.content.studies
    for seed in range(40):
        found = matcher(person(random.Random(seed)), knowledge, codes)
        for entry in known_entries(knowledge):
            assert studies[entry.id].whole or found.match(entry).status != "may-fit", (seed, entry.id)


def test_the_answer_names_what_fails_and_what_is_open(knowledge: Knowledge, codes: Codes) -> None:
    (record,) = read_bytes((ROOT / "examples/chiara-triple-negative.yaml").read_bytes(), "chiara.yaml", codes)
    found = Matcher(record, knowledge, DAY)
    answer = document(record, [found.match(entry) for entry in known_entries(knowledge)], knowledge, DAY)
    for trial in answer["trials"]:
        assert trial["status"] != "does-not-fit" or trial["fails"], trial["id"]
        assert trial["status"] != "depends" or trial["open"], trial["id"]
        for one in trial["criteria"]:
            assert one["decided"] is (one["value"] is not None)
    hormone = next(trial for trial in answer["trials"] if trial["id"] == "NCT06760637")
    assert hormone["status"] == "does-not-fit"


def test_the_age_of_an_entry_is_said(knowledge: Knowledge, codes: Codes) -> None:
    found = matcher({"sex": "female"}, knowledge, codes)
    words = recruitment(found.match(Entry(id="X", status="recruiting", updated=dt.date(2026, 5, 14))), DAY)
    assert words == "entry of 14 May 2026 (recruiting): ask whether it still recruits"


@pytest.mark.parametrize(
    ("file", "sex"),
    [
        ("ctgov_classic_xml/NCT03377387.xml", "female"),
        ("ctm_app_resultBundle.json", "all"),
        ("hadleylab/select_breast_cancer_trials.ndjson", "all"),
        ("matchminer/trial.example.json", "all"),
        ("matchminer/trial.example.yml", "all"),
    ],
)
def test_registry_formats_are_read(file: str, sex: str, shared: Shared, knowledge: Knowledge) -> None:
    entries = read_entries([shared / f"records/trials/{file}"], words_of(knowledge))
    assert entries
    assert all(entry.id and entry.points and entry.format for entry in entries)
    assert entries[0].sex == sex


def test_ctis_is_read(knowledge: Knowledge) -> None:
    """Invented, in the shape of the portal."""
    value = {
        "ctNumber": "2026-500000-00-00",
        "ctPublicStatus": "Ongoing, recruiting",
        "part": {
            "trialDetails": {"publicTitle": "A trial"},
            "medicalConditions": [{"medicalCondition": "Metastatic breast cancer"}],
            "principalInclusionCriteria": [{"number": 1, "principalInclusionCriteria": "ECOG 0-1"}],
            "principalExclusionCriteria": [{"number": 1, "principalExclusionCriteria": "Pregnant"}],
        },
    }
    (entry,) = entries_of(json.dumps(value).encode(), "x.json", words_of(knowledge))
    assert [(point.kind, point.text) for point in entry.points] == [("inclusion", "ECOG 0-1"), ("exclusion", "Pregnant")]


def test_a_file_that_is_no_trial_is_refused_with_a_reason(knowledge: Knowledge, tmp_path: Path) -> None:
    for name, text in (("a.json", "{}"), ("b.json", "{"), ("c.xml", "<x>")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(RecordError):
            read_entries([tmp_path / name], words_of(knowledge))


def test_a_file_of_a_folder_that_is_no_trial_is_told_and_the_others_are_read(
    knowledge: Knowledge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = {"protocolSection": {"identificationModule": {"nctId": "NCT00000001", "briefTitle": "A trial"},
                                 "eligibilityModule": {"eligibilityCriteria": "Inclusion Criteria:\n\n* ECOG 0-1"}}}  # fmt: skip
    for name, text in (("a.json", "{}"), ("b.json", json.dumps(entry)), ("c.json", "{")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert main(["trials", "import", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "NCT00000001" in said.out
    assert [line.startswith("left out: ") for line in said.err.splitlines()] == [True, True]
    assert "a.json" in said.err and "c.json" in said.err
    (tmp_path / "b.json").unlink()
    with pytest.raises(RecordError):
        read_entries([tmp_path], words_of(knowledge))


def test_the_public_pairs_are_read_as_a_trial_nurse_reads_them(shared: Shared, knowledge: Knowledge, codes: Codes) -> None:
    folder = shared / "trials"
    pairs = read_yaml(folder / "expected.yaml")["pairs"]
    words = words_of(knowledge)
    entries, readings = {entry.id: entry for entry in read_entries([folder / "trials"], words)}, Readings(knowledge)
    for who in sorted({pair["person"] for pair in pairs}):
        (record,) = read_bytes((folder / f"people/{who}.yaml").read_bytes(), f"{who}.yaml", codes)
        found = Matcher(record, knowledge, DAY)
        for pair in (one for one in pairs if one["person"] == who):
            match = found.match(entries[pair["trial"]], readings)
            assert match.status in {pair["overall"], *pair.get("also", ())}, (who, pair["trial"])


def test_the_command_answers_in_words_and_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    anna = str(ROOT / "examples/anna.json")
    assert main(["trials", anna]) == 0
    assert "ask whether it still recruits" in capsys.readouterr().out
    assert main(["trials", anna, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "linewise-trials/1"
