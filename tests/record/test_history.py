"""Questions about what was given: had, progressed on, months on, months since, lines of."""

from __future__ import annotations

import math

import pytest

from linewise.knowledge import Knowledge
from linewise.logic import parse
from linewise.logic.nodes import Ask, Compare
from linewise.record import Course, Medication, Origin, Reaction
from linewise.record.history import History

BOTH = frozenset({"adjuvant", "metastatic_lines", "medications", "reactions"})


def line(*drugs: str, number: int = 1, **more: object) -> Course:
    return Course(drugs=drugs, setting="metastatic", number=number, origins=(Origin(f"metastatic_lines[{number - 1}]"),), **more)  # type: ignore[arg-type]


def adjuvant(*drugs: str, **more: object) -> Course:
    return Course(drugs=drugs, setting="adjuvant", origins=(Origin("adjuvant[0]"),), **more)  # type: ignore[arg-type]


def ask(history: History, text: str) -> object:
    """The value of a question, through the very words of the criteria language."""
    node = parse(text)
    question = node.question if isinstance(node, Ask) else node.what if isinstance(node, Compare) else None
    return reading(history, question).value


def reading(history: History, question: object):  # type: ignore[no-untyped-def]
    from linewise.record.chart import _ANSWERS

    class Chart:
        pass

    chart = Chart()
    chart.history = history  # type: ignore[attr-defined]
    return _ANSWERS[type(question)](chart, question)  # type: ignore[arg-type]


FIRST = line("alfa", "hotel", months=24.0, months_since_end=3.0, stopped_for="progression")
SECOND = line("papa", number=2, months=4.0, ongoing=True)
EARLY = adjuvant("india", months=60.0, months_since_end=8.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("had blocker for metastatic disease", True),
        ("had blocker as adjuvant", False),
        ("had hormone as adjuvant", True),
        ("had hormone without blocker", True),  # india, before the spread
        ("had hormone without blocker for metastatic disease", False),
        ("had (quebec or alfa) in first line", True),
        ("had blocker in last line", False),
        ("had any treatment for metastatic disease", True),
        ("progressed on blocker", True),
        ("progressed on poison", False),  # it goes on
        ("receiving poison", True),
        ("receiving blocker", False),
        ("months on blocker >= 12", 24.0),
        ("months on bone-drug >= 12", 0.0),
        ("months since blocker < 6", 3.0),
        ("months since poison < 6", 0.0),
        ("months since bone-drug < 6", math.inf),
        ("months from hormone to relapse <= 12", 8.0),
        ("months from poison to relapse <= 12", math.inf),
        ("lines of any treatment for metastatic disease >= 2", 2.0),
        ("lines of poison for metastatic disease >= 2", 1.0),
    ],
)
def test_answers(knowledge: Knowledge, text: str, expected: object) -> None:
    assert ask(History(knowledge, [EARLY, FIRST, SECOND], BOTH), text) == expected


def test_a_drug_nobody_knows_is_never_a_no(knowledge: Knowledge) -> None:
    history = History(knowledge, [line("experimental-x", stopped_for="progression")], BOTH)
    assert ask(history, "had blocker") is None
    assert ask(history, "had any treatment") is True
    assert ask(history, "progressed on blocker") is None


def test_a_class_in_the_record_may_have_been_any_member(knowledge: Knowledge) -> None:
    history = History(knowledge, [line("blocker", ongoing=True)], BOTH)
    assert ask(history, "had blocker") is True
    assert ask(history, "had alfa") is None
    assert ask(history, "had poison") is False


@pytest.mark.parametrize("question", ["had blocker", "reacted to blocker", "taking bone-drug", "progressed on blocker"])
def test_silence_is_marked_as_assumed(question: str, knowledge: Knowledge) -> None:
    node = parse(question)
    assert isinstance(node, Ask)
    silent = reading(History(knowledge, [], frozenset()), node.question)
    assert silent.value is False and silent.assumed
    assert not reading(History(knowledge, [], BOTH), node.question).assumed


def test_length_that_is_not_recorded_is_unknown(knowledge: Knowledge) -> None:
    assert ask(History(knowledge, [line("alfa", stopped_for="toxicity")], BOTH), "months on alfa >= 6") is None


def test_relapse_counts_from_the_recorded_interval(knowledge: Knowledge) -> None:
    history = History(knowledge, [adjuvant("papa", months=4.0), adjuvant("india", months=30.0)], BOTH, interval=10.0)
    assert ask(history, "months from india to relapse <= 12") == 10.0
    assert ask(history, "months from papa to relapse <= 12") == 40.0


def test_relapse_on_treatment(knowledge: Knowledge) -> None:
    history = History(knowledge, [adjuvant("india", months=30.0, stopped_for="progression")], BOTH)
    assert ask(history, "months from india to relapse <= 12") == 0.0
    assert ask(history, "progressed on india as adjuvant") is True
    assert ask(history, "progressed on india") is False  # for metastatic disease


def test_medicines_and_reactions(knowledge: Knowledge) -> None:
    history = History(
        knowledge,
        [],
        BOTH,
        [
            Reaction(drug="alfa", effect="rash", grade=3, origin=Origin("reactions[0]")),
            Reaction(drug="papa", effect="rash", origin=Origin("reactions[1]")),
        ],
        [Medication(drug="bonafide", origin=Origin("medications[0]"))],
    )
    assert ask(history, "taking bone-drug") is True
    assert ask(history, "taking blocker") is False
    assert ask(history, "reacted to blocker with rash at grade 3") is True
    assert ask(history, "reacted to blocker with rash at grade 4") is False
    assert ask(history, "reacted to poison with rash at grade 3") is None  # nobody graded it
    assert ask(history, "reacted to hormone") is False


def test_an_effect_goes_by_all_its_names_and_an_unknown_word_is_no_denial(knowledge: Knowledge) -> None:
    def history(word: str) -> History:
        return History(knowledge, [], BOTH, [Reaction(drug="alfa", effect=word, origin=Origin("reactions[0]"))])

    assert ask(history("dermatitis"), "reacted to alfa with rash") is True
    assert ask(history("cough"), "reacted to alfa with rash") is False
    assert ask(history("something-odd"), "reacted to alfa with rash") is None
