"""The pieces of CQL that read FHIR resources: retrieves, queries, tuples, functions. Each is CQL text and ELM at once, as in `terms`.

Every query says `return all`: one engine takes a query without it for a distinct one, and compares whole resources to find out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .terms import Elm, Term, number, quoted, words

_ELM = "{urn:hl7-org:elm-types:r1}"
_FHIR = "{http://hl7.org/fhir}"
Part = Callable[[Term], Term]


class Kind(NamedTuple):
    """A type, as text and in ELM."""

    elm: Elm
    text: str


def system(name: str) -> Kind:
    """A type of CQL's own: `String`, `Date`."""
    return Kind({"type": "NamedTypeSpecifier", "name": _ELM + name}, f"System.{name}")


def fhir(name: str) -> Kind:
    """A type of FHIR."""
    return Kind({"type": "NamedTypeSpecifier", "name": _FHIR + name}, f"FHIR.{name}")


def many(kind: Kind) -> Kind:
    """A list of a type."""
    return Kind({"type": "ListTypeSpecifier", "elementType": kind.elm}, f"List<{kind.text}>")


def record(members: Mapping[str, Kind]) -> Kind:
    """A tuple type."""
    elements = [{"name": name, "elementType": kind.elm} for name, kind in members.items()]
    text = ", ".join(f"{name} {kind.text}" for name, kind in members.items())
    return Kind({"type": "TupleTypeSpecifier", "element": elements}, f"Tuple {{{text}}}")


TEXT, DAY, WHOLE, DECIMAL, TRUTH = (system(name) for name in ("String", "Date", "Integer", "Decimal", "Boolean"))


class Definition(NamedTuple):
    """A definition of a library, or a function where it has operands. `why` is written above it."""

    name: str
    term: Term
    operands: Mapping[str, Kind] = {}
    why: str = ""


def block(text: str) -> Term:
    """Text of many lines, written line by line."""
    return words(text)._replace(text=words(text).text.replace("\\n", "\n"))


def nothing(kind: Kind) -> Term:
    """Null of a type."""
    return Term({"type": "As", "operand": {"type": "Null"}, "asTypeSpecifier": kind.elm}, f"(null as {kind.text})")


def plain(name: str) -> str:
    """A name as text; in quotation marks where it is a word of the language."""
    return quoted(name) if name in ("concept", "day", "code") else name


def named(name: str) -> Term:
    """An operand of the function that is being written."""
    return Term({"type": "OperandRef", "name": name}, plain(name))


def parameter(name: str) -> Term:
    return Term({"type": "ParameterRef", "name": name}, name)


def get(of: Term, *path: str) -> Term:
    """A member of a resource or a tuple; of several, one after the other."""
    for name in path:
        of = Term({"type": "Property", "path": name, "source": of.elm}, f"{of.inner}.{name}")
    return of


def seen_as(of: Term, name: str) -> Term:
    """A member that may be of several FHIR types, as one of them; null where it is another."""
    return Term({"type": "As", "operand": of.elm, "asTypeSpecifier": fhir(name).elm}, f"({of.inner} as FHIR.{name})")


def retrieve(name: str) -> Term:
    """All of the patient's resources of a type."""
    return Term(
        {"type": "Retrieve", "dataType": _FHIR + name, "templateId": f"http://hl7.org/fhir/StructureDefinition/{name}"},
        f"[{name}]",
    )


def query(
    source: Term, alias: str, give: Part | None = None, where: Part | None = None, let: Mapping[str, Part] | None = None
) -> Term:
    """For each of the source: name what `let` says, keep it where `where` holds, give `give` of it. A source that is no list gives one."""
    one = Term({"type": "AliasRef", "name": alias}, alias)
    elm: Elm = {"type": "Query", "source": [{"alias": alias, "expression": source.elm}]}
    plain_source = source.elm["type"] in ("Retrieve", "ExpressionRef", "OperandRef", "QueryLetRef")
    lines = [f"{source.text if plain_source else f'({source.text})'} {alias}"]
    if let:
        parts = {name: part(one) for name, part in let.items()}
        elm["let"] = [{"identifier": name, "expression": term.elm} for name, term in parts.items()]
        lines.append("let " + ",\n    ".join(f"{plain(name)}: {_deeper(term.text)}" for name, term in parts.items()))
    if where:
        holds = where(one)
        elm["where"] = holds.elm
        lines.append(f"where {_deeper(holds.text)}")
    result = give(one) if give else one
    elm["return"] = {"expression": result.elm, "distinct": False}
    lines.append(f"return all {_deeper(result.text)}")
    short = "\n" not in "".join(lines) and sum(map(len, lines)) < 100
    return Term(elm, " ".join(lines) if short else "\n  ".join(lines), False)


