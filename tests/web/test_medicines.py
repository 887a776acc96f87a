"""What must not be taken: the disease itself counts, not only the other drugs, and what goes too far is told first and by name."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from linewise.plan.model import Caution
from linewise.plan.shown import cautions_for_me


@pytest.mark.parametrize("name", ["HRT", "estradiol", "tibolone", "Vagifem", "oestrogen cream"])
def test_no_oestrogen_passes_as_harmless_with_a_cancer_that_feeds_on_it(person: Any, name: str) -> None:
    person.example()
    answer = person.post("/medicines", name=name, do="check")
    assert answer.status_code == 200, answer.text
    assert "If you took" in answer.text
    assert "No clash" not in answer.text


@pytest.mark.parametrize("name", ["St John's wort", "Johanniskraut"])
def test_what_must_not_be_taken_together_says_so_first_and_names_both(person: Any, name: str) -> None:
    person.example()
    found = person.client.post("/medicines.json", data={"csrf": person.csrf, "name": name, "do": "check"}).json()
    strong = [one["advice"] in ("avoid", "never-together") for one in found["interactions"]]
    assert strong[0] and strong == sorted(strong, reverse=True)
    text = person.post("/medicines", name=name, do="check").text
    first = text[text.index('<li class="caution') :]
    first = unescape(first[: first.index("</li>")])
    assert "Do not take together" in first or "Avoid together" in first
    assert "Take care" not in first
    assert found["interactions"][0]["drug_label"] in first and all(
        one in first for one in found["interactions"][0]["meets_labels"]
    )


def test_of_what_holds_for_me_the_strongest_stands_first() -> None:
    def one(name: str, severity: Any, advice: str | None = None) -> Caution:
        return Caution(drug="d", id=name, severity=severity, text=name, advice=advice)

    mixed = [
        one("note", "moderate"),
        one("care", "major"),
        one("avoid", "major", "avoid"),
        one("never", "major", "never-together"),
    ]
    mixed.append(Caution(drug="d", id="all", severity="contraindicated", text="all", always=True))
    assert [each.id for each in cautions_for_me(mixed)] == ["never", "avoid", "care", "note", "all"]
