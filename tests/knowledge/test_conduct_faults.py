"""The check finds a cancer drug without rules, a rule that stands in words alone, and a text that people cannot read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from linewise.knowledge.check import check_folder
from linewise.knowledge.load import load

DRUG = "drugs/cancer/bravo.yaml"
WHOLE = """
id: bravo
label: bravo
classes: [blocker]
conduct:
  - {do: [start, hold], id: marker, when: level < 20, until: It is 20 or more., text: Not below 20., plain: Call your team., source: label-2020}
  - {do: stop, id: marker, when: reacted to bravo, text: Never again., plain: You do not get it again., source: label-2020}
"""


def faults(root: Path) -> list[str]:
    return check_folder(root)[0]


def test_a_drug_with_all_its_rules_has_no_fault(folder: Callable[..., Path]) -> None:
    assert faults(folder({DRUG: WHOLE})) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("do: [start, hold]", "do: start"), "no conduct for hold"),
        (("do: stop", "do: reduce"), "no conduct for stop"),
        (("plain: Call your team., ", ""), "no `plain` words for people: marker"),
        (("when: level < 20", "when: levl < 20"), "unknown fact `levl`"),
        (("when: level < 20", "when: level < 120"), "outside the range"),
        (("do: stop", "do: end"), "drugs/cancer/bravo.yaml:7"),
        (("do: stop", "goes-on: [charlie], do: stop"), "there is no drug or class `charlie`"),
        (("text: Never again., plain: You do not get it again., source: label-2020", "text: Never., plain: Never."), "no source"),
    ],
)  # fmt: skip
def test_a_fault_is_found(folder: Callable[..., Path], change: tuple[str, str], expected: str) -> None:
    assert change[0] in WHOLE
    found = faults(folder({DRUG: WHOLE.replace(*change)}))
    assert any(expected in one for one in found), found


def test_a_label_without_a_rule_says_so(folder: Callable[..., Path]) -> None:
    silent = WHOLE.replace("do: stop", "do: reduce") + 'no-conduct: {stop: "The label names none."}\n'
    assert faults(folder({DRUG: silent})) == []


def test_a_limit_in_words_needs_a_rule(folder: Callable[..., Path]) -> None:
    words = 'caution: [{id: level-low, always: true, text: "Hold from grade 2 on.", plain: Call., source: label-2020}]\n'
    more = {"cautions.yaml": "marker: {label: what it warns of}\nlevel-low: {label: low}\n"}
    found = faults(folder({DRUG: WHOLE + words} | more))
    assert any("a limit in words that no rule reads" in one for one in found), found


@pytest.mark.parametrize(("advice", "at_fault"), [("", True), ("advice: avoid, ", False)])
def test_a_label_that_says_avoid_costs_the_star(folder: Callable[..., Path], advice: str, at_fault: bool) -> None:
    one = f'{{id: level-low, {advice}when: taking alpha, text: "Avoid alpha with it.", plain: Ask., source: label-2020}}'
    more = {"cautions.yaml": "marker: {label: what it warns of}\nlevel-low: {label: low}\n"}
    found = faults(folder({DRUG: WHOLE + f"caution: [{one}]\n"} | more))
    assert any("advice: avoid" in fault for fault in found) is at_fault, found


def test_the_same_rule_twice_is_a_fault(folder: Callable[..., Path]) -> None:
    rule = "  - {do: stop, id: marker, when: reacted to bravo, text: Again., plain: Again., source: label-2020}\n"
    assert any("the same rule twice" in one for one in faults(folder({DRUG: WHOLE + rule})))


def test_a_rule_keeps_its_words_and_its_steps(folder: Callable[..., Path]) -> None:
    rules = load(folder({DRUG: WHOLE})).drugs["bravo"].conduct
    assert [(rule.do, rule.until) for rule in rules] == [(("start", "hold"), "It is 20 or more."), (("stop",), None)]
