"""Passphrases: the first that others would try are refused, and one is the same on every keyboard."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from linewise.errors import LinewiseError
from linewise.journal import Vault, WrongPassphraseError, vault
from linewise.journal.passphrases import DamagedError, check, derive

_COMMON = """
password password1 Password123 P@ssw0rd passw0rd! 12345678 123456789 1234567890 87654321 11111111 00000000 abcdefgh abc12345 qwertyui qwertyuiop qwerty123
1q2w3e4r iloveyou iloveyou1 sunshine1 princess princess123 football1 baseball superman batman123 trustno1 letmein1 welcome1 admin123 administrator
michael1 jennifer jordan23 charlie1 dragon123 monkey123 starwars computer internet whatever summer2024 Sommer2024! passwort1 hallo123 schatzi1 liverpool1
chelsea1 blink182 asdfghjkl zxcvbnm1 zaq12wsx 1qaz2wsx q1w2e3r4 aaaaaaaa abababab 12341234 qwertzuiop brustkrebs1 linewise1 password.password
"""
COMMON = _COMMON.split()


@pytest.mark.parametrize("passphrase", [*COMMON, "        ", "a b", "correct horse battery staple"[:7]])
def test_what_others_would_try_first_is_refused(passphrase: str) -> None:
    with pytest.raises(LinewiseError):
        check(passphrase)


@pytest.mark.parametrize(
    "passphrase",
    [
        "four words in a row",
        "blaue Giraffe am Dienstag",
        "passphrase of anna",
        "another long one",
        "xK9#vq2!Lw",
        "correct horse battery",
    ],
)
def test_a_few_words_of_ones_own_are_taken(passphrase: str) -> None:
    check(passphrase)


def test_the_name_of_the_person_is_none() -> None:
    with pytest.raises(LinewiseError):
        check("Annabella1", "Annabella")


def test_one_passphrase_on_every_keyboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "_COST", 2**10)
    composed, marked = (unicodedata.normalize(form, "drei kleine Bären müde") for form in ("NFC", "NFD"))
    assert composed != marked
    store = Vault(tmp_path / "v.sqlite")
    person = store.create("Anna", marked).person
    assert store.open(person, composed).person == store.open(person, marked).person == person
    with pytest.raises(WrongPassphraseError):
        store.open(person, "drei kleine Baren mude")


def test_the_cost_is_what_owasp_asks_for() -> None:
    assert vault._COST == 2**17


@pytest.mark.parametrize("cost", [0, 3, 2**30, -1, "65536", None])
def test_a_damaged_cost_is_told_and_takes_no_memory(cost: object) -> None:
    with pytest.raises(DamagedError):
        derive("four words in a row", b"0" * 16, cost)  # type: ignore[arg-type]
