"""Texts of eligibility, invented, taken apart as registries write them."""

from __future__ import annotations

from linewise.knowledge import open_knowledge
from linewise.trials.split import Split, split
from linewise.trials.words import words_of


def parts(text: str) -> Split:
    return split(text, words_of(open_knowledge()))


def told(text: str) -> list[tuple[str, str]]:
    return [(point.kind, point.text) for point in parts(text).points]


def test_bullets_under_headings() -> None:
    text = "Inclusion Criteria:\n\n* Adults\n* ECOG 0-1\n\nKey Exclusion Criteria:\n\n* Pregnant"
    assert told(text) == [("inclusion", "Adults"), ("inclusion", "ECOG 0-1"), ("exclusion", "Pregnant")]


def test_what_is_indented_belongs_to_the_bullet() -> None:
    text = "Inclusion Criteria:\n1. Adequate function:\n\n   * ANC >= 1.5\n   * Platelets >= 100\n2. Consent"
    assert told(text) == [("inclusion", "Adequate function:\nANC >= 1.5\nPlatelets >= 100"), ("inclusion", "Consent")]


def test_a_list_that_was_not_indented() -> None:
    text = "Inclusion Criteria:\n* Premenopausal is defined as either:\n* A period within 12 months, OR\n* FSH before menopause\n* Consent"
    assert [text.split("\n")[0] for _, text in told(text)] == ["Premenopausal is defined as either:", "Consent"]


def test_arms_are_groups() -> None:
    text = "Inclusion Criteria:\n* Adults\nArm 1:\n* No chemotherapy\nArm 2:\n* Chemotherapy\nExclusion Criteria:\n* Pregnant"
    assert [(point.text, point.group) for point in parts(text).points] == [
        ("Adults", ""), ("No chemotherapy", "arm 1"), ("Chemotherapy", "arm 2"), ("Pregnant", ""),
    ]  # fmt: skip


def test_lines_without_bullets_are_criteria() -> None:
    text = "Inclusion Criteria:\n\nAge 18 or older.\n\nMeasurable disease.\n\nExclusion Criteria:\n\nPregnant."
    assert [kind for kind, _ in told(text)] == ["inclusion", "inclusion", "exclusion"]


def test_an_or_on_a_line_of_its_own_joins_two_bullets() -> None:
    assert told("Inclusion Criteria:\n* One line\n\nOR\n\n* Two lines\n* Consent") == [
        ("inclusion", "One line\nOR Two lines"), ("inclusion", "Consent"),
    ]  # fmt: skip


def test_a_paragraph_behind_the_list_is_a_note() -> None:
    found = parts("Inclusion Criteria:\n* Adults\n\nOther criteria may apply; ask the team for the whole list of them.")
    assert len(found.points) == 1
    assert found.notes


def test_an_empty_text_has_no_criteria() -> None:
    assert parts("").points == []
