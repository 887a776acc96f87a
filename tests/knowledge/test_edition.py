"""Which medicine answered: its version, its hash, what was altered, what is overdue."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path

import pytest

from linewise.errors import KnowledgeError
from linewise.exchange import codes_of
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge, open_knowledge, store
from linewise.knowledge.load import load
from linewise.knowledge.state import digest, touched
from linewise.plan import Plan, make_plan

ANNA = {
    "sex": "female", "age": 58, "menopausal_status": "postmenopausal", "er": {"status": "positive"}, "pr": {"status": "positive"},
    "her2": {"status": "negative"}, "metastatic_sites": ["bone"], "visceral_crisis": False, "adjuvant": [], "metastatic_lines": [],
    "comorbidities": [], "ecog": 1,
}  # fmt: skip


def plan_on(day: str) -> Plan:
    knowledge = open_knowledge()
    record = read_profile(ANNA, "anna", codes_of(knowledge), True)
    return make_plan(record, knowledge, dt.date.fromisoformat(day), "EU")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small folder of knowledge: one fact, without those that the program needs (`anchors`)."""
    monkeypatch.setattr(store, "checked", lambda content, *more: content)
    root = tmp_path / "knowledge"
    (root / "facts").mkdir(parents=True)
    (root / "facts" / "one.yaml").write_text("- {id: age, label: age, type: number}\n", encoding="utf-8")
    (root / "VERSION").write_text("2026.11\n2026-11-30\n", encoding="utf-8")
    return root


def test_every_plan_names_the_medicine_that_answered() -> None:
    document = plan_on("2026-12-01").document()
    content = open_knowledge().content
    assert document.medicine.version == content.version != ""
    assert document.medicine.digest == content.digest and len(content.digest) == 64
    assert document.medicine.folder is None


def test_the_hash_is_of_what_the_files_say_and_not_of_when_they_were_written(copy: Path) -> None:
    before, state = digest(copy), touched(copy)
    os.utime(copy / "facts" / "one.yaml", (1, 1))
    assert (digest(copy), touched(copy) == state) == (before, False)
    (copy / "facts" / "one.yaml").write_text("- {id: age, label: AGE, type: number}\n", encoding="utf-8")
    assert digest(copy) != before


def test_another_folder_of_knowledge_is_named(copy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert str(copy) in store.opened(copy).edition
    assert "2026.11 of 2026-11-30" in store.opened(copy).edition


def test_an_altered_artefact_in_the_cache_is_made_again(copy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    store.opened(copy)
    (artefact,) = (tmp_path / "cache" / "linewise").glob("*.msgpack")
    whole = artefact.read_bytes()
    artefact.write_bytes(whole.replace(b"age", b"AGE"))
    assert store.opened(copy).facts["age"].label == "age"
    assert artefact.read_bytes() == whole


def test_the_whole_medicine_is_read_back_from_its_artefact(tmp_path: Path) -> None:
    whole = Path(__file__).parents[2] / "knowledge"
    content, artefact = load(whole), tmp_path / "compiled.msgpack"
    store.write(content, artefact)
    assert store._read(artefact) == content


def test_an_altered_artefact_of_a_wheel_is_refused(copy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packaged = tmp_path / "compiled.msgpack"
    store.write(store.compiled(copy), packaged)
    monkeypatch.setattr(store, "folder", lambda: None)
    monkeypatch.setattr(store, "_PACKAGED", packaged)
    store.open_knowledge.cache_clear()
    try:
        assert "age" in store.open_knowledge().facts
        packaged.write_bytes(packaged.read_bytes()[:-1] + b"\x00")
        store.open_knowledge.cache_clear()
        with pytest.raises(KnowledgeError, match="altered"):
            store.open_knowledge()
    finally:
        store.open_knowledge.cache_clear()


def test_a_plan_says_when_its_medicine_was_due_for_review() -> None:
    now, overdue = plan_on("2026-12-01"), plan_on("2027-12-01")
    assert now.medicine.overdue == {} and not any("due for review" in note for note in now.notes)
    assert overdue.medicine.overdue and any("due for review" in note for note in overdue.notes)
    assert [one.id for one in overdue.offered] == [one.id for one in now.offered]


def test_twelve_months_after_its_review_was_due_nothing_is_offered_on_it() -> None:
    late = plan_on("2100-01-01")
    assert late.offered == []
    names = {one.id for one in plan_on("2026-12-01").offered}
    assert names and all(late.status(name) == "depends" for name in names)
    assert all("review" in late.option(name).depends_on for name in names)
    assert any("what was published between then" in note for note in late.notes)


@pytest.mark.parametrize(
    "day",
    [
        dt.date(2100, 1, 1),
        pytest.param(dt.date(2026, 12, 1), marks=pytest.mark.slow),
        pytest.param(dt.date(2028, 3, 1), marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_a_review_of_long_ago_expires_for_many_as_for_one(day: dt.date) -> None:
    pytest.importorskip("polars")
    from linewise.columns import events
    from linewise.columns.decide import plan as plan_of_many

    knowledge: Knowledge = open_knowledge()
    record = read_profile(ANNA, "anna", codes_of(knowledge), True)
    one = make_plan(record, knowledge, day, "EU")
    many = plan_of_many(events.of_records([record]), knowledge, day, "EU").row(0, named=True)
    assert {name: one.status(name) for name in many} == many
    assert day.year < 2100 or any(one.judged[name].expired for name in many)


def test_the_copy_of_a_folder_says_the_same(copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    shutil.copytree(copy, other)
    assert digest(other) == digest(copy)
