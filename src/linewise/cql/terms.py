"""The few pieces of CQL that criteria are made of, each as CQL text and as ELM at once, so that the two cannot drift apart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any, NamedTuple

from linewise import __version__

Elm = dict[str, Any]
_SYSTEM = "{urn:hl7-org:elm-types:r1}"
_SIGNS = {"<": "Less", "<=": "LessOrEqual", ">": "Greater", ">=": "GreaterOrEqual", "=": "Equal"}
_CHUNK = 20


def elm_library(name: str, statements: list[Elm], **parts: Elm) -> Elm:
    """A library in ELM."""
    system = {"localIdentifier": "System", "uri": "urn:hl7-org:elm-types:r1"}
    fhir = {"localIdentifier": "FHIR", "uri": "http://hl7.org/fhir", "version": "4.0.1"}
    return {
        "library": {
            "identifier": {"id": name, "version": __version__},
            "schemaIdentifier": {"id": "urn:hl7-org:elm", "version": "r1"},
            "usings": {"def": [system, fhir] if any(one["context"] == "Patient" for one in statements) else [system]},
            **parts,
            "statements": {"def": statements},
        }
    }


class Term(NamedTuple):
    """An expression. `bare` where its text needs no brackets inside another."""

    elm: Elm
    text: str
    bare: bool = True

    @property
    def inner(self) -> str:
        return self.text if self.bare else f"({self.text})"


def quoted(name: str) -> str:
    """A name as CQL writes one that is not a plain word."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def named(kind: str) -> Elm:
    """A type of the System model."""
    return {"type": "NamedTypeSpecifier", "name": _SYSTEM + kind}


def fact(name: str) -> Term:
    """A member of the parameter that holds the facts."""
    return Term({"type": "Property", "path": name, "source": {"type": "ParameterRef", "name": "Facts"}}, f"Facts.{quoted(name)}")


def included(name: str) -> Term:
    """A fact that the library of facts works out, included under the name of the parameter that otherwise holds it."""
    return Term({"type": "ExpressionRef", "name": name, "libraryName": "Facts"}, f"Facts.{quoted(name)}")


def ref(name: str) -> Term:
    """Another definition of the library."""
    return Term({"type": "ExpressionRef", "name": name}, quoted(name))


def boolean(value: bool) -> Term:
    word = "true" if value else "false"
    return Term({"type": "Literal", "valueType": _SYSTEM + "Boolean", "value": word}, word)


def number(value: float) -> Term:
    text = repr(float(value))
    return Term({"type": "Literal", "valueType": _SYSTEM + "Decimal", "value": text}, text)


def whole(value: int) -> Term:
    return Term({"type": "Literal", "valueType": _SYSTEM + "Integer", "value": str(value)}, str(value))


def words(value: str) -> Term:
    text = "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
    return Term({"type": "Literal", "valueType": _SYSTEM + "String", "value": value}, text)


def listed(values: Sequence[str]) -> Term:
    terms = [words(value) for value in values]
    return Term({"type": "List", "element": [term.elm for term in terms]}, "{" + ", ".join(term.text for term in terms) + "}")


UNKNOWN = Term(
    {"type": "As", "operand": {"type": "Null"}, "asTypeSpecifier": named("Boolean"), "strict": False}, "(null as Boolean)"
)


def negated(term: Term) -> Term:
    return Term({"type": "Not", "operand": term.elm}, f"not {term.inner}", False)


def joined(kind: str, terms: Sequence[Term]) -> Term:
    """`And` or `Or` of several. Long ones are grouped, which shortens the way down for engines that recur."""
    if len(terms) == 1:
        return terms[0]
    if len(terms) > _CHUNK:
        return joined(kind, [joined(kind, terms[start : start + _CHUNK]) for start in range(0, len(terms), _CHUNK)])
    elm = reduce(lambda left, right: {"type": kind, "operand": [left, right]}, (term.elm for term in terms))
    return Term(elm, f" {kind.lower()} ".join(term.inner for term in terms), False)


def compared(left: Term, sign: str, right: Term) -> Term:
    return Term({"type": _SIGNS[sign], "operand": [left.elm, right.elm]}, f"{left.inner} {sign} {right.inner}", False)


def is_null(term: Term) -> Term:
    return Term({"type": "IsNull", "operand": term.elm}, f"{term.inner} is null", False)


def is_true(term: Term) -> Term:
    return Term({"type": "IsTrue", "operand": term.elm}, f"{term.inner} is true", False)


def is_false(term: Term) -> Term:
    return Term({"type": "IsFalse", "operand": term.elm}, f"{term.inner} is false", False)


def member(value: Term, of: Term) -> Term:
    return Term({"type": "In", "operand": [value.elm, of.elm]}, f"{value.inner} in {of.inner}", False)


def inside(left: Term, right: Term) -> Term:
    return Term({"type": "IncludedIn", "operand": [left.elm, right.elm]}, f"{left.inner} included in {right.inner}", False)


def some(term: Term) -> Term:
    return Term({"type": "Exists", "operand": term.elm}, f"exists {term.inner}", False)


def choose(condition: Term, then: Term, other: Term) -> Term:
    elm = {"type": "If", "condition": condition.elm, "then": then.elm, "else": other.elm}
    return Term(elm, f"if {condition.text} then {then.inner} else {other.inner}", False)


def added(terms: Sequence[Term]) -> Term:
    elm = reduce(lambda left, right: {"type": "Add", "operand": [left, right]}, (term.elm for term in terms))
    return Term(elm, " + ".join(term.inner for term in terms), False)


def back(day: Term, count: int, unit: str) -> Term:
    """So many calendar units before a day."""
    elm = {"type": "Subtract", "operand": [day.elm, {"type": "Quantity", "value": count, "unit": unit}]}
    return Term(elm, f"{day.inner} - {count} {unit}", False)
