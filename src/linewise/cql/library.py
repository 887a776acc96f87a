"""The third reader: every criterion as HL7 CQL, and as ELM, for engines that are not ours.

`Linewise` has one parameter, `Facts`: a tuple with the same base facts that the columns have, null where unknown. Each derived fact and each criterion is
a definition. CQL's logic is the same three-valued one. `LinewiseFHIR` is the same library over patients in FHIR R4: there `Facts` is the library
`LinewiseFacts`, which works the facts out (`facts`). What no library can say itself is listed beside them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from linewise import __version__
from linewise.exchange.codes import Codes
from linewise.knowledge import Knowledge
from linewise.knowledge.model import Class, Drug, Treatment
from linewise.logic import Decider, Node, Question, Vocabulary, walk
from linewise.logic.columns import leaves, named
from linewise.logic.nodes import (
    And,
    Ask,
    AtLeast,
    Compare,
    Constant,
    Includes,
    Is,
    Known,
    Leaf,
    Not,
    Or,
    Within,
    subject,
    subjects,
)
from linewise.logic.visitor import Visitor

from . import terms as cql
from .facts import FACTS, LIMITS, FactsLibrary, facts_library
from .terms import Term, elm_library

LIBRARY = "Linewise"
ON_FHIR = "LinewiseFHIR"
FAR = 99_999_999.0
"""Stands for "without end" in numbers of months: CQL has no infinity."""
_TYPES = {"yes-no": "Boolean", "number": "Decimal", "choice": "String", "date": "Date"}


def criteria_of(knowledge: Knowledge) -> dict[str, Node]:
    """Every criterion of the knowledge, by a name that says whose it is."""
    found: dict[str, Node] = {}
    for option in knowledge.treatments.values():
        found[f"{option.id} fits"] = option.fits
        for number, statement in enumerate(option.standing, 1):
            if statement.fits is not None:
                found[f"{option.id} statement {number} ({statement.body})"] = statement.fits
        for number, need in enumerate(option.needs, 1):
            found[f"{option.id} needs {number} ({need.class_})"] = need.when
    owners: list[Treatment | Drug | Class] = [
        *knowledge.treatments.values(),
        *knowledge.drugs.values(),
        *knowledge.classes.values(),
    ]
    for owner in owners:
        for kind, cautions in (("avoid", owner.avoid), ("caution", owner.caution)):
            for number, caution in enumerate(cautions, 1):
                if caution.when is not None:
                    found[f"{owner.id} {kind} {number} ({caution.id})"] = caution.when
    ruled: list[Drug | Class] = [*knowledge.drugs.values(), *knowledge.classes.values()]
    for one in ruled:
        for number, rule in enumerate(one.conduct, 1):
            found[f"{one.id} conduct {number} ({', '.join(rule.do)}: {rule.id})"] = rule.when
    for alert in knowledge.content.alerts.values():
        found[f"alert {alert.id}"] = alert.when
    return found


@dataclass
class Library:
    """A library: its facts with their types, its definitions in order, and the questions whose answers it is given."""

    facts: dict[str, str]
    definitions: dict[str, Term]
    questions: dict[str, Question]
    criteria: list[str]
    on_fhir: bool = False

    def text(self) -> str:
        """The library in CQL."""
        if self.on_fhir:
            using = f"using FHIR version '4.0.1'\n\ninclude {FACTS} version '{__version__}' called Facts\n\ncontext Patient\n"
            return f"library {ON_FHIR} version '{__version__}'\n\n{using}{self._definitions()}"
        members = ",\n  ".join(f"{cql.quoted(name)} {kind}" for name, kind in self.facts.items())
        head = f"library {LIBRARY} version '{__version__}'\n\nparameter Facts Tuple {{\n  {members}\n}}\n\ncontext Unfiltered\n"
        return head + self._definitions()

    def _definitions(self) -> str:
        return "".join(f"\ndefine {cql.quoted(name)}:\n  {term.text}\n" for name, term in self.definitions.items())

    def elm(self) -> dict[str, Any]:
        """The library in ELM."""
        context = "Patient" if self.on_fhir else "Unfiltered"
        statements = [
            {"name": name, "context": context, "accessLevel": "Public", "expression": term.elm}
            for name, term in self.definitions.items()
        ]
        if self.on_fhir:
            includes = [{"localIdentifier": "Facts", "path": FACTS, "version": __version__}]
            return elm_library(ON_FHIR, statements, includes={"def": includes})
        parameter = {"name": "Facts", "accessLevel": "Public", "parameterTypeSpecifier": self._tuple()}
        return elm_library(LIBRARY, statements, parameters={"def": [parameter]})

    def _tuple(self) -> dict[str, Any]:
        elements = []
        for name, kind in self.facts.items():
            inner = kind.removeprefix("List<").removesuffix(">")
            element = cql.named(inner)
            kind_of = {"type": "ListTypeSpecifier", "elementType": element} if kind != inner else element
            elements.append({"name": name, "elementType": kind_of})
        return {"type": "TupleTypeSpecifier", "element": elements}


def library(nodes: Mapping[str, Node], vocabulary: Vocabulary, on_fhir: bool = False) -> Library:
    """The library of these criteria and of every derived fact that they rest on; `on_fhir`: with the facts from the library of facts."""
    writer = _Writer(vocabulary, cql.included if on_fhir else cql.fact)
    for node in nodes.values():
        writer.need(node)
    criteria = {name: writer.term(node) for name, node in nodes.items()}
    questions = {key: writer.questions[key] for key in sorted(writer.questions)}
    return Library(writer.facts, writer.definitions | criteria, questions, list(criteria), on_fhir)


def facts_of(found: Library, decider: Decider) -> dict[str, Any]:
    """One person's `Facts`, as the reader for one person has them, ready to be written as JSON: a day as `{"date": …}`, null where unknown."""
    return {name: _cell(found, decider, name) for name in found.facts}


