"""Deleted is deleted, a new passphrase is a new key, and what is damaged is told: never read as empty."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from linewise.errors import LinewiseError
from linewise.journal import DamagedError, Vault, WrongPassphraseError
from linewise.journal.documents import KINDS, Diary, Health, read, write

PHRASE, OTHER = "four words in a row", "another four of them"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linewise.journal.vault._COST", 2**10)


@pytest.fixture
def store(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "data" / "v.sqlite")


def backed_up(store: Vault) -> Path:
    """A backup copy, as an upgrade makes one."""
    folder = store.path.parent / "backups"
    folder.mkdir(exist_ok=True)
    path = folder / f"v-{len(store.backups())}-version-1.sqlite"
    with closing(sqlite3.connect(store.path)) as db, closing(sqlite3.connect(path)) as copy:
        db.backup(copy)
    return path


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_deleting_reaches_every_copy_the_damaged_ones_too(store: Vault) -> None:
    anna, ben = store.create("Anna", PHRASE), store.create("Ben", OTHER)
    anna.write("diary", b"hers", 0)
    ben.write("diary", b"his", 0)
    whole, broken, later = backed_up(store), backed_up(store), backed_up(store)
    broken.write_bytes(broken.read_bytes()[:900] + b"\xff" * 3000 + anna.person.encode())
    part = store.path.parent / "backups" / "v-x.part"
    part.write_bytes(b"SQLite format 3\0" + anna.person.encode() + b"Anna")
    anna.delete()
    assert anna.person.encode() not in everything(store.path.parent)
    assert not broken.exists() and not part.exists()
    for copy in (whole, later):
        with closing(sqlite3.connect(copy)) as db:
            assert db.execute("SELECT label FROM person").fetchall() == [("Ben",)]
    assert [one.label for one in store.people()] == ["Ben"]
    assert store.open(ben.person, OTHER).read("diary")[0] == b"his"


def test_nothing_stays_in_a_write_ahead_log(store: Vault) -> None:
    anna = store.create("Anna", PHRASE)
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("UPDATE person SET label = 'Anna in the log'")
        db.commit()
        db.execute("PRAGMA wal_checkpoint(PASSIVE)")
    anna.delete()
    assert b"Anna" not in everything(store.path.parent)


def test_what_an_interrupted_copy_left_is_gone_at_the_next_start(store: Vault) -> None:
    folder = store.path.parent / "backups"
    folder.mkdir()
    for name in ("v-1.part", "v-1.part-journal"):
        (folder / name).write_bytes(b"label, wrapped key, sealed data")
    Vault(store.path)
    assert list(folder.iterdir()) == []


def test_an_old_copy_and_the_old_passphrase_open_nothing_new(store: Vault, tmp_path: Path) -> None:
    anna = store.create("Anna", PHRASE)
    anna.write("diary", b"early", 0)
    copy = backed_up(store)
    stolen = tmp_path / "stolen.sqlite"
    stolen.write_bytes(copy.read_bytes())
    assert anna.change_passphrase(PHRASE, OTHER) == 1
    anna.write("diary", b"late", 1)
    assert store.open(anna.person, OTHER).read("diary") == (b"late", 2)
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT count(*) FROM person").fetchone() == (0,)
    old = Vault(stolen).open(anna.person, PHRASE)
    with closing(sqlite3.connect(store.path)) as now, closing(sqlite3.connect(stolen)) as then:
        sealed = now.execute("SELECT version, sealed FROM document WHERE name = 'diary'").fetchone()
        then.execute("UPDATE document SET version = ?, sealed = ? WHERE name = 'diary'", sealed)
        then.commit()
    with pytest.raises(DamagedError):
        old.read("diary")


def test_a_tab_that_was_open_goes_on_with_the_new_key_and_another_is_told(store: Vault) -> None:
    anna = store.create("Anna", PHRASE)
    anna.write("visit", b"one", 0)
    elsewhere = store.open(anna.person, PHRASE)
    anna.change_passphrase(PHRASE, OTHER)
    assert anna.read("visit") == (b"one", 1)
    with pytest.raises(LinewiseError):
        elsewhere.read("visit")
    with pytest.raises(WrongPassphraseError):
        store.open(anna.person, PHRASE)


def test_a_document_that_is_gone_is_told_never_read_as_empty(store: Vault) -> None:
    anna = store.create("Anna", PHRASE)
    for kind in KINDS:
        write(anna, kind())
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("DELETE FROM document WHERE name = 'diary'")
        db.commit()
    opened = store.open(anna.person, PHRASE)
    with pytest.raises(DamagedError, match="diary"):
        read(opened, Diary)
    assert opened.damaged() == ["diary"]
    assert read(opened, Health).answers == {}


def test_an_older_version_of_a_document_put_back_is_told(store: Vault) -> None:
    anna = store.create("Anna", PHRASE)
    anna.write("visit", b"one", 0)
    with closing(sqlite3.connect(store.path)) as db:
        old = db.execute("SELECT version, sealed FROM document WHERE name = 'visit'").fetchone()
    anna.write("visit", b"two", 1)
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("UPDATE document SET version = ?, sealed = ? WHERE name = 'visit'", old)
        db.commit()
    with pytest.raises(DamagedError):
        store.open(anna.person, PHRASE).read("visit")


def test_what_an_older_linewise_kept_without_a_list_is_read_and_gets_one(store: Vault) -> None:
    anna = store.create("Anna", PHRASE)
    anna.write("visit", b"one", 0)
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("UPDATE person SET listed = NULL")
        db.commit()
    opened = store.open(anna.person, PHRASE)
    assert opened.read("visit") == (b"one", 1)
    opened.write("diary", b"two", 0)
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("DELETE FROM document WHERE name = 'visit'")
        db.commit()
    with pytest.raises(DamagedError):
        opened.read("visit")


def test_going_on_without_what_is_damaged_keeps_the_rest_and_reads_nothing_as_empty_in_silence(store: Vault) -> None:
    anna = store.create("Anna", PHRASE)
    for kind in KINDS:
        write(anna, kind())
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("UPDATE document SET sealed = x'00' WHERE name = 'diary'")
        db.execute("UPDATE document SET version = 7 WHERE name = 'visit'")
        db.commit()
    opened = store.open(anna.person, PHRASE)
    assert opened.damaged() == opened.set_aside() == ["diary", "visit"]
    assert opened.damaged() == [] and read(opened, Diary).entries == []
    write(opened, read(opened, Diary))
    assert "health" in opened.names() and not any("aside" in name for name in opened.names())
    opened.change_passphrase(PHRASE, OTHER)
    assert store.open(anna.person, OTHER).damaged() == []


def test_a_damaged_list_is_told_and_what_can_be_read_stays(store: Vault) -> None:
    anna = store.create("Anna", PHRASE)
    anna.write("visit", b"one", 0)
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("UPDATE person SET listed = x'0011'")
        db.commit()
    opened = store.open(anna.person, PHRASE)
    assert "_documents" in opened.damaged()
    opened.set_aside()
    assert opened.damaged() == [] and opened.read("visit") == (b"one", 1)


def test_however_a_file_is_damaged_it_is_told_and_no_document_reads_as_none(store: Vault) -> None:
    anna = store.create("Anna", PHRASE)
    names = ["health", "diary", "visit", "team"]
    for name in names:
        anna.write(name, os.urandom(3000), 0)
    whole = store.path.read_bytes()
    chance, told = random.Random(7), 0
    for _ in range(250):
        data = bytearray(whole)
        start = chance.randrange(100, len(data))
        data[start : start + chance.choice([1, 16, 400])] = os.urandom(chance.choice([1, 16, 400]))
        store.path.write_bytes(bytes(data[: len(whole)]) if chance.random() < 0.9 else bytes(data[: chance.randrange(len(data))]))
        try:
            opened = Vault(store.path).open(anna.person, PHRASE)
            for name in names:
                assert opened.read(name)[0] is not None, name
        except LinewiseError:
            told += 1
    store.path.write_bytes(whole)
    assert told > 50
    assert store.open(anna.person, PHRASE).damaged() == []


def test_keeping_is_all_or_nothing(store: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    from linewise.journal import Journal

    open_ = Journal.in_memory()
    for name in ("health", "diary", "visit"):
        open_.write(name, b"text", 0)
    real, count = Journal._seal_in, 0

    def failing(self: Journal, *args: object) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise LinewiseError("the disk is full")
        real(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Journal, "_seal_in", failing)
    with pytest.raises(LinewiseError):
        open_.keep(store, "Anna", PHRASE)
    assert store.people() == []
    monkeypatch.undo()
    monkeypatch.setattr("linewise.journal.vault._COST", 2**10)
    assert sorted(open_.keep(store, "Anna", PHRASE).names()) == ["diary", "health", "visit"]


@pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
def test_a_folder_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    store = Vault(folder / "v.sqlite")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