def _deeper(text: str) -> str:
    return text.replace("\n", "\n  ")


def let(name: str) -> Term:
    """What a `let` of the query has named."""
    return Term({"type": "QueryLetRef", "name": name}, plain(name))


def entry(members: Mapping[str, Term]) -> Term:
    """A tuple."""
    elm = {"type": "Tuple", "element": [{"name": name, "value": term.elm} for name, term in members.items()]}
    inside = ",\n  ".join(f"{name}: {_deeper(term.text)}" for name, term in members.items())
    return Term(elm, f"Tuple {{\n  {inside}\n}}")


def call(name: str, *given: Term) -> Term:
    """A function of the library."""
    elm = {"type": "FunctionRef", "name": name, "operand": [term.elm for term in given]}
    return Term(elm, f'"{name}"({", ".join(term.text for term in given)})')


def _plain(kind: str, text: str, *given: Term) -> Term:
    operand = given[0].elm if len(given) == 1 and kind in _ONE else [term.elm for term in given]
    return Term({"type": kind, "operand": operand}, f"{text}({', '.join(term.text for term in given)})")


_ONE = {"Flatten", "Distinct", "Exists", "Length", "Lower", "ToDecimal", "ToString", "Truncate"}


def coalesce(*given: Term) -> Term:
    """The first that is not null. The language takes five at a time."""
    if len(given) > 5:
        return coalesce(*given[:4], coalesce(*given[4:]))
    return given[0] if len(given) == 1 else _plain("Coalesce", "Coalesce", *given)


def first_known(listed: Term) -> Term:
    """The first of a list that is not null."""
    return Term({"type": "Coalesce", "operand": [listed.elm]}, f"Coalesce({listed.text})")


def flat(lists: Sequence[Term]) -> Term:
    """The members of several lists, as one list."""
    if len(lists) == 1:
        return lists[0]
    return flattened(several(lists))


def flattened(term: Term) -> Term:
    return _plain("Flatten", "Flatten", term)


def several(terms: Sequence[Term]) -> Term:
    """A list of terms."""
    inside = ",\n  ".join(_deeper(term.text) for term in terms)
    text = f"{{{inside}}}" if len(terms) == 1 else f"{{\n  {inside}\n}}"
    return Term({"type": "List", "element": [term.elm for term in terms]}, text)


def empty(kind: Kind) -> Term:
    """A list of nothing."""
    return Term({"type": "List", "typeSpecifier": many(kind).elm, "element": []}, f"List<{kind.text}>{{}}")


def distinct(term: Term) -> Term:
    return Term({"type": "Distinct", "operand": term.elm}, f"distinct {term.inner}", False)


def counted(term: Term) -> Term:
    return Term({"type": "Count", "source": term.elm}, f"Count({term.text})")


def first(term: Term) -> Term:
    return Term({"type": "First", "source": term.elm}, f"First({term.text})")


def last(term: Term) -> Term:
    return Term({"type": "Last", "source": term.elm}, f"Last({term.text})")


def largest(term: Term) -> Term:
    return Term({"type": "Max", "source": term.elm}, f"Max({term.text})")


def smallest(term: Term) -> Term:
    return Term({"type": "Min", "source": term.elm}, f"Min({term.text})")


def lower(term: Term) -> Term:
    return _plain("Lower", "Lower", term)


def length(term: Term) -> Term:
    """How long a text is; 0 where there is none, as one engine fails at the length of nothing."""
    return _plain("Length", "Length", coalesce(term, words("")))


def decimal(term: Term) -> Term:
    """A number from text, or from a whole number."""
    return _plain("ToDecimal", "ToDecimal", term)


def spelled(term: Term) -> Term:
    return _plain("ToString", "ToString", term)


def cut(term: Term) -> Term:
    """A number without its fraction, as a whole number."""
    return _plain("Truncate", "Truncate", term)


def rounded(term: Term, digits: int) -> Term:
    places = {"type": "Literal", "valueType": _ELM + "Integer", "value": str(digits)}
    return Term({"type": "Round", "operand": term.elm, "precision": places}, f"Round({term.text}, {digits})")


def matches(term: Term, pattern: str) -> Term:
    """Whether the whole text is of a form."""
    return _plain("Matches", "Matches", term, words(pattern))


def replaced(term: Term, pattern: str, by: str) -> Term:
    return _plain("ReplaceMatches", "ReplaceMatches", term, words(pattern), words(by))


def starts(term: Term, beginning: str) -> Term:
    return _plain("StartsWith", "StartsWith", term, words(beginning))


def ends(term: Term, ending: str) -> Term:
    return _plain("EndsWith", "EndsWith", term, words(ending))