def left_open(found: Library, decider: Decider) -> list[str]:
    """The facts and questions of a library that an entry which was not understood leaves open for one person: the member `open` of `History`."""
    names = dict.fromkeys(name.partition("@")[0] for name in found.facts if name != "as_of")
    return [name for name in names if decider.reading(found.questions.get(name, name)).open]


def _cell(found: Library, decider: Decider, name: str) -> Any:
    if name == "as_of":
        return {"date": decider.subject.as_of.isoformat()}
    about, _, member = name.partition("@")
    reading = decider.reading(found.questions.get(about, about))
    if member == "open":
        return bool(reading.open)
    if member == "unsure":
        return sorted(reading.unsure)
    value = reading.value
    if member == "on":
        return {"date": reading.on.isoformat()} if reading.on and value is not None else None
    if member == "complete":
        return reading.complete if value is not None else None
    if isinstance(value, frozenset):
        return sorted(value)
    return FAR if isinstance(value, float) and math.isinf(value) else value


class _Writer(Visitor[Term]):
    """Writes nodes. Derived facts become definitions, one for each case, written before what rests on them."""

    def __init__(self, vocabulary: Vocabulary, fact: Callable[[str], Term]) -> None:
        self.vocabulary, self._fact = vocabulary, fact
        self.facts: dict[str, str] = {}
        self.definitions: dict[str, Term] = {}
        self.questions: dict[str, Question] = {}
        self._derived: set[str] = set()

    def need(self, node: Node) -> None:
        """Define what a node rests on."""
        for about in subjects(node):
            if isinstance(about, str) and about in self.vocabulary.derived and about not in self._derived:
                self._derived.add(about)
                steps = self.vocabulary.derived[about].steps
                for _, case in steps:
                    self.need(case)
                for index, (_, case) in enumerate(steps):
                    self.definitions[_case(about, index)] = self.term(case)
        for leaf in walk(node):
            if isinstance(leaf, Is | Known | Compare | Includes | Ask):
                self._base(leaf)
            if isinstance(leaf, Known) and leaf.within is None:
                self._doubted(leaf)

    def _base(self, leaf: Is | Known | Compare | Includes | Ask) -> None:
        about = subject(leaf)
        if not isinstance(about, str):
            self.facts[about.key] = "Boolean" if isinstance(leaf, Ask) else "Decimal"
            self.questions[about.key] = about
            return
        if about in self.vocabulary.derived:
            return
        known = self.vocabulary.facts.get(about)
        kind = known.kind if known else "choice"
        self.facts[about] = "List<String>" if kind == "set" else _TYPES[kind]
        if kind == "set":
            self.facts |= {f"{about}@complete": "Boolean", f"{about}@unsure": "List<String>"}
        if not isinstance(leaf, Ask) and leaf.within is not None:
            self.facts |= {f"{about}@on": "Date", "as_of": "Date"}

    def _doubted(self, node: Known) -> None:
        """What `is known` asks besides: whether an entry that was not understood leaves a fact open."""
        self.facts |= {f"{named(leaf)}@open": "Boolean" for leaf in leaves(node, self.vocabulary)}
        self._define_open(node.fact)

    def _define_open(self, name: str) -> None:
        """Whether a clause that a derived fact rests on is unknown and left open so. Those it rests on come first."""
        definition = self.vocabulary.derived.get(name)
        if definition is None or f"{name}#open" in self.definitions:
            return
        found: list[Term] = []
        for leaf in dict.fromkeys(one for node in definition.nodes for one in walk(node) if isinstance(one, Leaf)):
            inner = named(leaf)
            self._define_open(inner)
            if inner in self.vocabulary.derived:
                found.append(cql.ref(f"{inner}#open"))
            else:
                found.append(cql.joined("And", [cql.is_null(self.term(leaf)), self._open(inner)]))
        self.definitions[f"{name}#open"] = cql.joined("Or", found) if found else cql.boolean(False)

    def _open(self, about: str) -> Term:
        return cql.is_true(self._fact(f"{about}@open"))

    def term(self, node: Node) -> Term:
        """The term that a node becomes."""
        return self.visit(node)

    def constant(self, node: Constant) -> Term:
        return cql.boolean(node.value)

    def negated(self, node: Not) -> Term:
        return cql.negated(self.term(node.item))

    def every(self, node: And) -> Term:
        return cql.joined("And", [self.term(item) for item in node.items])

    def some(self, node: Or) -> Term:
        return cql.joined("Or", [self.term(item) for item in node.items])

    def asked(self, node: Ask) -> Term:
        return self._fact(node.question.key)

    def compared(self, node: Compare) -> Term:
        return self._recent(cql.compared(self._fact(node.key), node.op, cql.number(node.number)), node.key, node.within)

    def includes(self, node: Includes) -> Term:
        return self._recent(self._includes(node), node.fact, node.within)

    def counted(self, node: AtLeast) -> Term:
        items = [self.term(item) for item in node.items]
        holding = cql.added([cql.choose(cql.is_true(item), cql.whole(1), cql.whole(0)) for item in items])
        possible = cql.added([cql.choose(cql.is_false(item), cql.whole(0), cql.whole(1)) for item in items])
        wanted = cql.whole(node.n)
        rest = cql.choose(cql.compared(possible, "<", wanted), cql.boolean(False), cql.UNKNOWN)
        return cql.choose(cql.compared(holding, ">=", wanted), cql.boolean(True), rest)

    def is_(self, node: Is) -> Term:
        wanted = self.vocabulary.members(node.fact, node.values)
        definition = self.vocabulary.derived.get(node.fact)
        if definition is not None:
            if node.within is not None:
                return cql.UNKNOWN
            rest = cql.UNKNOWN
            for index in range(len(definition.steps) - 1, -1, -1):
                holds = cql.ref(_case(node.fact, index))
                if definition.steps[index][0] in wanted:
                    rest = cql.joined("Or", [holds, rest])
                else:
                    rest = cql.joined("And", [cql.negated(holds), rest])
            return rest
        return self._recent(self._one_of(node.fact, wanted), node.fact, node.within)

    def _one_of(self, name: str, wanted: frozenset[str]) -> Term:
        about, known = self._fact(name), self.vocabulary.facts.get(name)
        if known is not None and known.kind == "yes-no":
            yes, no = "yes" in wanted, "no" in wanted
            if yes != no:
                return about if yes else cql.negated(about)
            return cql.choose(cql.is_null(about), cql.UNKNOWN, cql.boolean(yes))
        if not wanted:
            return cql.choose(cql.is_null(about), cql.UNKNOWN, cql.boolean(False))
        return cql.joined("Or", [cql.compared(about, "=", cql.words(value)) for value in sorted(wanted)])

    def known(self, node: Known) -> Term:
        definition = self.vocabulary.derived.get(node.fact)
        if definition is not None:
            if node.within is not None:
                return cql.boolean(False)
            rest = cql.boolean(False)
            for index in range(len(definition.steps) - 1, -1, -1):
                holds = cql.ref(_case(node.fact, index))
                rest = cql.joined("Or", [cql.is_true(holds), cql.joined("And", [cql.is_false(holds), rest])])
            return self._unless_open(rest, cql.ref(f"{node.fact}#open"))
        known = cql.negated(cql.is_null(self._fact(node.fact)))
        if node.within is not None:
            return cql.joined("And", [known, cql.is_true(self._fresh(node.fact, node.within))])
        return self._unless_open(known, self._open(node.fact))

    def _unless_open(self, known: Term, open_: Term) -> Term:
        """What is not known, and may be what was not understood, is not known to be unknown."""
        return cql.choose(known, cql.boolean(True), cql.choose(open_, cql.UNKNOWN, cql.boolean(False)))

    def _includes(self, node: Includes) -> Term:
        about, complete = self._fact(node.fact), cql.is_true(self._fact(f"{node.fact}@complete"))
        unsure = self._fact(f"{node.fact}@unsure")
        members = self.vocabulary.members
        if node.mode == "only":
            listed = cql.listed(sorted(members(node.fact, node.values)))
            settled = cql.joined("Or", [complete, cql.joined("And", [cql.some(unsure), cql.inside(unsure, listed)])])
            answer = cql.joined("And", [cql.inside(about, listed), cql.choose(settled, cql.some(about), cql.UNKNOWN)])
        else:
            wanted = [node.values] if node.mode == "any" else [(value,) for value in node.values]
            answer = cql.joined("And", [_present(about, complete, unsure, sorted(members(node.fact, one))) for one in wanted])
        return cql.choose(cql.is_null(about), cql.UNKNOWN, answer)

    def _fresh(self, name: str, within: Within) -> Term:
        on, day = self._fact(f"{name}@on"), self._fact("as_of")
        return cql.compared(on, ">=", cql.back(day, within.count, within.unit))

    def _recent(self, answer: Term, name: str, within: Within | None) -> Term:
        return answer if within is None else cql.choose(cql.is_true(self._fresh(name, within)), answer, cql.UNKNOWN)


