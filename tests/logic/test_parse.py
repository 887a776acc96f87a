"""Reading a criterion: what the words mean, and what the errors say."""

from __future__ import annotations

import pytest

from linewise.logic import CriterionError, Node, Where, Within, parse, subjects
from linewise.logic import nodes as n


def one(*has: str, without: tuple[str, ...] = ()) -> n.Treatment:
    return n.Treatment((n.Combination(has, without),))


PREGNANT = n.Is("pregnant", ("yes",))
HR = n.Is("hr", ("positive",))

MEANINGS: list[tuple[str, Node]] = [
    ("yes", n.Constant(True)),
    ("pregnant", PREGNANT),
    ("pregnant is yes", PREGNANT),
    ("not pregnant within 1 month", n.Not(n.Is("pregnant", ("yes",), Within(1, "months")))),
    ("hr is not positive", n.Not(HR)),
    ("her2-ihc is one of (0, 1+)", n.Is("her2-ihc", ("0", "1+"))),
    ("her2-ihc is not one of (0)", n.Not(n.Is("her2-ihc", ("0",)))),
    ("ESR1 is not known within 2 years", n.Not(n.Known("ESR1", Within(2, "years")))),
    ("lvef >= 50% within 6 months", n.Compare("lvef", ">=", 50.0, "%", Within(6, "months"))),
    ("t-score < -2.5", n.Compare("t-score", "<", -2.5)),
    ("neutrophils > 1.5 10*9/L and hr is positive", n.And((n.Compare("neutrophils", ">", 1.5, "10*9/L"), HR))),
    ("sites include liver", n.Includes("sites", ("liver",))),
    ("sites include any of (liver, lung)", n.Includes("sites", ("liver", "lung"))),
    ("sites include all of (liver)", n.Includes("sites", ("liver",))),
    ("sites include all of (liver, bone)", n.Includes("sites", ("liver", "bone"), "all")),
    ("sites include only bone", n.Includes("sites", ("bone",), "only")),
    ("had any treatment", n.Ask(n.Had(one()))),
    ("had x without y with z", n.Ask(n.Had(one("x", "z", without=("y",))))),
    ("had x for metastatic disease", n.Ask(n.Had(one("x"), "metastatic"))),
    (
        "progressed on (x or y with z) in last line",
        n.Ask(n.ProgressedOn(n.Treatment((n.Combination(("x",)), n.Combination(("y", "z")))), "last")),
    ),
    ("reacted to x with rash at grade 3", n.Ask(n.ReactedTo(one("x"), "rash", 3))),
    ("reacted to (x with y) with rash", n.Ask(n.ReactedTo(one("x", "y"), "rash"))),
    ("reacted to x at grade 2", n.Ask(n.ReactedTo(one("x"), None, 2))),
    ("months on x as adjuvant >= 24", n.Compare(n.MonthsOn(one("x"), "adjuvant"), ">=", 24.0)),
    ("months from x to relapse <= 12", n.Compare(n.MonthsToRelapse(one("x")), "<=", 12.0)),
    ("grade of fever = 3", n.Compare(n.GradeOf("fever"), "=", 3.0)),
    ("any of (hr is positive, pregnant)", n.Or((HR, PREGNANT))),
    ("none of (hr is positive, pregnant)", n.Not(n.Or((HR, PREGNANT)))),
    ("all of (hr is positive)", HR),
    ("at least 2 of (hr is positive, pregnant, yes)", n.AtLeast(2, (HR, PREGNANT, n.Constant(True)))),
    ("had x or pregnant", n.Or((n.Ask(n.Had(one("x"))), PREGNANT))),
    ("not not pregnant", n.Not(n.Not(PREGNANT))),
    ("not pregnant and hr is positive", n.And((n.Not(PREGNANT), HR))),
    ("(hr is positive) # as tested last\n and pregnant", n.And((HR, PREGNANT))),
]