def position(pattern: Term, of: Term) -> Term:
    return Term({"type": "PositionOf", "pattern": pattern.elm, "string": of.elm}, f"PositionOf({pattern.text}, {of.text})")


def substring(of: Term, start: Term, size: Term | None = None) -> Term:
    elm: Elm = {"type": "Substring", "stringToSub": of.elm, "startIndex": start.elm}
    if size is None:
        return Term(elm, f"Substring({of.text}, {start.text})")
    return Term(elm | {"length": size.elm}, f"Substring({of.text}, {start.text}, {size.text})")


def split(of: Term, by: str) -> Term:
    return Term({"type": "Split", "stringToSplit": of.elm, "separator": words(by).elm}, f"Split({of.text}, {words(by).text})")


def combined(of: Term, by: str) -> Term:
    """The texts of a list as one, with a sign between them."""
    elm = {"type": "Combine", "source": of.elm, "separator": words(by).elm}
    return Term(elm, f"Combine({of.text}, {words(by).text})")


def split_at(of: Term, pattern: str) -> Term:
    elm = {"type": "SplitOnMatches", "stringToSplit": of.elm, "separatorPattern": words(pattern).elm}
    return Term(elm, f"SplitOnMatches({of.text}, {words(pattern).text})")


def glued(*terms: Term) -> Term:
    """Texts, one behind the other; null where one of them is."""
    elm = terms[0].elm
    for term in terms[1:]:
        elm = {"type": "Concatenate", "operand": [elm, term.elm]}
    return Term(elm, " + ".join(term.inner for term in terms), False)


def computed(kind: str, left: Term, right: Term) -> Term:
    """Arithmetic of two: Add, Subtract, Multiply, Divide."""
    sign = {"Add": "+", "Subtract": "-", "Multiply": "*", "Divide": "/"}[kind]
    return Term({"type": kind, "operand": [left.elm, right.elm]}, f"{left.inner} {sign} {right.inner}", False)


def scaled(term: Term, factor: float, less: float = 0.0, plus: float = 0.0) -> Term:
    """factor × (value − less) + plus, where one of them has no effect it is not written."""
    if less:
        term = computed("Subtract", term, number(less))
    if factor != 1.0:
        term = computed("Multiply", term, number(factor))
    return computed("Add", term, number(plus)) if plus else term


def case(of: Term, cases: Mapping[str, Term], rest: Term) -> Term:
    """The first case whose word the text is."""
    elm = {
        "type": "Case", "comparand": of.elm, "else": rest.elm,
        "caseItem": [{"when": words(word).elm, "then": term.elm} for word, term in cases.items()],
    }  # fmt: skip
    lines = [f"case {of.inner}", *(f"when {words(word).text} then {_deeper(term.inner)}" for word, term in cases.items())]
    return Term(elm, "\n  ".join([*lines, f"else {rest.inner}"]) + "\nend")


def component(of: Term, precision: str) -> Term:
    """The year, month or day of a date."""
    elm = {"type": "DateTimeComponentFrom", "precision": precision.capitalize(), "operand": of.elm}
    return Term(elm, f"{precision} from {of.inner}", False)


def day_from(of: Term) -> Term:
    return Term({"type": "DateFrom", "operand": of.elm}, f"date from {of.inner}", False)


def made_day(year: Term, month: Term, day: Term) -> Term:
    elm = {"type": "Date", "year": year.elm, "month": month.elm, "day": day.elm}
    return Term(elm, f"Date({year.text}, {month.text}, {day.text})")


NEVER = Term({"type": "MinValue", "valueType": _ELM + "Date"}, "minimum Date", False)
TODAY = Term({"type": "Today"}, "Today()")


def later(day: Term, count: int, unit: str) -> Term:
    """So many calendar units after a day."""
    elm = {"type": "Add", "operand": [day.elm, {"type": "Quantity", "value": count, "unit": unit}]}
    return Term(elm, f"{day.inner} + {count} {unit}", False)


def days_after(day: Term, count: Term) -> Term:
    """A number of days after a day, where the number is worked out. It is a decimal, as the value of a quantity is."""
    quantity = {"type": "Instance", "classType": _ELM + "Quantity", "element": [
        {"name": "value", "value": count.elm}, {"name": "unit", "value": words("days").elm},
    ]}  # fmt: skip
    text = f"{day.inner} + System.Quantity {{value: {count.text}, unit: 'days'}}"
    return Term({"type": "Add", "operand": [day.elm, quantity]}, text, False)


def both(one: Term, other: Term) -> Term:
    """The members that two lists share."""
    return Term({"type": "Intersect", "operand": [one.elm, other.elm]}, f"{one.inner} intersect {other.inner}", False)
