"""Documents go by names of their own: a class may be renamed, and what people have saved is still found."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from linewise.journal import StaleError, Vault
from linewise.journal.documents import KINDS, Document, Team, read, write
from linewise.journal.vault import Journal


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linewise.journal.vault._COST", 2**10)


class Helpers(Document, kw_only=True):
    """The team's document as a later release might have it: another class, under another name."""

    stored = "helpers"
    earlier = ("team",)

    contacts: list[dict[str, str]] = msgspec.field(default_factory=list)


@pytest.fixture(params=["kept", "in memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Journal:
    return (
        Vault(tmp_path / "v.sqlite").create("Anna", "correct horse battery") if request.param == "kept" else Journal.in_memory()
    )


def test_the_names_in_the_vault_stay() -> None:
    """Vaults of people hold these names: one that changes here needs the old one under `earlier`."""
    assert [kind.stored for kind in KINDS] == ["health", "diary", "team", "visit", "look", "settings", "papers"]
    assert not any(kind.earlier for kind in KINDS)


def test_what_was_saved_under_an_earlier_name_is_read_and_moves_when_it_is_saved(journal: Journal) -> None:
    journal.write("team", b'{"contacts": [{"name": "Dr Roth", "phone": "030"}]}', 0)
    mine, other = read(journal, Helpers), read(journal, Helpers)
    assert mine.contacts == [{"name": "Dr Roth", "phone": "030"}]
    assert journal.names() == ["team"]  # nothing is written by reading
    write(journal, mine)
    assert journal.names() == ["helpers"]
    assert read(journal, Helpers).contacts == mine.contacts
    with pytest.raises(StaleError):
        write(journal, other)  # a second tab, opened before


def test_the_new_name_counts_where_both_stand(journal: Journal) -> None:
    journal.write("helpers", b'{"contacts": []}', 0)
    journal.write("team", b'{"contacts": [{"name": "old", "phone": "1"}]}', 0)
    assert read(journal, Helpers).contacts == []
    assert read(journal, Team).contacts[0].name == "old"
