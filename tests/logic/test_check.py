"""What is found wrong with a criterion that could be read, and where."""

from __future__ import annotations

import pytest
from field import VOCABULARY

from linewise.logic import Derivation, FactType, Problem, Vocabulary, Where, check, check_definitions, parse


def problems(text: str) -> list[Problem]:
    return check(parse(text), VOCABULARY, Where("x.yaml", 5, 3, 2, text))


NAMES = [
    ("her2 is psitive", 5, 11, "did you mean `positive`"),
    ("hr is positive and\nhr2 is low", 6, 3, "did you mean `her2`"),
    ("pregnant or capecitabine", 5, 15, "it is a treatment"),
    ("had capecitabin", 5, 7, "did you mean `capecitabine`"),
    ("had (fulvestrant or tamoxifen)", 5, 23, "unknown drug or class `tamoxifen`"),
    ("reacted to capecitabine with hives", 5, 32, "unknown effect `hives`"),
    ("reacted to capecitabine at grade 6", 5, 36, "grades go from 1 to 5"),
    ("grade of fevr >= 2", 5, 12, "did you mean `fever`"),
    ("grade of fever >= 6", 5, 3, "outside the range"),
    ("months on fulvestrant >= -1", 5, 3, "outside the range"),
    ("lvef >= 120", 5, 3, "from 0 up to 100"),
    ("lvef >= 50 mmHg", 5, 3, "is in `%`, not in `mmHg`"),
    ("t-score < 2 SD", 5, 3, "has no unit"),
    ("lvef is high", 5, 3, "`is` does not fit"),
    ("sites is liver", 5, 3, "say `sites include"),
    ("hr include positive", 5, 3, "includes nothing"),
    ("hr > 3", 5, 3, "is a choice, not a number"),
    ("pregnant is maybe", 5, 15, "is yes or no"),
    ("her2", 5, 3, "needs a value behind it"),
    ("her2-ihc is one of (faint, 1+)", 5, 30, "already among"),
    ("her2 is low within 3 months", 5, 15, "has no date of its own"),
    ("sites include lver # liver", 5, 17, "did you mean `liver`"),
]
SENSE = [
    ("her2 is low and her2 is zero", 5, 19, "never be true"),
    ("her2 is low and (hr is positive and her2 is not low)", 5, 39, "never be true"),
    ("lvef > 50 and lvef <= 50", 5, 17, "never be true"),
    ("lvef > 40 and lvef < 60 and lvef = 60", 5, 31, "never be true"),
    ("pregnant and had fulvestrant and not pregnant", 5, 36, "never be true"),
    ("diabetes is nothing", 5, 3, "never be true"),
    ("pregnant and pregnant", 5, 16, "adds nothing"),
    ("lvef >= 50 and lvef >= 40", 5, 18, "adds nothing"),
    ("lvef >= 40 and lvef >= 50", 5, 3, "adds nothing"),
    ("her2 is low and her2 is not positive", 5, 19, "adds nothing"),
    ("her2-ihc is 0 or her2-ihc is faint", 5, 3, "already allows it"),
    ("pregnant and any of (pregnant, hr is positive)", 5, 16, "adds nothing"),
    ("pregnant or (pregnant and hr is positive)", 5, 16, "adds nothing"),
    ("pregnant and any of (hr is positive, not pregnant)", 5, 40, "can never hold beside"),
    ("lvef < 50 or lvef >= 40", 5, 16, "true of every value"),
    ("lvef >= 0", 5, 3, "say `lvef is known`"),
    ("lvef < 50 or not lvef < 40", 5, 16, "true of every value"),
    ("grade of fever >= 0", 5, 3, "true of every value"),
    ("at least 1 of (pregnant, pregnant)", 5, 28, "counted twice"),
    ("pregnant and yes", 5, 16, "constant"),
]


@pytest.mark.parametrize(("text", "line", "column", "says"), NAMES + SENSE, ids=[text for text, *_ in NAMES + SENSE])
def test_one_problem_at_its_place(text: str, line: int, column: int, says: str) -> None:
    found = problems(text)
    assert len(found) == 1, [str(one) for one in found]
    assert (found[0].file, found[0].line, found[0].column) == ("x.yaml", line, column)
    assert says in str(found[0])


GOOD = [
    "pregnant or not pregnant",
    "hr is one of (positive, negative)",
    "yes",
    "hr is positive and her2 is not positive and ESR1 is mutated",
    "hr is known and hr is positive",
    "lvef >= 50 and lvef >= 50 within 6 months",
    "lvef > 40 and lvef < 60",
    "lvef < 40 or lvef > 60",
    "her2 is low or (her2 is zero and pregnant)",
    "sites include visceral and not sites include liver",
    "diabetes is any-diabetes",
    "had any treatment for metastatic disease or had fulvestrant",
    "not lvef = 50 and lvef >= 50",
    "at least 2 of (pregnant, hr is positive, lvef > 50 %)",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_good_criterion_has_no_problem(text: str) -> None:
    assert problems(text) == []


def test_every_mistake_is_named_in_the_order_of_the_text() -> None:
    found = problems("hr2 is low and\n  lvef > 500 and had tamoxifen")
    assert [(one.line, one.column) for one in found] == [(5, 3), (6, 5), (6, 24)]


def test_without_the_text_a_problem_names_the_whole_criterion() -> None:
    (found,) = check(parse("hr is positive and hr2 is low"), VOCABULARY, Where("x.yaml", 9, 5))
    assert str(found) == "x.yaml:9:5: unknown fact `hr2` (in `hr2 is low`); did you mean `her2`?"


def test_derived_facts_that_cannot_be_are_found() -> None:
    def derived(kind: str, definition: Derivation, values: tuple[str, ...] = ()) -> FactType:
        return FactType(kind, values, definition=definition)  # type: ignore[arg-type]

    vocabulary = Vocabulary(
        facts={
            "a": derived("yes-no", Derivation(criterion=parse("b and c"))),
            "b": derived("yes-no", Derivation(criterion=parse("not a"))),
            "c": FactType("yes-no"),
            "d": derived("yes-no", Derivation(criterion=parse("a and c"))),
            "e": derived("number", Derivation(criterion=parse("c"))),
            "f": derived("choice", Derivation(cases=(("x", parse("yes")), ("z", parse("c")))), ("x", "y")),
            "g": derived("choice", Derivation(criterion=parse("c")), ("x",)),
        }
    )
    found = check_definitions(vocabulary, {"a": Where("facts.yaml", 3, 1)})
    assert [(one.clause, one.message) for one in found] == [
        ("a", "`a` rests on itself: a → b → a"),
        ("b", "`b` rests on itself: b → a → b"),
        ("e", "a number cannot be derived"),
        ("f", "the case `z` is not a value of the fact"),
        ("f", "the case `z` is never reached: the case before it always holds"),
        ("g", "a yes-or-no fact is derived by one criterion, a choice by cases"),
    ]
    assert str(found[0]).startswith("facts.yaml:3:1: ")
    assert check_definitions(VOCABULARY) == []


def test_a_derivation_is_one_thing_or_the_other() -> None:
    with pytest.raises(ValueError, match="either"):
        Derivation()
