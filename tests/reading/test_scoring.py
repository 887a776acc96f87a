"""The scorer of the documents: what it lets pass, and what it does not."""

from __future__ import annotations

from typing import Any

from .scoring import score


def _missed(document: dict[str, Any], profile: dict[str, Any]) -> list[str]:
    return score(document, profile).missed


def test_an_accepted_word_stands_for_one_missing_member_only() -> None:
    document = {"expect": {"comorbidities": ["asthma", "epilepsy"]}, "accept": {"comorbidities": ["copd"]}}
    assert len(_missed(document, {"comorbidities": ["copd"]})) == 1
    assert _missed(document, {"comorbidities": ["copd", "asthma"]}) == []
    assert score(document, {"comorbidities": ["copd", "asthma", "epilepsy"]}).wrong == []


def test_an_accepted_harm_stands_for_a_harm_of_its_own_drug_only() -> None:
    want = [{"drug": "one", "effect": "rash"}, {"drug": "two", "effect": "rash"}]
    document = {"expect": {"reactions": want}, "accept": {"reactions": ["one:itching"]}}
    found = score(document, {"reactions": [{"drug": "one", "effect": "itching"}]})
    assert found.missed == ["reactions=two:rash"] and found.wrong == []


def test_members_of_courses_may_be_optional_without_the_courses() -> None:
    document = {"expect": {"adjuvant": [{"drugs": ["a"], "months": 12}]}, "optional": ["adjuvant[*].*"]}
    assert _missed(document, {}) == ["adjuvant=a"]
    starred = {**document, "optional": ["adjuvant[*]*"]}
    assert _missed(starred, {}) == ["adjuvant=a"]
    assert score(document, {"adjuvant": [{"drugs": ["a", "b"]}]}).wrong == ["adjuvant=a+b True"]
