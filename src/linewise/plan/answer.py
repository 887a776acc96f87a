"""The answer on one screen: five lines that a plan begins with, wherever it is read.

Urgent or not; what goes on or waits; how many choices there are now; which test to ask for first; what is new. Chosen and counted from the plan,
worded in `knowledge/wording/`.
"""

from __future__ import annotations

import msgspec

from linewise.knowledge.wording import Answers

from .make import Plan
from .model import GoingOn, Option, TestToAsk

_CHOICES = ("systemic", "local")
"""The kinds between which a person chooses; bone protection and support go with any of them."""


class First(msgspec.Struct, kw_only=True):
    """The first lines. `choices` and `waiting` are the options that are counted, `test` the one to ask for first."""

    urgent: str
    act: str  # emergency, same-day, next-visit, or nothing
    going_on: list[str]
    choices_line: str
    test_line: str
    new: str
    choices: list[str]
    waiting: list[str]
    test: str = ""
    opens: int = 0

    @property
    def lines(self) -> list[str]:
        """All lines, in their order."""
        return [one for one in (self.urgent, *self.going_on, self.choices_line, self.test_line, self.new) if one]


def first(plan: Plan, changed: int | None = None) -> First:
    """The first lines of a plan. `changed`: how many things changed since the last look; None where nobody looked before."""
    words = plan.knowledge.wording.first
    choices = [one for one in plan.offered if one.kind in _CHOICES]
    waiting = [one for one in plan.with_status("depends") if one.kind in _CHOICES]
    test, opens = _test(plan)
    return First(
        urgent=_urgent(plan, words),
        act=plan.urgent[0].act if plan.urgent else "",
        going_on=_going_on(plan, words),
        choices_line="" if plan.scope is not None else _choices(plan, words, choices, waiting),
        test_line="" if plan.scope is not None else _test_line(words, test, opens),
        new="" if changed is None else _counted(words.new, changed),
        choices=[one.id for one in choices],
        waiting=[one.id for one in waiting],
        test=test.id if test is not None else "",
        opens=opens,
    )


def _urgent(plan: Plan, words: Answers) -> str:
    if not plan.urgent:
        return words.urgent["none"]
    line = words.urgent[plan.urgent[0].act].format(title=plan.urgent[0].title.rstrip("."))
    more = len(plan.urgent) - 1
    return words.urgent["more"].format(line=line, n=more) if more else line


def _going_on(plan: Plan, words: Answers) -> list[str]:
    """What is taken now, what stops or waits first; drugs of one fate in one line."""
    order = ("stop", "hold", "ask", "reduce", "goes-on")
    found: dict[str, list[GoingOn]] = {}
    for one in plan.going_on:
        found.setdefault(one.action, []).append(one)
    lines = []
    for action in order:
        names = [one.label or one.drug for one in found.get(action, [])]
        if names:
            drugs = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
            lines.append(words.going_on[action].format(drugs=drugs[:1].upper() + drugs[1:]))
    return lines


def _choices(plan: Plan, words: Answers, choices: list[Option], waiting: list[Option]) -> str:
    said = words.choices
    if not choices:
        return said["none-depends"].format(n=len(waiting)) if waiting else said["none"]
    line = said["one"] if len(choices) == 1 else said["many"].format(n=len(choices))
    if not waiting:
        return line
    by_test = {name for test in plan.tests for name in test.unlocks}
    kind = "depends" if all(one.id in by_test for one in waiting) else "unknown"
    return said[f"{kind}-{'one' if len(waiting) == 1 else 'many'}"].format(line=line, n=len(waiting))


def _test(plan: Plan) -> tuple[TestToAsk | None, int]:
    """The test to ask for first, and how many choices it could open: a test that opens choices comes before one that opens none."""
    ids = {one.id for one in plan.with_status("depends") if one.kind in _CHOICES}
    counted = [(test, len(ids & set(test.unlocks))) for test in plan.tests]
    if plan.urgent and any(test.due for test, _ in counted):
        return next((test, opens) for test, opens in counted if test.due)
    opening = [(test, opens) for test, opens in counted if opens]
    best = max(opening, key=lambda pair: pair[1], default=None)
    return best or next(((test, opens) for test, opens in counted), (None, 0))


def _test_line(words: Answers, test: TestToAsk | None, opens: int) -> str:
    said = words.test
    if test is None:
        return said["none"]
    if opens:
        return said["opens-one" if opens == 1 else "opens-many"].format(title=test.title, n=opens)
    return said["due" if test.due else "before"].format(title=test.title)


def _counted(said: dict[str, str], count: int) -> str:
    return said["none"] if not count else said["one"] if count == 1 else said["many"].format(n=count)


class Grouped(msgspec.Struct, kw_only=True):
    """The options under one heading."""

    id: str
    title: str
    lead: str
    options: list[Option]


GROUPS = ("first", "also", "depends", "bone", "supportive", "later", "not-now", "not-wanted", "other-cancer")


def grouped(plan: Plan) -> list[Grouped]:
    """All options in the plan's groups, in the order in which a person looks for them; what goes with any choice stands by itself."""
    words = plan.knowledge.wording.first
    found: dict[str, list[Option]] = {name: [] for name in GROUPS}
    for option in plan.with_status("preferred", "suitable", "depends", "unsuitable", "not-indicated", brief=True):
        beside = option.kind in ("bone", "supportive") and option.offered
        name = "not-wanted" if option.declined and not option.offered else option.kind if beside else option.group
        found[name].append(option)
    said = {**words.groups, "also": words.groups["also" if found["first"] else "also-alone"]}
    return [
        Grouped(id=name, title=said[name]["title"], lead=said[name]["lead"], options=options)
        for name, options in found.items()
        if options
    ]
