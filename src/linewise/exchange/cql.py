"""The third reader: every criterion as HL7 CQL, and as ELM, for engines that are not ours.

A library has one parameter, `Facts`: a tuple with the same base facts that the columns have, null where unknown. Each derived fact and each criterion is
a definition. CQL's logic is the same three-valued one. What a library cannot say itself is listed beside it: questions about the history of
treatment need the classes of drugs and the lines of therapy, so their answers are members of `Facts`, to be filled in by whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from linewise import __version__
from linewise.knowledge import Knowledge
from linewise.knowledge.model import Class, Drug, Treatment
from linewise.logic import Node, Vocabulary, walk
from linewise.logic.nodes import And, Ask, AtLeast, Compare, Constant, Includes, Is, Known, Not, Or, Within, subject, subjects

from . import cql_terms as cql
from .cql_terms import Term

LIBRARY = "Linewise"
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
    for alert in knowledge.content.alerts.values():
        found[f"alert {alert.id}"] = alert.when
    return found


@dataclass
class Library:
    """A library: its facts with their types, its definitions in order, and the questions whose answers it is given."""

    facts: dict[str, str]
    definitions: dict[str, Term]
    questions: list[str]
    criteria: list[str]

    def text(self) -> str:
        """The library in CQL."""
        members = ",\n  ".join(f"{cql.quoted(name)} {kind}" for name, kind in self.facts.items())
        head = f"library {LIBRARY} version '{__version__}'\n\nparameter Facts Tuple {{\n  {members}\n}}\n\ncontext Unfiltered\n"
        return head + "".join(f"\ndefine {cql.quoted(name)}:\n  {term.text}\n" for name, term in self.definitions.items())

    def elm(self) -> dict[str, Any]:
        """The library in ELM."""
        parameter = {"name": "Facts", "accessLevel": "Public", "parameterTypeSpecifier": self._tuple()}
        statements = [
            {"name": name, "context": "Unfiltered", "accessLevel": "Public", "expression": term.elm}
            for name, term in self.definitions.items()
        ]
        return {
            "library": {
                "identifier": {"id": LIBRARY, "version": __version__},
                "schemaIdentifier": {"id": "urn:hl7-org:elm", "version": "r1"},
                "usings": {"def": [{"localIdentifier": "System", "uri": "urn:hl7-org:elm-types:r1"}]},
                "parameters": {"def": [parameter]},
                "statements": {"def": statements},
            }
        }

    def _tuple(self) -> dict[str, Any]:
        elements = []
        for name, kind in self.facts.items():
            inner = kind.removeprefix("List<").removesuffix(">")
            element = cql.named(inner)
            kind_of = {"type": "ListTypeSpecifier", "elementType": element} if kind != inner else element
            elements.append({"name": name, "elementType": kind_of})
        return {"type": "TupleTypeSpecifier", "element": elements}


def library(nodes: Mapping[str, Node], vocabulary: Vocabulary) -> Library:
    """The library of these criteria and of every derived fact that they rest on."""
    writer = _Writer(vocabulary)
    for node in nodes.values():
        writer.need(node)
    criteria = {name: writer.term(node) for name, node in nodes.items()}
    return Library(writer.facts, writer.definitions | criteria, sorted(writer.questions), list(criteria))


class _Writer:
    """Writes nodes. Derived facts become definitions, one for each case, written before what rests on them."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.facts: dict[str, str] = {}
        self.definitions: dict[str, Term] = {}
        self.questions: set[str] = set()
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

    def _base(self, leaf: Is | Known | Compare | Includes | Ask) -> None:
        about = subject(leaf)
        if not isinstance(about, str):
            self.facts[about.key] = "Boolean" if isinstance(leaf, Ask) else "Decimal"
            self.questions.add(about.key)
            return
        if about in self.vocabulary.derived:
            return
        known = self.vocabulary.facts.get(about)
        kind = known.kind if known else "choice"
        self.facts[about] = "List<String>" if kind == "set" else _TYPES[kind]
        if kind == "set":
            self.facts[f"{about}@complete"] = "Boolean"
        if not isinstance(leaf, Ask) and leaf.within is not None:
            self.facts |= {f"{about}@on": "Date", "as_of": "Date"}

    def term(self, node: Node) -> Term:
        if isinstance(node, Constant):
            return cql.boolean(node.value)
        if isinstance(node, Not):
            return cql.negated(self.term(node.item))
        if isinstance(node, And | Or):
            return cql.joined(type(node).__name__, [self.term(item) for item in node.items])
        if isinstance(node, AtLeast):
            return self._at_least(node)
        if isinstance(node, Ask):
            return cql.fact(node.question.key)
        if isinstance(node, Compare):
            return self._recent(cql.compared(cql.fact(node.key), node.op, cql.number(node.number)), node.key, node.within)
        if isinstance(node, Includes):
            return self._recent(self._includes(node), node.fact, node.within)
        return self._is(node) if isinstance(node, Is) else self._known(node)

    def _at_least(self, node: AtLeast) -> Term:
        items = [self.term(item) for item in node.items]
        holding = cql.added([cql.choose(cql.is_true(item), cql.whole(1), cql.whole(0)) for item in items])
        possible = cql.added([cql.choose(cql.is_false(item), cql.whole(0), cql.whole(1)) for item in items])
        wanted = cql.whole(node.n)
        rest = cql.choose(cql.compared(possible, "<", wanted), cql.boolean(False), cql.UNKNOWN)
        return cql.choose(cql.compared(holding, ">=", wanted), cql.boolean(True), rest)

    def _is(self, node: Is) -> Term:
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
        about, known = cql.fact(name), self.vocabulary.facts.get(name)
        if known is not None and known.kind == "yes-no":
            yes, no = "yes" in wanted, "no" in wanted
            if yes != no:
                return about if yes else cql.negated(about)
            return cql.choose(cql.is_null(about), cql.UNKNOWN, cql.boolean(yes))
        if not wanted:
            return cql.choose(cql.is_null(about), cql.UNKNOWN, cql.boolean(False))
        return cql.joined("Or", [cql.compared(about, "=", cql.words(value)) for value in sorted(wanted)])

    def _known(self, node: Known) -> Term:
        definition = self.vocabulary.derived.get(node.fact)
        if definition is not None:
            if node.within is not None:
                return cql.boolean(False)
            rest = cql.boolean(False)
            for index in range(len(definition.steps) - 1, -1, -1):
                holds = cql.ref(_case(node.fact, index))
                rest = cql.joined("Or", [cql.is_true(holds), cql.joined("And", [cql.is_false(holds), rest])])
            return rest
        known = cql.negated(cql.is_null(cql.fact(node.fact)))
        return known if node.within is None else cql.joined("And", [known, cql.is_true(self._fresh(node.fact, node.within))])

    def _includes(self, node: Includes) -> Term:
        about, complete = cql.fact(node.fact), cql.is_true(cql.fact(f"{node.fact}@complete"))
        members = self.vocabulary.members
        if node.mode == "only":
            inside = cql.inside(about, cql.listed(sorted(members(node.fact, node.values))))
            settled = cql.choose(complete, cql.some(about), cql.UNKNOWN)
            answer = cql.joined("And", [inside, settled])
        else:
            wanted = [node.values] if node.mode == "any" else [(value,) for value in node.values]
            answer = cql.joined("And", [self._present(about, complete, sorted(members(node.fact, values))) for values in wanted])
        return cql.choose(cql.is_null(about), cql.UNKNOWN, answer)

    def _present(self, about: Term, complete: Term, members: list[str]) -> Term:
        if not members:
            return cql.choose(complete, cql.boolean(False), cql.UNKNOWN)
        found = cql.joined("Or", [cql.member(cql.words(one), about) for one in members])
        return cql.choose(found, cql.boolean(True), cql.choose(complete, cql.boolean(False), cql.UNKNOWN))

    def _fresh(self, name: str, within: Within) -> Term:
        on, day = cql.fact(f"{name}@on"), cql.fact("as_of")
        return cql.compared(on, ">=", cql.back(day, within.count, within.unit))

    def _recent(self, answer: Term, name: str, within: Within | None) -> Term:
        return answer if within is None else cql.choose(cql.is_true(self._fresh(name, within)), answer, cql.UNKNOWN)


def _case(name: str, index: int) -> str:
    return f"{name}#{index}"


def export(knowledge: Knowledge, folder: Path) -> Library:
    """Write the library as CQL and ELM, and what it is given rather than works out."""
    found = library(criteria_of(knowledge), knowledge.vocabulary)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{LIBRARY}.cql").write_text(found.text(), encoding="utf-8")
    (folder / f"{LIBRARY}.elm.json").write_bytes(msgspec.json.encode(found.elm()))
    lines = [
        "# What the library does not work out itself", "",
        "Its parameter `Facts` is a tuple, with null for what is not known. These members are answers about the history of treatment: they need the",
        "classes of drugs and the lines of therapy, which CQL does not have. Whoever runs the library fills them in.",
        f'Where the question is how long ago something ended that never was, the number is {FAR:.0f}, for "without end".', "",
        *(f"- `{key}`" for key in found.questions), "",
    ]  # fmt: skip
    (folder / "NOT-IN-CQL.md").write_text("\n".join(lines), encoding="utf-8")
    return found