@pytest.mark.parametrize(("text", "meaning"), MEANINGS, ids=[text for text, _ in MEANINGS])
def test_the_words_mean(text: str, meaning: Node) -> None:
    assert parse(text) == meaning
    assert parse(meaning.text) == meaning


WORDINGS = [
    ("any of ( a,b )  and  (c or (d and e))", "any of (a, b) and any of (c, d and e)"),
    ("not (a or b)", "none of (a, b)"),
    ("not (a and b)", "not (a and b)"),
    ("x >= 50.0", "x >= 50"),
    ("a within 12 month", "a within 12 months"),
    ("reacted to (a) with b", "reacted to a with b"),
    ("none of (a)", "not a"),
]


@pytest.mark.parametrize(("text", "wording"), WORDINGS)
def test_one_meaning_has_one_wording(text: str, wording: str) -> None:
    assert parse(text).text == wording


ERRORS = [
    ("", 1, 1, "empty"),
    ("a is x and b or c", 1, 14, "mixed"),
    ("a is x\n and b or c", 2, 8, "mixed"),
    ("a adn b", 1, 3, "did you mean `and`"),
    ("a is", 1, 5, "expected a value, found the end"),
    ("a is (x, y)", 1, 6, "is one of"),
    ("a is unknown", 1, 6, "is not known"),
    ("a is one of (x y)", 1, 16, "list of values"),
    ("a include (x, y)", 1, 11, "any of"),
    ("(a and b", 1, 9, "expected `)`"),
    ("a >= b", 1, 6, "expected a number"),
    ("a within 6 moons", 1, 12, "did you mean `months`"),
    ("a within six months", 1, 10, "whole number"),
    ("at least 3 of (a, b)", 1, 10, "cannot be counted"),
    ("at least 2 (a, b)", 1, 12, "expected `of`"),
    ("had x within 6 months", 1, 7, "months since"),
    ("had x > 3", 1, 7, "yes or a no"),
    ("months on x", 1, 12, "comparison such as"),
    ("months on x >= 6 months", 1, 18, "number alone"),
    ("months from x <= 6", 1, 15, "to relapse"),
    ("had x for early disease", 1, 7, "for metastatic disease"),
    ("had (x, y)", 1, 7, "group of treatments"),
    ("reacted to x without y", 1, 14, "brackets"),
    ("a and and b", 1, 7, "word of the language"),
    ("had", 1, 4, "drug or class"),
    ("a ! b", 1, 3, "found `!`"),
]


@pytest.mark.parametrize(("text", "line", "column", "says"), ERRORS, ids=[text for text, *_ in ERRORS])
def test_an_error_names_the_place_and_what_to_do(text: str, line: int, column: int, says: str) -> None:
    with pytest.raises(CriterionError) as caught:
        parse(text)
    error = caught.value
    assert (error.line, error.column) == (line, column)
    assert says in str(error)


def test_an_error_points_into_the_file() -> None:
    with pytest.raises(CriterionError) as caught:
        parse("hr is positive\nand her2 is", Where("knowledge/x.yaml", 12, 9, 4))
    assert str(caught.value) == ("knowledge/x.yaml:13:16: expected a value, found the end\n    and her2 is\n               ^")


def test_subjects_are_named_once_in_the_order_of_the_text() -> None:
    node = parse("her2 is low and (had x or not lvef > 50) and her2 is known and months on x > 2")
    assert subjects(node) == ("her2", n.Had(one("x")), "lvef", n.MonthsOn(one("x")))


def test_a_length_of_time_converts_to_days() -> None:
    assert (Within(6, "months").days, Within(2, "years").days, Within(10, "days").days) == (182.625, 730.5, 10.0)


def test_a_tree_that_no_text_can_say_is_refused() -> None:
    for build in (
        lambda: n.And((PREGNANT,)),
        lambda: n.Or(()),
        lambda: n.Is("hr", ()),
        lambda: n.AtLeast(0, (PREGNANT,)),
        lambda: n.Includes("sites", ("liver",), "all"),
        lambda: n.Treatment(()),
    ):
        with pytest.raises(ValueError, match=r"need|count"):
            build()