def _present(about: Term, complete: Term, unsure: Term, members: list[str]) -> Term:
    """At least one member is in the set. Absent is false where the set is complete, or where none of them may be in it unseen."""
    maybe = [cql.member(cql.words(one), unsure) for one in members]
    settled = cql.joined("And", [cql.some(unsure), cql.negated(cql.joined("Or", maybe))]) if maybe else cql.some(unsure)
    absent = cql.choose(cql.joined("Or", [complete, settled]), cql.boolean(False), cql.UNKNOWN)
    if not members:
        return absent
    return cql.choose(cql.joined("Or", [cql.member(cql.words(one), about) for one in members]), cql.boolean(True), absent)


def _case(name: str, index: int) -> str:
    return f"{name}#{index}"


def export(knowledge: Knowledge, codes: Codes, folder: Path) -> Library:
    """Write the criteria over handed-in facts, the facts over FHIR R4, the criteria over those, and what none of them works out."""
    nodes = criteria_of(knowledge)
    found = library(nodes, knowledge.vocabulary)
    facts = facts_library(found.facts, found.questions, knowledge, codes)
    over = library(nodes, knowledge.vocabulary, on_fhir=True)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text, elm in (
        (LIBRARY, found.text(), found.elm()), (FACTS, facts.text(), facts.elm()), (ON_FHIR, over.text(), over.elm()),
    ):  # fmt: skip
        (folder / f"{name}.cql").write_text(text, encoding="utf-8")
        (folder / f"{name}.elm.json").write_bytes(msgspec.json.encode(elm))
    (folder / "NOT-IN-CQL.md").write_text(_not_in_cql(found, facts), encoding="utf-8")
    return found


