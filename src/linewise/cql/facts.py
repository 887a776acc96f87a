"""The facts over FHIR R4: a CQL library that reads a patient's resources and says each base fact that criteria ask for.

`LinewiseFacts` has one definition for each fact and question that the criteria rest on, under its own name, so that `Facts."er"` means the
same whether `Facts` is this library or a tuple that was handed in. Unknown is null. What no code can say (lines of therapy, a team's judgement)
is a member of its parameter `History`, handed through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linewise import __version__
from linewise.exchange.codes import Codes
from linewise.knowledge import Knowledge
from linewise.knowledge.model import Fact
from linewise.logic import Question

from . import terms as cql
from .conditions import conditions
from .lookup import AS_OF, NO_TEXT, PERSON, extensions, lookup, single, there
from .medicines import medicines
from .queries import (
    DAY,
    DECIMAL,
    NEVER,
    TEXT,
    TRUTH,
    Definition,
    Kind,
    call,
    case,
    coalesce,
    component,
    computed,
    counted,
    decimal,
    distinct,
    empty,
    first,
    flat,
    get,
    largest,
    lower,
    many,
    named,
    nothing,
    plain,
    query,
    seen_as,
    several,
    smallest,
)
from .questions import Questions
from .results import MEASUREMENT, STATEMENT, results
from .tables import Tables
from .terms import Term, back, boolean, choose, compared, is_null, joined, member, negated, ref, some, whole, words

FACTS = "LinewiseFacts"
OPEN = "open"
"""The member of `History` that lists what entries that were not understood leave open."""
LIMITS = (
    "Results written as prose: one known word or wording and a plain number are read, “positive (90 %)” and “ECOG 1” are not.",
    "Names of medicines with strength and form behind them (“2.5 mg tablet”): a code, or a name or brand alone, is read.",
    "Resources inside others (`contained`), and references by identifier: references are followed by the id at their end.",
    "Adverse events, which name their medicine through another resource; allergies and intolerances are read.",
    "Results as ratios; quantities whose code is the answer, as some early mCODE writers have it.",
    "A number as the answer to whether the cancer has spread: it says nothing here.",
    "Copies and older versions of a resource in one bundle: every one of them counts.",
    "Words that stand in no table (“Bone mets”, “CHF”), which the reader for one person reads with the words of documents; scores of another scale (Karnofsky); how severe a symptom is.",
)
_PATIENT: dict[str, Any] = {
    "type": "SingletonFrom",
    "operand": {"type": "Retrieve", "dataType": "{http://hl7.org/fhir}Patient", "templateId": "http://hl7.org/fhir/StructureDefinition/Patient"},
}  # fmt: skip
_KINDS: Mapping[str, Kind] = {"Boolean": TRUTH, "Decimal": DECIMAL, "String": TEXT, "Date": DAY, "List<String>": many(TEXT)}


@dataclass
class FactsLibrary:
    """The library. `worked_out` are the facts and questions it answers itself, `in_part` those that need a part handed in,
    `handed` the members of `History` with their types and why they are handed in."""

    definitions: list[Definition]
    worked_out: list[str]
    in_part: list[str]
    handed: dict[str, tuple[Kind, str]]

    def text(self) -> str:
        """The library in CQL."""
        members = ",\n  ".join(f"{cql.quoted(name)} {kind.text}" for name, (kind, _) in self.handed.items())
        head = (
            f"library {FACTS} version '{__version__}'\n\nusing FHIR version '4.0.1'\n\n"
            f"parameter AsOf Date\nparameter History Tuple {{\n  {members}\n}}\n\ncontext Patient\n"
        )
        return head + "".join(_written(one, one.name in self.public) for one in self.definitions)

    @property
    def public(self) -> set[str]:
        """The definitions that are facts; the others are how they are worked out."""
        return {*self.worked_out, *self.in_part, *self.handed, "as_of"} - {OPEN}

    def elm(self) -> dict[str, Any]:
        """The library in ELM."""
        history = {"type": "TupleTypeSpecifier", "element": [
            {"name": name, "elementType": kind.elm} for name, (kind, _) in self.handed.items()
        ]}  # fmt: skip
        statements: list[dict[str, Any]] = [{"name": "Patient", "context": "Patient", "expression": _PATIENT}]
        for one in self.definitions:
            access = "Public" if one.name in self.public else "Private"
            found: dict[str, Any] = {"name": one.name, "context": "Patient", "accessLevel": access, "expression": one.term.elm}
            if one.operands:
                operands = [{"name": name, "operandTypeSpecifier": kind.elm} for name, kind in one.operands.items()]
                found |= {"type": "FunctionDef", "operand": operands}
            statements.append(found)
        parameters = [
            {"name": "AsOf", "accessLevel": "Public", "parameterTypeSpecifier": DAY.elm},
            {"name": "History", "accessLevel": "Public", "parameterTypeSpecifier": history},
        ]
        return cql.elm_library(FACTS, statements, parameters={"def": parameters})


def _written(one: Definition, public: bool) -> str:
    start = "define" if public else "define private"
    operands = ", ".join(f"{plain(name)} {kind.text}" for name, kind in one.operands.items())
    head = f"{start} function {cql.quoted(one.name)}({operands})" if one.operands else f"{start} {cql.quoted(one.name)}"
    why = f"// {one.why}\n" if one.why else ""
    return f"\n{why}{head}:\n  {one.term.text if _has_text_table(one.term) else one.term.text.replace(chr(10), chr(10) + '  ')}\n"


def _has_text_table(term: Term) -> bool:
    """A table is written as it stands: its lines begin where they begin."""
    return term.elm.get("type") == "Literal"


def facts_library(
    facts: Mapping[str, str], questions: Mapping[str, Question], knowledge: Knowledge, codes: Codes
) -> FactsLibrary:
    """The library of these facts: names and CQL types as a library of criteria lists them, with the questions among them by their key."""
    tables = Tables(knowledge, codes)
    writer = _Writer(knowledge, tables, questions)
    for name, kind in facts.items():
        writer.write(name, _KINDS[kind])
    said = flat([ref(name) for name in _SAID])
    up_to = _so_far(_ONE)
    placed = _placed(_ONE)
    before = [
        *lookup(tables), *results(codes), *conditions(codes),
        Definition("Statements", query(said, "S", where=lambda one: joined("And", [up_to, placed])), why="What was stated up to the day. Nodes near the breast are no place of spread while nothing else has spread."),
        Definition("Measurements", query(ref("Measurements so far"), "S", where=lambda one: up_to), why="What was measured up to the day."),
        *medicines(), *_deciding(),
    ]  # fmt: skip
    return FactsLibrary([*before, *writer.definitions], writer.worked_out, writer.in_part, writer.handed)


_SAID = (
    "Result statements",
    "Gene statements",
    "Illness statements",
    "Cancer statements",
    "Site statements",
    "Procedure statements",
)
_ONE = Term({"type": "AliasRef", "name": "S"}, "S")


def _so_far(one: Term) -> Term:
    """Whether a statement was made up to the day."""
    return joined("Or", [is_null(get(one, "on")), compared(get(one, "on"), "<=", AS_OF)])


def _placed(one: Term) -> Term:
    """Whether a statement counts: a place of spread does so only where something has spread."""
    return joined("Or", [negated(compared(get(one, "fact"), "=", words("sites"))), some(ref("Spread"))])


def _deciding() -> list[Definition]:
    """Which of several entries decide: of receptors those of a metastasis first, then the latest; an undated one is the oldest."""
    found = []
    for name, kind in (("statement", STATEMENT), ("measurement", MEASUREMENT)):
        listed = named("entries")
        on_day = query(listed, "E", where=lambda one: compared(coalesce(get(one, "on"), NEVER), "=", named("day")))
        latest = call(f"Of the day: {name}s", listed, largest(query(listed, "E", lambda one: coalesce(get(one, "on"), NEVER))))
        spread = query(listed, "E", where=lambda one: compared(get(one, "specimen"), "=", words("metastasis")))
        found += [
            Definition(f"Of the day: {name}s", on_day, {"entries": many(kind), "day": DAY}),
            Definition(f"Latest {name}s", latest, {"entries": many(kind)}),
            Definition(f"Metastasis first: {name}s", choose(some(spread), spread, listed), {"entries": many(kind)}),
        ]
    agreed = distinct(query(named("entries"), "E", lambda one: get(one, "value")))
    found.append(
        Definition(
            "One value", single(agreed), {"entries": many(STATEMENT)}, "What entries of one day say; two contradict each other."
        )
    )
    return found


class _Writer:
    """Writes the definition of each fact."""

    def __init__(self, knowledge: Knowledge, tables: Tables, questions: Mapping[str, Question]) -> None:
        self.knowledge, self.asked, self.answers = knowledge, questions, Questions(knowledge)
        self.statable = tables.statable()
        self.definitions: list[Definition] = []
        self.worked_out: list[str] = []
        self.in_part: list[str] = []
        self.handed: dict[str, tuple[Kind, str]] = {
            OPEN: (many(TEXT), "the facts and questions that an entry which was not understood leaves open")
        }

    def write(self, name: str, kind: Kind) -> None:
        about, _, member_name = name.partition("@")
        fact = self.knowledge.facts.get(about)
        if name == "as_of":
            return
        if member_name == "open":
            self._add(name, _open(about))
        elif member_name == "unsure":
            self._hand(name, kind, "what may be in a list because of an entry that was not understood")
            self.definitions.append(Definition(name, coalesce(_handed(name), empty(TEXT))))
        elif name in self.asked:
            self._question(name, self.asked[name], kind)
        elif fact is None or (about not in self.statable and about != "age"):
            self._given(name, about, member_name, kind, fact)
        else:
            term = {"": self._value, "on": self._on, "complete": self._complete}[member_name](fact)
            if not member_name and fact.type != "set":
                term = choose(_open(about), nothing(kind), term)
            self._add(name, term)

    def _add(self, name: str, term: Term) -> None:
        self.definitions.append(Definition(name, term))
        self.worked_out.append(name)

    def _hand(self, name: str, kind: Kind, why: str) -> None:
        self.handed[name] = kind, why

    def _question(self, name: str, asked: Question, kind: Kind) -> None:
        answer = self.answers.answer(asked, _handed(name))
        if answer is None or self.answers.in_part(asked):
            self.handed[name] = kind, self.answers.why(asked)
        if answer is not None:
            answer = choose(_open(name), nothing(kind), answer)
            (self.in_part if name in self.handed else self.worked_out).append(name)
        self.definitions.append(Definition(name, _handed(name) if answer is None else answer))

    def _given(self, name: str, about: str, member_name: str, kind: Kind, fact: Fact | None) -> None:
        """A fact that no code says: whoever knows hands it in; silence is what it is for the reader."""
        self.handed[name] = kind, "it counts lines of therapy" if about == "line" else "no code in the knowledge says it"
        term = _handed(name)
        if fact is not None and not member_name:
            if fact.type == "set" and fact.silence == "none":
                term = coalesce(term, empty(TEXT))
            elif fact.type == "yes-no" and fact.silence != "unknown":
                term = coalesce(term, boolean(False))
        elif fact is not None and member_name == "complete":
            silent = boolean(True) if fact.silence == "none" else nothing(TRUTH)
            term = coalesce(term, silent)
        self.definitions.append(Definition(name, term))

    # Facts

    def _entries(self, fact: Fact) -> Term:
        source = "Measurements" if fact.type == "number" else "Statements"
        return query(ref(source), "S", where=lambda one: compared(get(one, "fact"), "=", words(fact.id)))

    def _latest(self, fact: Fact) -> Term:
        """The entries that decide."""
        name = "measurements" if fact.type == "number" else "statements"
        found = self._entries(fact)
        if fact.current_for is not None:
            since = back(AS_OF, fact.current_for.count, fact.current_for.unit)
            found = query(
                found, "C", where=lambda one: joined("Or", [is_null(get(one, "on")), compared(get(one, "on"), ">=", since)])
            )
        if fact.use == "metastasis-first":
            found = call(f"Metastasis first: {name}", found)
        return call(f"Latest {name}", found)

    def _value(self, fact: Fact) -> Term:
        if fact.type == "set":
            return self._members(fact)
        if fact.type == "number":
            values = query(self._latest(fact), "V", lambda one: get(one, "value"))
            if fact.use in ("highest", "lowest"):
                value = largest(values) if fact.use == "highest" else smallest(values)
            else:
                each = distinct(values)
                value = choose(compared(counted(each), "=", whole(1)), first(each), nothing(DECIMAL))
            return choose(some(self._entries(fact)), value, _age()) if fact.id == "age" else value
        value = _sex() if fact.id == "sex" else call("One value", self._latest(fact))
        if fact.type == "yes-no":
            value = compared(value, "=", words("true"))
            if fact.silence != "unknown":
                value = choose(some(self._entries(fact)), value, boolean(False))
        return value

    def _members(self, fact: Fact) -> Term:
        present = distinct(query(query(self._entries(fact), "S", where=there), "V", lambda one: get(one, "value")))
        if fact.silence == "none":
            return present
        return choose(joined("Or", [some(self._entries(fact)), self._denied(fact)]), present, nothing(many(TEXT)))

    def _denied(self, fact: Fact) -> Term:
        """Whether a member of a list is said not to be there."""
        return some(query(ref("Denied"), "D", where=lambda one: joined("And", [
            compared(get(one, "fact"), "=", words(fact.id)), _so_far(one), _placed(one),
        ])))  # fmt: skip

    def _on(self, fact: Fact) -> Term:
        """The day of the value; none where there is no value, as when results contradict each other."""
        return choose(is_null(ref(fact.id)), nothing(DAY), get(first(self._latest(fact)), "on"))

    def _complete(self, fact: Fact) -> Term:
        """Whether what is not listed is known to be absent: wherever the set is known, and no entry that was not understood leaves it open."""
        if fact.silence == "none":
            return negated(_open(fact.id))
        unsaid = choose(self._denied(fact), boolean(False), nothing(TRUTH))  # what is not there alone leaves the rest open
        return choose(some(self._entries(fact)), negated(_open(fact.id)), unsaid)


def _open(about: str) -> Term:
    """Whether an entry that was not understood leaves a fact or question open: whoever reads more than codes hands it in."""
    return cql.is_true(member(words(about), _handed(OPEN)))


def _handed(name: str) -> Term:
    return Term(
        {"type": "Property", "path": name, "source": {"type": "ParameterRef", "name": "History"}}, f"History.{cql.quoted(name)}"
    )


def _sex() -> Term:
    """The one sex that the administrative gender and the sex at birth say together; where they differ, none."""
    gender = query(several([get(PERSON, "gender", "value")]), "G", where=lambda one: member(one, cql.listed(["female", "male"])))
    births = query(
        extensions(PERSON, "us-core-birthsex"), "B",
        lambda one: case(lower(get(seen_as(get(one, "value"), "code"), "value")), {"f": words("female"), "m": words("male")}, NO_TEXT),
    )  # fmt: skip
    return single(distinct(flat([gender, query(births, "K", where=lambda one: negated(is_null(one)))])))


def _age() -> Term:
    """Whole years since the day of birth."""
    born = call("Birthday", get(PERSON, "birthDate", "value"))
    years = computed("Subtract", component(AS_OF, "year"), component(born, "year"))
    same_month = compared(component(AS_OF, "month"), "=", component(born, "month"))
    early = joined("Or", [
        compared(component(AS_OF, "month"), "<", component(born, "month")),
        joined("And", [same_month, compared(component(AS_OF, "day"), "<", component(born, "day"))]),
    ])  # fmt: skip
    return decimal(computed("Subtract", years, choose(early, whole(1), whole(0))))
