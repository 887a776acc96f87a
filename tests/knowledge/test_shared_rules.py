"""Rules of conduct that many drugs share: each drug gets them as its own, unless its label already says so."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from linewise.knowledge import Knowledge
from linewise.knowledge import folder as knowledge_folder
from linewise.knowledge.check import check_folder
from linewise.knowledge.model import Class, Conduct, Drug
from linewise.knowledge.shared import Shared, own_rules
from linewise.logic import parse

SHARED = Shared(
    ("chemotherapy",),
    Conduct(
        do=("stop",),
        when=parse("any of (reacted to this-drug with anaphylaxis at grade 3, reacted to this-drug with angioedema at grade 3)"),
        id="anaphylaxis",
        text="A severe allergic reaction.",
        plain="You had a severe allergic reaction to this drug.",
        source=("a-source",),
    ),
)


@pytest.fixture
def carboplatin(knowledge: Knowledge) -> Drug:
    """A drug of the class that has no rule, no contraindication of its own."""
    return msgspec.structs.replace(knowledge.drugs["carboplatin"], conduct=(), avoid=(), classes=("chemotherapy",))


CLASSES = {"chemotherapy": Class(id="chemotherapy", label="chemotherapy")}


def own(drug: Drug) -> list[str]:
    return [rule.when.text for rule in own_rules([SHARED], drug, CLASSES)]


def test_a_drug_of_the_class_gets_the_rule_with_its_own_name(carboplatin: Drug) -> None:
    assert own(carboplatin) == [SHARED.rule.when.text.replace("this-drug", "carboplatin")]


def test_a_drug_outside_the_class_does_not(carboplatin: Drug) -> None:
    assert own(msgspec.structs.replace(carboplatin, classes=())) == []


@pytest.mark.parametrize(
    ("label", "left"),
    [
        ("reacted to carboplatin with anaphylaxis", ["angioedema"]),  # wider: any grade
        ("reacted to chemotherapy with anaphylaxis at grade 3", ["angioedema"]),  # said of the class
        ("reacted to carboplatin with anaphylaxis at grade 4", ["anaphylaxis", "angioedema"]),  # narrower: the shared rule stays
        ("reacted to carboplatin with anaphylaxis at grade 3 ongoing", ["anaphylaxis", "angioedema"]),
        ("reacted to carboplatin with anaphylaxis and sex is male", ["anaphylaxis", "angioedema"]),
        ("reacted to carboplatin with anaphylaxis or reacted to carboplatin with angioedema", []),
    ],
)
def test_what_the_label_says_goes_before(carboplatin: Drug, label: str, left: list[str]) -> None:
    rule = msgspec.structs.replace(SHARED.rule, when=parse(label))
    found = " ".join(own(msgspec.structs.replace(carboplatin, conduct=(rule,))))
    assert [effect for effect in ("anaphylaxis", "angioedema") if effect in found] == left


def test_a_hold_does_not_stand_for_a_stop(carboplatin: Drug) -> None:
    rule = msgspec.structs.replace(SHARED.rule, do=("hold",), when=parse("reacted to carboplatin with anaphylaxis"))
    assert own(msgspec.structs.replace(carboplatin, conduct=(rule,))) == own(carboplatin)


def test_every_cancer_drug_ends_after_a_blistering_reaction_to_it(knowledge: Knowledge) -> None:
    """By the shared rule or by its own; supportive medicines are in no class that the rule is for."""
    root = knowledge_folder()
    assert root is not None
    names = [path.stem for path in (root / "drugs" / "cancer").glob("*.yaml")]
    ended = [
        name
        for name in names
        for rule in (
            *knowledge.drugs[name].conduct,
            *(r for c in knowledge.classes_of(name) for r in knowledge.classes[c].conduct),
        )
        if "stop" in rule.do and "skin" in rule.when.text
    ]
    assert len(names) > 70
    assert sorted(set(names) - set(ended)) == ["dexamethasone", "memantine"]


def test_a_rule_for_nobody_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "conduct.yaml").write_text(
        "conduct:\n  - {for: [alfa-beta], do: stop, id: anaphylaxis, when: reacted to this-drug, text: a, plain: b, source: c}\n"
    )
    assert any("there is no drug or class `alfa-beta`" in fault for fault in check_folder(tmp_path)[0])
