"""Every mistake that an author could make in a criterion, a date or a caution is caught by what is stored, or says why not."""

from __future__ import annotations

import os

import pytest
from pairing import golden, report
from pairing.score import Score, score

from linewise.knowledge.store import open_knowledge

pytestmark = pytest.mark.slow
LEAST = 0.98


@pytest.fixture(scope="module")
def found() -> Score:
    return score(open_knowledge(), golden.read(), os.cpu_count() or 1)


def test_nearly_all_mutants_are_caught(found: Score) -> None:
    assert found.tried.total() > 10_000
    assert found.share >= LEAST, found.survivors[:50]


def test_every_mutant_that_lives_has_a_reason(found: Score) -> None:
    assert report.unexplained(found) == []


def test_the_page_says_so(found: Score) -> None:
    assert report.DOCUMENT.read_text(encoding="utf-8") == report.document(golden.read(), found), "run `make pairs`"
