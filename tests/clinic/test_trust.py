"""The trail that shows tampering, answers that can be given again, erasure, and no answer where the medicine may not be trusted."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from linewise.clinic.audit import Act, append, verify
from linewise.clinic.medicine import cannot_assess
from linewise.clinic.settings import Settings, load
from linewise.clinic.store import open_store
from linewise.errors import LinewiseError
from linewise.knowledge import Knowledge
from places import ROOT

from .conftest import Clinic
from .hospital import Hospital, anna, prefetch_of


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(public_url="http://127.0.0.1:1", store=f"sqlite:///{folder / 'clinic.sqlite'}", **more)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE audit SET event = replace(event, 'anna', 'bertha') WHERE number = 2",
        "DELETE FROM audit WHERE number = 2",
        "DELETE FROM audit WHERE number = 4",
        "DELETE FROM audit",
        "UPDATE audit SET hash = before WHERE number = 3",
        "INSERT INTO audit SELECT 5, 'x', replace(event, 'anna', 'x'), hash, hash FROM audit WHERE number = 4",
        "DELETE FROM audit_head",
        "DELETE FROM audit WHERE number = 4; UPDATE audit_head SET number = 3, hash = (SELECT hash FROM audit WHERE number = 3)",
    ],
)
def test_every_change_of_the_trail_is_found(tmp_path: Path, harm: str) -> None:
    store = open_store(settings(tmp_path))
    for _ in range(4):
        append(store, Act(what="plan", who="meier", patient="anna"), "here")
    assert verify(store) == (4, "")
    database = sqlite3.connect(tmp_path / "clinic.sqlite")
    if "audit_head" not in harm and "INSERT" not in harm:
        with pytest.raises(sqlite3.DatabaseError, match="never changed"):
            database.execute(harm)
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {name}")
    database.executescript(harm)
    assert verify(store)[1]


def test_the_command_says_so(clinic: Clinic) -> None:
    assert clinic.run("audit", "verify").returncode == 0
    events = [json.loads(line) for line in clinic.run("audit", "export").stdout.splitlines()]
    assert all(event["resourceType"] == "AuditEvent" for event in events)


def test_an_answer_is_given_again_byte_for_byte_and_erased(hospital: Hospital, tmp_path: Path) -> None:
    own = Clinic(tmp_path, [hospital.settings()], keep_answers=True)
    try:
        answer = own.cds(hospital, hospital.call(prefetch=prefetch_of(anna())))
        id_ = answer.headers["x-linewise-answer"]
        assert own.run("replay", id_).stdout.encode() == answer.content
        assert (
            b"elacestrant" not in (tmp_path / "clinic.sqlite").read_bytes()
            and b"elacestrant" not in (tmp_path / "clinic.sqlite-wal").read_bytes()
        )
        assert own.run("replay", "nothing").returncode == 2
        assert own.run("erase", "--patient", "anna").stdout.startswith("1 ")
        assert own.run("replay", id_).returncode == 2
        assert own.run("forget").returncode == 0 and own.run("audit", "verify").returncode == 0
    finally:
        own.stop()


def test_what_has_reached_its_day_goes_and_the_store_is_private(tmp_path: Path) -> None:
    store = open_store(settings(tmp_path))
    store.keep("answer", "old", b"x", -1.0)
    store.keep("answer", "new", b"x", 60.0)
    assert store.first_time("jti", "a", until=1.0) and not store.first_time("jti", "a", until=1.0)
    assert store.forget_old() == 2 and store.kept("answer", "new") == b"x" and store.kept("answer", "old") is None
    assert (tmp_path / "clinic.sqlite").stat().st_mode & 0o077 == 0 and (tmp_path / "clinic.key").stat().st_mode & 0o077 == 0


def test_nothing_of_a_patient_is_kept_unless_it_is_set(clinic: Clinic, hospital: Hospital) -> None:
    clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna())))
    data = b"".join(path.read_bytes() for path in clinic.folder.glob("clinic.sqlite*"))
    for word in (b"Example", b"1961-04-17", b"elacestrant", b"metast"):
        assert word not in data


def test_without_the_trail_there_is_no_answer(hospital: Hospital, tmp_path: Path) -> None:
    own = Clinic(tmp_path, [hospital.settings()])
    try:
        assert own.client.get("/ready").status_code == 200
        database = sqlite3.connect(tmp_path / "clinic.sqlite")
        database.execute("ALTER TABLE audit RENAME TO gone")
        database.commit()
        answer = own.cds(hospital, hospital.call(prefetch=prefetch_of(anna())))
        assert answer.status_code == 503 and "elacestrant" not in answer.text
        database.execute("ALTER TABLE audit_head RENAME TO gone_too")
        database.commit()
        assert own.client.get("/ready").status_code == 503 and own.client.get("/health").status_code == 200
    finally:
        own.stop()


def test_expired_and_other_medicine_gives_no_answer(knowledge: Knowledge) -> None:
    usual = Settings(public_url="http://127.0.0.1:1", store="sqlite://")
    made = knowledge.content.version_on
    assert made is not None
    assert cannot_assess(knowledge, usual, made.last) is None
    assert "expired" in (cannot_assess(knowledge, usual, made.last + dt.timedelta(days=370)) or "")
    other = Settings(public_url="http://127.0.0.1:1", store="sqlite://", medicine_digest="0000")
    assert "not the one" in (cannot_assess(knowledge, other, made.last) or "")


def test_a_server_with_expired_medicine_says_cannot_assess(hospital: Hospital, tmp_path: Path) -> None:
    old = tmp_path / "knowledge"
    shutil.copytree(ROOT / "knowledge", old)
    (old / "VERSION").write_text("2024.1\n2024-01-15\n", encoding="utf-8")
    own = Clinic(tmp_path, [hospital.settings()], environment={"LINEWISE_KNOWLEDGE": str(old)})
    try:
        assert own.client.get("/ready").status_code == 503
        answer = own.cds(hospital, hospital.call(prefetch=prefetch_of(anna())))
        assert answer.status_code == 503 and "annot assess" in answer.text
    finally:
        own.stop()


# Settings


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "clinic.yaml"
    file.write_text("public_url: https://l.example\nstore: sqlite:///a\nregion: EU\n", encoding="utf-8")
    found = load(str(file), {"LINEWISE_CLINIC_STORE": "sqlite:///b", "LINEWISE_CLINIC_KEEP_DAYS": "7"})
    assert (found.store, found.keep_days, found.region) == ("sqlite:///b", 7, "EU")


@pytest.mark.parametrize(
    "text",
    [
        "store: sqlite:///a",
        "public_url: ftp://x\nstore: sqlite:///a",
        "public_url: http://hospital.example\nstore: sqlite:///a",
        "public_url: https://l.example\nstore: mysql://x",
        "public_url: https://l.example\nstore: sqlite:///a\ntrial: true",
        "public_url: https://l.example\nstore: sqlite:///a\nehrs: [{name: a, fhir: 'http://ehr.example/fhir'}]",
        "public_url: https://l.example\nstore: sqlite:///a\nehrs: [{name: a, fhir: 'https://e/f', origins: ['*']}]",
        "[1, 2]",
        "public_url: [",
    ],
)
def test_settings_that_are_wrong_are_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "clinic.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(LinewiseError):
        load(str(file), {})


def test_a_trial_answers_on_this_machine_without_a_signature(tmp_path: Path) -> None:
    own = Clinic(tmp_path, [], trial=True)
    try:
        hospital_call = {
            "hook": "patient-view",
            "hookInstance": "1",
            "context": {"patientId": "anna", "userId": "Practitioner/1"},
            "prefetch": prefetch_of(anna()),
        }
        assert own.client.post(f"/cds-services/{own.service()}", json=hospital_call).json()["cards"]
        assert own.stop() == 0
    finally:
        if own.process.poll() is None:
            own.stop()


def test_two_commands_lead_to_a_card(tmp_path: Path) -> None:
    own = Clinic(tmp_path, [], trial=True)
    try:
        command = [sys.executable, "-m", "linewise", "clinic", "try", str(ROOT / "examples" / "anna.json"), "--address", own.base]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        assert found.returncode == 0 and "Fits this record" in found.stdout
        sandbox = {"Origin": "https://sandbox.example", "Access-Control-Request-Method": "POST"}
        assert own.client.options("/cds-services/x", headers=sandbox).headers["access-control-allow-origin"] == "*"
    finally:
        own.stop()
    gone = subprocess.run(command, capture_output=True, text=True, check=False)
    assert gone.returncode == 2 and "linewise clinic serve" in gone.stderr
