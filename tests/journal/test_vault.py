"""The store: nothing readable without the passphrase, nothing lost, nobody mixed up."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from linewise.errors import LinewiseError
from linewise.journal import StaleError, Vault, WrongPassphraseError
from linewise.journal import upgrade as upgrading

SECRET = b"a very private sentence"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linewise.journal.vault._COST", 2**10)


def test_nothing_readable_stands_in_the_file(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "v.sqlite")
    journal = vault.create("Anna", "correct horse battery")
    journal.write("diary", SECRET, 0)
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert SECRET not in everything
    assert b"correct horse" not in everything
    assert vault.open(journal.person, "correct horse battery").read("diary") == (SECRET, 1)


def test_wrong_passphrase_says_so_and_changes_nothing(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "v.sqlite")
    journal = vault.create("Anna", "correct horse battery")
    journal.write("diary", SECRET, 0)
    for wrong in ("", "correct horse batterz", "x" * 1000):
        with pytest.raises(WrongPassphraseError):
            vault.open(journal.person, wrong)
    with pytest.raises(WrongPassphraseError):
        vault.open("nobody", "correct horse battery")
    assert vault.open(journal.person, "correct horse battery").read("diary")[0] == SECRET


def test_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LinewiseError, match="at least"):
        Vault(tmp_path / "v.sqlite").create("Anna", "short")


def test_people_are_kept_apart_and_deleted_for_good(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "v.sqlite")
    anna, ben = vault.create("Anna", "passphrase of anna"), vault.create("Ben", "passphrase of ben")
    anna.write("diary", b"hers", 0)
    ben.write("diary", b"his", 0)
    with pytest.raises(WrongPassphraseError):
        vault.open(anna.person, "passphrase of ben")
    anna.delete()
    assert [one.label for one in vault.people()] == ["Ben"]
    assert ben.read("diary") == (b"his", 1)
    assert anna.person.encode() not in (tmp_path / "v.sqlite").read_bytes()


def test_a_second_tab_is_told(tmp_path: Path) -> None:
    journal = Vault(tmp_path / "v.sqlite").create("Anna", "correct horse battery")
    journal.write("visit", b"first", 0)
    with pytest.raises(StaleError) as told:
        journal.write("visit", b"second", 0)
    assert told.value.version == 1
    assert journal.read("visit") == (b"first", 1)


def test_documents_cannot_be_swapped(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "v.sqlite")
    journal = vault.create("Anna", "correct horse battery")
    journal.write("visit", b"one", 0)
    journal.write("diary", b"two", 0)
    with sqlite3.connect(vault.path) as db:
        db.execute("UPDATE document SET sealed = (SELECT sealed FROM document WHERE name = 'visit') WHERE name = 'diary'")
    with pytest.raises(LinewiseError, match="damaged"):
        journal.read("diary")


def test_new_passphrase_opens_and_the_old_one_does_not(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "v.sqlite")
    journal = vault.create("Anna", "correct horse battery")
    journal.write("visit", b"one", 0)
    with pytest.raises(WrongPassphraseError):
        journal.change_passphrase("not the old one", "another long one")
    journal.change_passphrase("correct horse battery", "another long one")
    with pytest.raises(WrongPassphraseError):
        vault.open(journal.person, "correct horse battery")
    assert vault.open(journal.person, "another long one").read("visit")[0] == b"one"


def test_backup_before_upgrade_and_deleted_there_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "v.sqlite"
    journal = Vault(path).create("Anna", "correct horse battery")
    journal.write("visit", b"one", 0)
    monkeypatch.setattr(upgrading, "_STEPS", (*upgrading._STEPS, ("CREATE TABLE more (id TEXT) STRICT",)))
    monkeypatch.setattr(upgrading, "SCHEMA", upgrading.SCHEMA + 1)
    vault = Vault(path)
    (copy,) = vault.backups()
    assert sqlite3.connect(copy).execute("PRAGMA user_version").fetchone() == (upgrading.SCHEMA - 1,)
    opened = vault.open(journal.person, "correct horse battery")
    assert opened.read("visit")[0] == b"one"
    opened.delete()
    assert sqlite3.connect(copy).execute("SELECT count(*) FROM person").fetchone() == (0,)
    assert sqlite3.connect(copy).execute("SELECT count(*) FROM document").fetchone() == (0,)


def test_upgrade_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "v.sqlite"
    Vault(path).create("Anna", "correct horse battery")
    monkeypatch.setattr(upgrading, "_STEPS", (*upgrading._STEPS, ("CREATE TABLE more (id TEXT) STRICT", "NOT SQL")))
    monkeypatch.setattr(upgrading, "SCHEMA", upgrading.SCHEMA + 1)
    with pytest.raises(LinewiseError):
        Vault(path)
    monkeypatch.undo()
    monkeypatch.setattr("linewise.journal.vault._COST", 2**10)
    assert [one.label for one in Vault(path).people()] == ["Anna"]


def test_newer_and_foreign_files_are_not_touched(tmp_path: Path) -> None:
    newer = tmp_path / "newer.sqlite"
    with sqlite3.connect(newer) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(LinewiseError, match="newer"):
        Vault(newer)
    foreign = tmp_path / "foreign.sqlite"
    foreign.write_bytes(b"not a database, and long enough to be looked at as one" * 30)
    with pytest.raises(LinewiseError, match="cannot be used"):
        Vault(foreign)
    assert foreign.read_bytes().startswith(b"not a database")


def test_full_disk_is_said_and_nothing_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault(tmp_path / "v.sqlite")
    journal = vault.create("Anna", "correct horse battery")
    journal.write("diary", b"kept", 0)
    real = sqlite3.connect

    def small(*args: object, **named: object) -> sqlite3.Connection:
        db: sqlite3.Connection = real(*args, **named)  # type: ignore[call-overload]
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
        return db

    monkeypatch.setattr(sqlite3, "connect", small)
    with pytest.raises(LinewiseError, match="disk is full"):
        journal.write("diary", os.urandom(2_000_000), 1)
    monkeypatch.undo()
    assert journal.read("diary") == (b"kept", 1)


_WRITER = """
import os, sys
from pathlib import Path
import linewise.journal.vault as v
v._COST = 2**10
vault = v.Vault(Path(sys.argv[1]))
journal = vault.open(sys.argv[2], "correct horse battery")
text, version = journal.read("diary")
print("ready", flush=True)
while True:
    number = version + 1
    version = journal.write("diary", (b"%d " % number) * 40_000, version)
    print(version, flush=True)
"""


def test_killed_in_the_middle_of_saving(tmp_path: Path) -> None:
    """Many times: whatever was reported as saved is there, whole."""
    path = tmp_path / "v.sqlite"
    person = Vault(path).create("Anna", "correct horse battery").person
    for turn in range(25):
        process = subprocess.Popen([sys.executable, "-c", _WRITER, str(path), person], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.003 * turn)
        process.send_signal(signal.SIGKILL)
        said = process.stdout.read().split()
        process.wait()
        text, version = Vault(path).open(person, "correct horse battery").read("diary")
        if said:
            assert version >= int(said[-1])
        assert text is None or text == (b"%d " % version) * 40_000
