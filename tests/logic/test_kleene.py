"""The three values against their definition: an answer is known when every way to fill in what is unknown agrees."""

from __future__ import annotations

import itertools

import pytest

from linewise.logic import kleene

VALUES = [list(one) for size in range(4) for one in itertools.product((True, False, None), repeat=size)]


def settled(values: list[bool | None], rule: object) -> bool | None:
    """The answer by definition: the one that all completions give, else unknown."""
    filled = itertools.product(*([(one,) if one is not None else (True, False) for one in values]))
    answers = {rule(list(one)) for one in filled}  # type: ignore[operator]
    return answers.pop() if len(answers) == 1 else None


@pytest.mark.parametrize("values", VALUES, ids=str)
def test_joined_as_every_completion_agrees(values: list[bool | None]) -> None:
    assert kleene.all_of(values) is settled(values, all)
    assert kleene.any_of(iter(values)) is settled(values, any)
    for n in range(5):
        assert kleene.at_least(n, values) is settled(values, lambda one, n=n: sum(one) >= n)


def test_the_opposite() -> None:
    assert [kleene.not_(one) for one in (True, False, None)] == [False, True, None]


def test_the_first_that_settles_it_ends_it() -> None:
    def never() -> object:
        yield False
        raise AssertionError

    assert kleene.all_of(never()) is False  # type: ignore[arg-type]