def _not_in_cql(found: Library, facts: FactsLibrary) -> str:
    handed: dict[str, list[str]] = {}
    for name, (_, why) in facts.handed.items():
        handed.setdefault(why, []).append(name)
    lines = [
        "# What the libraries do not work out", "",
        f"`{LIBRARY}` works out criteria from facts; its parameter `Facts` is a tuple, with null for what is not known. The questions about treatment",
        "among its members are answers too: CQL has neither classes of drugs nor lines of therapy.", "",
        f"`{FACTS}` works {len(facts.worked_out)} of these {len(found.facts)} members out from a patient's FHIR R4 resources, and {len(facts.in_part)} in part.",
        f"`{ON_FHIR}` are the criteria over it. What it is given is in its parameter `History`, a tuple again; `AsOf` is the day, today without it.",
        f'Where the question is how long ago something ended that never was, the number is {FAR:.0f}, for "without end".',
        "Members that are not known are best left out: an engine may take one that is null for one of the wrong type.",
        *(line for why, names in sorted(handed.items()) for line in ("", f"## {why[0].upper()}{why[1:]}", "", *(f"- `{name}`" for name in names))), "",
        "## What is read less fully than by Linewise itself", "",
        *(f"- {limit}" for limit in LIMITS), "",
    ]  # fmt: skip
    return "\n".join(lines)
