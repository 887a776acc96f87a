"""From the journal to a record and a plan: answers, imports, the diary; and what changed since the last look."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from linewise.exchange import codes_of
from linewise.exchange.profile import read_profile
from linewise.journal import Journal, StaleError
from linewise.journal.changes import changes, look
from linewise.journal.documents import CheckIn, Diary, Health, Look, everything, read, write
from linewise.journal.person import record_of
from linewise.journal.proctcae import terms
from linewise.knowledge import Knowledge, open_knowledge
from linewise.plan import make_plan

DAY = dt.date(2026, 11, 21)


@pytest.fixture(scope="module")
def profile() -> dict[str, Any]:
    return {name: value for name, value in open_knowledge().guide.example.profile.items() if name != "region"}


def test_an_answer_counts_more_than_what_was_brought_in_and_both_are_kept(knowledge: Knowledge, profile: dict[str, Any]) -> None:
    codes = codes_of(knowledge)
    imported = read_profile({**profile, "variants": {"ESR1": "wild-type"}}, "file", codes)
    health = Health(imported=imported, answers={"variants": {"ESR1": "mutated"}}, answered_on={"test-ESR1": DAY})
    record = record_of(health, Diary(), knowledge, codes, DAY)
    plan = make_plan(record, knowledge, DAY)
    assert plan.decider.fact_value("ESR1") == "mutated"
    assert {entry.value for entry in record.entries if entry.fact == "ESR1"} == {"mutated", "wild-type"}


def test_without_a_sex_nothing_is_made_up(knowledge: Knowledge) -> None:
    record = record_of(Health(answers={"age": 57}), Diary(), knowledge, codes_of(knowledge), DAY)
    assert not [entry for entry in record.entries if entry.fact == "sex"]


def test_the_diary_speaks_for_a_week(knowledge: Knowledge, profile: dict[str, Any]) -> None:
    codes = codes_of(knowledge)
    item = terms(knowledge)[16].items[0].id
    diary = Diary(
        entries=[CheckIn(id="a", on=DAY - dt.timedelta(days=3), answers={item: 4}, symptoms=["fever"], temperature=38.6)]
    )
    now = make_plan(record_of(Health(answers=profile), diary, knowledge, codes, DAY), knowledge, DAY)
    later = make_plan(record_of(Health(answers=profile), diary, knowledge, codes, DAY + dt.timedelta(days=9)), knowledge, DAY)
    assert {"fever", "diarrhoea"} <= set(now.decider.fact_value("symptoms") or ())
    assert not later.decider.fact_value("symptoms")


def test_every_document_comes_back_as_it_was(knowledge: Knowledge, profile: dict[str, Any]) -> None:
    journal = Journal.in_memory()
    imported = read_profile(profile, "file", codes_of(knowledge))
    write(journal, Health(imported=imported, answers=profile, unsure=["er"]))
    found = read(journal, Health)
    assert found.imported == imported
    assert found.answers == profile
    assert everything(journal)["health"]["unsure"] == ["er"]
    with pytest.raises(StaleError):
        write(journal, Health())


def test_what_changed_comes_with_the_statement_that_changed(knowledge: Knowledge, profile: dict[str, Any]) -> None:
    record = read_profile(profile, "file", codes_of(knowledge))
    before = look(make_plan(record, knowledge, dt.date(2021, 1, 1), "EU"))
    found = changes(make_plan(record, knowledge, DAY, "EU"), before)
    assert found
    assert all(one.before != one.now and one.because for one in found)
    assert any(text.startswith("New: EU ") for one in found for text in one.because)
    assert changes(make_plan(record, knowledge, DAY, "EU"), look(make_plan(record, knowledge, DAY, "EU"))) == []
    assert changes(make_plan(record, knowledge, DAY, "EU"), Look()) == []
