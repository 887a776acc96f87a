"""From the tree of a path to a DuckDB expression.

What a path gives is a collection: a list of JSON values, or a single SQL value whose null is the empty collection. Functions and operators that the
specification of SQL-on-FHIR asks of every runner are here, and a few more (see `_Paths.functions`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from linewise.errors import LinewiseError

from . import terms
from .fhirpath import Binary, Call, Constant, Index, Literal, Member, Negative, Node, This, show
from .terms import fresh, quoted

_TYPE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_MEMBER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SQL_TYPES = {"json": "JSON", "number": terms.NUMBER, "boolean": "BOOLEAN"}
_TEMPORAL = {"date", "dateTime", "instant", "time"}
_ALWAYS_TYPED = {"value", "effective", "onset", "abatement", "deceased", "multipleBirth", "performed"}
"""Members of resources whose names always end in their type (`valueQuantity`), in FHIR R4 and R5."""


class PathUse(LinewiseError):
    """A path that is well formed but asks for something that there is not. The message says what and what to do."""


@dataclass(frozen=True)
class Plain:
    """A short way to a value that is nearly always one: without lists. It holds where `when` is true; where `absent` is, there is no value."""

    absent: str
    when: str
    sql: str

    def or_else(self, short: Callable[[str], str], long: str) -> str:
        """`short` of the value where the short way holds, `long` elsewhere."""
        return f"CASE WHEN {self.absent} THEN NULL WHEN {self.when} THEN {short(self.sql)} ELSE {long} END"


@dataclass(frozen=True)
class Walk(Plain):
    """A short way through members: the JSON path from `start`. It holds unless there is nothing at its end, or a list: then one may be on the way."""

    start: str
    path: str


@dataclass(frozen=True)
class Value:
    """What a path gives, as SQL. `kind` is json, string, number, boolean, date or empty; `many` says that the SQL is a list.

    `single`: a list of one at most. `plain`: the same without lists, for a walk through members. `fhir`: its FHIR type, where the path names it. `root`: the resource itself; then `sql` is a condition on it, or "".
    """

    sql: str
    kind: str
    many: bool = False
    single: bool = False
    fhir: str = ""
    root: bool = False
    plain: Plain | None = None


EMPTY = Value("NULL", "empty")
ROOT = Value("", "json", root=True)


@dataclass(frozen=True)
class Scope:
    """What a path is asked of: `this`, and the number of its row in its `forEach`."""

    this: Value = ROOT
    row: str = "0"


class Paths:
    """Turns paths into SQL. `used` collects the members of the resource that they name: the columns that must be read.

    `kind` is the type of the resource, `constants` the constants of the view. `filling`: what stands where an error would stop the query, see `failing`.
    """

    def __init__(self, kind: str, constants: Mapping[str, Value], filling: str = "") -> None:
        self.kind, self.constants, self.filling = kind, constants, filling
        self.used: dict[str, None] = {}
        self.functions = {name.removeprefix("fn_"): getattr(self, name) for name in dir(self) if name.startswith("fn_")}

    def value(self, node: Node, scope: Scope) -> Value:
        """What the path gives. Raises PathUse."""
        match node:
            case Literal(kind, value):
                return _literal(kind, value)
            case Constant(name):
                return self._constant(name, scope)
            case This():
                return scope.this
            case Member(of, name):
                return self._member(of, name, scope)
            case Call(of, name, arguments):
                return self._call(of, name, arguments, scope)
            case Index(of, place):
                return self._index(self.value(of, scope), self.value(place, scope))
            case Negative(of):
                negated = self.one(self.value(of, scope), show(of))
                return Value(f"(-{terms.number(*negated)})", "number")
            case Binary(operator, left, right):
                return self._binary(operator, left, right, scope)

    def failing(self, said: str, kind: str) -> str:
        """An expression in the place of a value of this SQL type that stops the query, with a reason that names the resource; or the filling."""
        if self.filling == "nothing":
            return "NULL"
        if self.filling:
            samples = ("1", "1970-01-01", "00:00:01")
            return f"coalesce({', '.join(f'TRY_CAST({quoted(sample)} AS {kind})' for sample in samples)})"
        name = f"coalesce({self.column('id')}->>'$', 'without an id')"
        return (
            f"CASE WHEN CAST({quoted(MARK + said + f', in {self.kind}/')} || {name} || {quoted(MARK)} AS BOOLEAN) THEN NULL END"
        )

    # Single values

    def one(self, value: Value, what: str) -> tuple[str, str]:
        """A collection where one value is wanted, with its kind; several are an error when the query runs."""
        if value.root:
            raise PathUse(f"{what}: the whole resource is no value; name a member of it.")
        if not value.many:
            return value.sql, value.kind
        if value.single:
            return f"({value.sql})[1]", value.kind
        said = f"{what} has several values where one is wanted; say which with first() or where()"
        failing = self.failing(said, _SQL_TYPES.get(value.kind, "VARCHAR"))
        sql = terms.let({"l": value.sql}, lambda v: f"CASE WHEN len({v['l']}) > 1 THEN {failing} ELSE {v['l']}[1] END")
        return f"({value.plain.or_else(str, sql)})" if value.plain else sql, value.kind

    def truth(self, value: Value, what: str, strict: bool = False) -> str:
        """A collection as yes or no. As FHIRPath has it, one value that is no boolean is a yes, unless `strict`, when it is an error."""
        if value.root:
            return value.sql or "true"
        if value.kind == "empty":
            return "CAST(NULL AS BOOLEAN)"
        if value.kind not in ("json", "boolean") and strict:
            raise PathUse(f"{what} gives a {value.kind}, where yes or no is wanted; compare it with something or ask exists().")
        sql, kind = self.one(value, what)
        if kind == "boolean":
            return sql
        if kind != "json":
            return f"CASE WHEN ({sql}) IS NOT NULL THEN true END"
        said = f"{what} is not a boolean; compare it with something or ask exists()"
        other = self.failing(said, "BOOLEAN") if strict else "true"
        return terms.let(
            {"b": sql},
            lambda v: (
                f"CASE json_type({v['b']}) WHEN 'BOOLEAN' THEN ({v['b']}->>'$') = 'true' ELSE CASE WHEN {v['b']} IS NOT NULL THEN {other} END END"
            ),
        )

    def as_list(self, value: Value) -> str:
        """A collection as a list."""
        if value.many:
            return value.sql
        if value.root:
            raise PathUse("the whole resource cannot be used as a list here; name a member of it.")
        if value.kind == "empty":
            return "CAST([] AS JSON[])"
        item = fresh("n")
        return f"list_filter([{value.sql}], lambda {item}: {item} IS NOT NULL)"

    # Members

    def column(self, name: str) -> str:
        """The column of a member of the resource."""
        if name == "resourceType":  # every source has it, as a text
            return 'to_json("resourceType")'
        self.used[name] = None
        return f'"{name}"'

    def _member(self, of: Node | None, name: str, scope: Scope) -> Value:
        if not _MEMBER_NAME.fullmatch(name):
            raise PathUse(f"`{name}` is not the name of a member.")
        if of is None and name == self.kind and scope.this.root:
            return ROOT
        base = scope.this if of is None else self.value(of, scope)
        if base.root and name in _ALWAYS_TYPED:
            raise PathUse(f"`{name}` can be of several types; say which: {name}.ofType(…).")
        return self._step(base, name, show(of))

    def _step(self, base: Value, name: str, what: str) -> Value:
        if base.root:
            column = self.column(name)
            found = terms.listed(column)
            if base.sql:
                return Value(f"CASE WHEN {base.sql} THEN {found} ELSE [] END", "json", many=True)
            return Value(found, "json", many=True, plain=_walk(column, "$"))
        if base.kind == "empty":
            return EMPTY
        if base.kind != "json":
            raise PathUse(f"{what} gives a {base.kind}, which has no member `{name}`.")
        if not base.many:
            plain = _walk(base.sql, f'$."{name}"') if base.sql.isidentifier() else None
            return Value(terms.members(base.sql, name), "json", many=True, plain=plain)
        item = fresh("e")
        further = base.plain if isinstance(base.plain, Walk) else None
        plain = _walk(further.start, f'{further.path}."{name}"') if further else None
        sql = f"flatten(list_transform({base.sql}, lambda {item}: {terms.members(item, name)}))"
        return Value(sql, "json", many=True, plain=plain)

    def _index(self, of: Value, place: Value) -> Value:
        sql, kind = self.one(place, "the index")
        if kind not in ("number", "json"):
            raise PathUse("the index in [ ] is not a number.")
        at = f"CAST({terms.number(sql, kind)} AS BIGINT) + 1"
        if sql.isdigit():
            at = str(int(sql) + 1)
        return replace(of, sql=f"list_slice({self.as_list(of)}, {at}, {at})", many=True, single=True, root=False, plain=None)

    # Operators

    def _binary(self, operator: str, left: Node, right: Node, scope: Scope) -> Value:
        a, b = self.value(left, scope), self.value(right, scope)
        whats = show(left), show(right)
        if operator in ("and", "or", "xor", "implies"):
            x, y = self.truth(a, whats[0]), self.truth(b, whats[1])
            sql = {"xor": f"({x} <> {y})", "implies": f"(NOT {x} OR {y})"}.get(operator, f"({x} {operator.upper()} {y})")
            return Value(sql, "boolean")
        if operator in ("=", "!="):
            return Value(self._equal(operator, a, b), "boolean")
        if "empty" in (a.kind, b.kind) and operator != "&":
            return EMPTY
        x1, y1 = self.one(a, whats[0]), self.one(b, whats[1])
        if operator in ("<", "<=", ">", ">="):
            x1, y1 = (x1[0], _compared_as(a)), (y1[0], _compared_as(b))
            if "boolean" in (x1[1], y1[1]):
                raise PathUse(f"`{operator}` does not compare yes and no.")
            return Value(terms.compared(operator, x1, y1), "boolean")
        if operator == "&" or (operator == "+" and "string" in (x1[1], y1[1])):
            x, y = terms.text(*x1), terms.text(*y1)
            return Value(f"(coalesce({x}, '') || coalesce({y}, ''))" if operator == "&" else f"({x} || {y})", "string")
        if "boolean" in (x1[1], y1[1]) or "date" in (x1[1], y1[1]):
            raise PathUse(f"`{operator}` is for numbers.")
        return Value(_arithmetic(operator, terms.number(*x1), terms.number(*y1)), "number")

    def _equal(self, operator: str, a: Value, b: Value) -> str:
        """Collections are equal when they are as long and equal one by one; with an empty one it is not known."""
        if "empty" in (a.kind, b.kind):
            return "CAST(NULL AS BOOLEAN)"
        if a.root or b.root:
            raise PathUse(f"the whole resource cannot be compared with `{operator}`; name a member of it.")
        differ = "true" if operator == "!=" else "false"
        if not a.many and not b.many:
            return terms.compared(operator, (a.sql, _compared_as(a)), (b.sql, _compared_as(b)))
        if a.many and b.many:
            texts = [
                f"list_transform({sql}, lambda {name}: {terms.text(name, kind)})"
                for sql, kind, name in (("{a}", a.kind, fresh("t")), ("{b}", b.kind, fresh("t")))
            ]

            def both(v: dict[str, str]) -> str:
                one = terms.compared(operator, (f"{v['a']}[1]", _compared_as(a)), (f"{v['b']}[1]", _compared_as(b)))
                lists = f"{texts[0].format(**v)} {'<>' if operator == '!=' else '='} {texts[1].format(**v)}"
                return (
                    f"CASE WHEN len({v['a']}) = 0 OR len({v['b']}) = 0 THEN NULL WHEN len({v['a']}) <> len({v['b']}) THEN {differ} "
                    f"WHEN len({v['a']}) = 1 THEN {one} ELSE {lists} END"
                )

            return terms.let({"a": a.sql, "b": b.sql}, both)
        many, other = (a, b) if a.many else (b, a)

        def one_side(v: dict[str, str]) -> str:
            pair = [(f"{v['l']}[1]", _compared_as(many)), (other.sql, _compared_as(other))]
            first = terms.compared(operator, *(pair if a.many else pair[::-1]))
            rest = "" if many.single else f" WHEN len({v['l']}) > 1 THEN {differ}"
            return f"CASE WHEN ({other.sql}) IS NULL THEN NULL{rest} ELSE {first} END"

        listed = terms.let({"l": many.sql}, one_side)
        if many.plain is None:
            return listed

        def short(sql: str) -> str:
            pair = [(sql, _compared_as(many)), (other.sql, _compared_as(other))]
            return terms.compared(operator, *(pair if a.many else pair[::-1]))

        return many.plain.or_else(short, listed)

    # Constants and functions

    def _constant(self, name: str, scope: Scope) -> Value:
        if name == "rowIndex":
            return Value(f"CAST({scope.row} AS INTEGER)", "number", fhir="integer")
        if name in ("resource", "rootResource"):
            return ROOT
        if name not in self.constants:
            known = ", ".join(f"%{one}" for one in self.constants) or "none"
            raise PathUse(f"the constant %{name} is not defined; the view defines: {known}.")
        return self.constants[name]

    def _call(self, of: Node | None, name: str, arguments: tuple[Node, ...], scope: Scope) -> Value:
        function = self.functions.get(name)
        if function is None:
            raise PathUse(f"the function {name}() is not one that views can use; there are: {', '.join(sorted(self.functions))}.")
        if name == "ofType" or (name == "extension" and isinstance(of, Member)):
            found: Value = function(of, arguments, scope)
            return found
        base = scope.this if of is None else self.value(of, scope)
        found = function(base, arguments, scope)
        return found

    def _arguments(self, name: str, arguments: tuple[Node, ...], least: int, most: int) -> None:
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"{least} or {most}"
            raise PathUse(f"{name}() takes {wanted} argument{'s' if most != 1 else ''}, not {len(arguments)}.")

    def _text_argument(self, name: str, node: Node, scope: Scope) -> str:
        value = self.value(node, scope)
        if value.kind not in ("string", "json"):
            raise PathUse(f"{name}() takes a text.")
        return terms.text(*self.one(value, f"the argument of {name}()"))

    def fn_where(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:
        self._arguments("where", arguments, 1, 1)
        if base.kind == "empty":
            return EMPTY
        if base.root:
            met = f"coalesce({self.truth(self.value(arguments[0], scope), 'the criterion of where()')}, false)"
            return replace(base, sql=f"({base.sql} AND {met})" if base.sql else f"({met})")
        item = fresh("w")
        inner = Scope(Value(item, base.kind, fhir=base.fhir), scope.row)
        met = self.truth(self.value(arguments[0], inner), "the criterion of where()")
        return replace(base, sql=f"list_filter({self.as_list(base)}, lambda {item}: {met})", many=True, plain=None)

    def fn_exists(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:
        self._arguments("exists", arguments, 0, 1)
        found = self.fn_where(base, arguments, scope) if arguments else base
        if found.root:
            return Value(found.sql or "true", "boolean")
        return Value(f"(len({found.sql}) > 0)" if found.many else f"(({found.sql}) IS NOT NULL)", "boolean")

    def fn_empty(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:
        self._arguments("empty", arguments, 0, 0)
        return Value(f"(NOT {self.fn_exists(base, (), scope).sql})", "boolean")

    def fn_not(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:
        self._arguments("not", arguments, 0, 0)
        return Value(f"(NOT {self.truth(base, 'what stands before not()')})", "boolean")

    def fn_all(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:
        self._arguments("all", arguments, 1, 1)
        item = fresh("w")
        inner = Scope(Value(item, base.kind), scope.row)
        met = self.truth(self.value(arguments[0], inner), "the criterion of all()")
        return Value(f"(len(list_filter({self.as_list(base)}, lambda {item}: NOT coalesce({met}, false))) = 0)", "boolean")

    def fn_count(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:
        self._arguments("count", arguments, 0, 0)
        return Value(f"CAST(len({self.as_list(base)}) AS INTEGER)", "number", fhir="integer")

    def fn_first(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:
        self._arguments("first", arguments, 0, 0)
        if not base.many:
            return base
        plain = _walk(base.plain.start, f"{base.plain.path}[0]") if isinstance(base.plain, Walk) else base.plain
        return replace(base, sql=f"list_slice({base.sql}, 1, 1)", single=True, plain=plain)

    def fn_last(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:
        self._arguments("last", arguments, 0, 0)
        return replace(base, sql=f"list_slice({base.sql}, -1, -1)", single=True) if base.many else base

    def fn_select(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:
        self._arguments("select", arguments, 1, 1)
        if base.root or base.kind == "empty":
            raise PathUse("select() is for the values of a member.")
        item = fresh("s")
        found = self.value(arguments[0], Scope(Value(item, base.kind), scope.row))
        return Value(
            f"flatten(list_transform({self.as_list(base)}, lambda {item}: {self.as_list(found)}))",
            found.kind,
            True,
            False,
            found.fhir,
        )

    def fn_join(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:
        self._arguments("join", arguments, 0, 1)
        between = self._text_argument("join", arguments[0], scope) if arguments else "''"
        item = fresh("j")
        texts = f"list_transform({self.as_list(base)}, lambda {item}: {terms.text(item, base.kind)})"
        return Value(f"coalesce(array_to_string({texts}, {between}), '')", "string")

    def fn_ofType(self, of: Node | None, arguments: tuple[Node, ...], scope: Scope) -> Value:  # noqa: N802
        self._arguments("ofType", arguments, 1, 1)
        kind = _type_name("ofType", arguments[0])
        if not isinstance(of, Member):
            raise PathUse("ofType() stands right after the name of a member: value.ofType(Quantity).")
        if of.name in ("resource", "contained"):
            item = fresh("r")
            found = self.value(of, scope)
            return replace(
                found, sql=f"list_filter({found.sql}, lambda {item}: ({item}->>'$.resourceType') = {quoted(kind)})", fhir=kind
            )
        return replace(self._member(of.of, of.name + kind[0].upper() + kind[1:], scope), fhir=kind)

    def fn_extension(self, of: Node | Value | None, arguments: tuple[Node, ...], scope: Scope) -> Value:
        self._arguments("extension", arguments, 1, 1)
        address = self._text_argument("extension", arguments[0], scope)
        if isinstance(of, Member):  # extensions of a primitive stand in a member beside it
            beside = Member(of.of, f"_{of.name}")
            known = of.of is None and of.name == self.kind
            bases = [self.value(of, scope)] if known else [self.value(one, scope) for one in (of, beside)]
        else:
            bases = [of] if isinstance(of, Value) else [scope.this]
        lists = [self._step(base, "extension", "what stands before extension()").sql for base in bases if base.kind != "empty"]
        if not lists:
            return EMPTY
        item, both = fresh("x"), lists[0] if len(lists) == 1 else f"list_concat({', '.join(lists)})"
        return Value(f"list_filter({both}, lambda {item}: ({item}->>'$.url') = {address})", "json", many=True)

    def fn_getResourceKey(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:  # noqa: N802
        self._arguments("getResourceKey", arguments, 0, 0)
        if not base.root:
            raise PathUse("getResourceKey() is asked of the resource itself, not of a part of it.")
        key = f"({self.column('id')}->>'$')"
        return Value(f"CASE WHEN {base.sql} THEN {key} END" if base.sql else key, "string", fhir="string")

    def fn_getReferenceKey(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:  # noqa: N802
        self._arguments("getReferenceKey", arguments, 0, 1)
        if base.root or base.kind not in ("json", "empty"):
            raise PathUse("getReferenceKey() is asked of a reference: subject.getReferenceKey(Patient).")
        kind = _type_name("getReferenceKey", arguments[0]) if arguments else ""
        item, key = fresh("r"), fresh("k")
        keys = f"list_transform({self.as_list(base)}, lambda {item}: {terms.reference_key(item, kind)})"
        return Value(
            f"list_filter({keys}, lambda {key}: {key} IS NOT NULL)", "string", many=True, single=base.single, fhir="string"
        )

    def fn_lowBoundary(self, base: Value, arguments: tuple[Node, ...], scope: Scope, high: bool = False) -> Value:  # noqa: N802
        self._arguments("highBoundary" if high else "lowBoundary", arguments, 0, 0)
        if base.kind == "empty":
            return EMPTY
        sql, kind = self.one(base, "what stands before the boundary")
        return Value(terms.boundary(sql, kind, base.fhir, high), "string", fhir=base.fhir)

    def fn_highBoundary(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:  # noqa: N802
        return self.fn_lowBoundary(base, arguments, scope, high=True)

    def fn_startsWith(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:  # noqa: N802
        return self._about_text("startsWith", "starts_with", base, arguments, scope)

    def fn_endsWith(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:  # noqa: N802
        return self._about_text("endsWith", "ends_with", base, arguments, scope)

    def fn_contains(self, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:
        return self._about_text("contains", "contains", base, arguments, scope)

    def _about_text(self, name: str, function: str, base: Value, arguments: tuple[Node, ...], scope: Scope) -> Value:
        self._arguments(name, arguments, 1, 1)
        text = terms.text(*self.one(base, f"what stands before {name}()"))
        return Value(f"{function}({text}, {self._text_argument(name, arguments[0], scope)})", "boolean")


MARK = "\N{NO-BREAK SPACE}!\N{NO-BREAK SPACE}"
"""What stands before and after a reason of ours in the error of a query."""


def _walk(start: str, path: str) -> Walk:
    kind = f"json_type({start}, {quoted(path)})"
    return Walk(f"{start} IS NULL", f"coalesce({kind}, 'ARRAY') NOT IN ('ARRAY', 'NULL')", terms.at(start, path), start, path)


def _compared_as(value: Value) -> str:
    """The kind of a value in a comparison: of JSON the path may say that it is a day or time."""
    return "moment" if value.kind == "json" and value.fhir in _TEMPORAL else value.kind


def _literal(kind: str, value: str) -> Value:
    match kind:
        case "empty":
            return EMPTY
        case "number":
            integer = "." not in value
            return Value(
                value if integer else f"CAST('{value}' AS {terms.NUMBER})", "number", fhir="integer" if integer else "decimal"
            )
        case "boolean":
            return Value(value, "boolean", fhir="boolean")
        case "date" | "time":
            return Value(quoted(value), "date", fhir="time" if kind == "time" else "dateTime" if "T" in value else "date")
    return Value(quoted(value), "string", fhir="string")


def _type_name(function: str, node: Node) -> str:
    """The name of a type, given as `Patient`, `FHIR.Patient` or 'Patient'."""
    match node:
        case Member(None, name) | Member(Member(None, "FHIR" | "System"), name) | Literal("string", name):
            if _TYPE_NAME.fullmatch(name):
                return name
    raise PathUse(f"{function}() takes the name of a type, as Patient or Quantity.")


def _arithmetic(operator: str, x: str, y: str) -> str:
    """Division by zero gives nothing; a product too large for the type neither."""
    match operator:
        case "*":
            return f"TRY_CAST(CAST({x} AS DOUBLE) * CAST({y} AS DOUBLE) AS {terms.NUMBER})"
        case "/":
            return f"TRY_CAST(CAST({x} AS DOUBLE) / nullif(CAST({y} AS DOUBLE), 0) AS {terms.NUMBER})"
        case "div":
            return f"TRY_CAST(trunc(CAST({x} AS DOUBLE) / nullif(CAST({y} AS DOUBLE), 0)) AS {terms.NUMBER})"
        case "mod":
            return f"({x} % nullif({y}, 0))"
    return f"({x} {operator} {y})"
