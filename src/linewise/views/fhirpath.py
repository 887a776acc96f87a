"""The paths of a view: the subset of FHIRPath that SQL-on-FHIR v2 asks for, parsed into a tree.

Grammar and precedence are those of FHIRPath (http://hl7.org/fhirpath/#grammar). Which functions exist is `sql`'s to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from linewise.errors import LinewiseError


class PathError(LinewiseError):
    """A path that cannot be read. `at` is the place in it, counted from 1."""

    def __init__(self, path: str, at: int, what: str) -> None:
        self.path, self.at, self.what = path, at, what
        super().__init__(f"`{path}`, character {at}: {what}")


@dataclass(frozen=True)
class Literal:
    """A value that stands in the path. `kind` is string, number, boolean, date, time or empty."""

    kind: str
    value: str


@dataclass(frozen=True)
class Constant:
    """`%name`: a constant of the view, or `%rowIndex`."""

    name: str


@dataclass(frozen=True)
class This:
    """`$this`: what the path is asked of."""


@dataclass(frozen=True)
class Member:
    """`of.name`; `of` is None at the start of a path."""

    of: Node | None
    name: str


@dataclass(frozen=True)
class Call:
    """`of.name(arguments)`; `of` is None at the start of a path."""

    of: Node | None
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Index:
    """`of[place]`, counted from 0."""

    of: Node
    place: Node


@dataclass(frozen=True)
class Negative:
    """`-of`."""

    of: Node


@dataclass(frozen=True)
class Binary:
    """`left operator right`."""

    operator: str
    left: Node
    right: Node


Node = Literal | Constant | This | Member | Call | Index | Negative | Binary

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<time>@T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)
    |(?P<date>@\d{4}(?:-\d\d(?:-\d\d)?)?(?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<string>'(?:[^'\\]|\\.)*')
    |(?P<constant>%(?:[A-Za-z_][A-Za-z0-9_]*|`[^`]+`|'[^']+'))
    |(?P<this>\$this\b)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*|`(?:[^`\\]|\\.)+`)
    |(?P<sign><=|>=|!=|!~|[-+*/&|=~<>.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"implies"}),
    frozenset({"or", "xor"}),
    frozenset({"and"}),
    frozenset({"=", "!="}),
    frozenset({"<", "<=", ">", ">="}),
    frozenset({"+", "-", "&"}),
    frozenset({"*", "/", "div", "mod"}),
)
"""The operators, the loosest first."""
_WORDS = frozenset({"implies", "or", "xor", "and", "div", "mod"})
_KNOWN_NOT_HERE = frozenset({"~", "!~", "|", "in", "contains", "is", "as"})
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
_DEEPEST = 100


@lru_cache(1024)  # views of one family share most of their paths
def parse(path: str) -> Node:
    """The tree of a path. Raises PathError with the place that is not understood."""
    return _Parser(path).whole()


def show(node: Node | None) -> str:
    """The dotted beginning of a path in words for an error: `name.family`."""
    if isinstance(node, Member):
        return f"{show(node.of)}.{node.name}" if node.of else node.name
    if isinstance(node, Call):
        return f"{show(node.of)}.{node.name}()" if node.of else f"{node.name}()"
    return "$this" if node is None or isinstance(node, This) else "(…)"


class _Parser:
    """Recursive descent over the tokens of one path."""

    def __init__(self, path: str) -> None:
        self.path, self.depth = path, 0
        self.tokens: list[tuple[str, str, int]] = []
        at = 0
        while at < len(path):
            found = _TOKEN.match(path, at)
            if found is None:
                raise PathError(path, at + 1, f"`{path[at]}` is not understood here.")
            if found.lastgroup != "space":
                self.tokens.append((found.lastgroup or "", found[0], at + 1))
            at = found.end()
        self.tokens.append(("end", "", len(path) + 1))
        self.next = 0

    def whole(self) -> Node:
        node = self._binary(0)
        if self.tokens[self.next][0] != "end":
            self._fail()
        return node

    def _fail(self, wanted: str = "") -> None:
        kind, text, at = self.tokens[self.next]
        if text in _KNOWN_NOT_HERE:
            raise PathError(self.path, at, f"the operator `{text}` is not part of what views can use.")
        what = "the path ends too early" if kind == "end" else f"`{text}` is not understood here"
        raise PathError(self.path, at, what + (f"; {wanted} is missing." if wanted else "."))

    def _take(self, sign: str) -> bool:
        kind, text, _ = self.tokens[self.next]
        if kind in ("sign", "name") and text == sign:
            self.next += 1
            return True
        return False

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            self._fail(f"`{sign}`")

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self.tokens[self.next][1] in _LEVELS[level] and self.tokens[self.next][0] in ("sign", "name"):
            operator = self.tokens[self.next][1]
            self.next += 1
            left = Binary(operator, left, self._binary(level + 1))
        return left

    def _unary(self) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise PathError(self.path, self.tokens[self.next][2], f"the path is nested more than {_DEEPEST} deep.")
        if self._take("-"):
            node: Node = Negative(self._unary())
        else:
            self._take("+")
            node = self._after(self._term())
        self.depth -= 1
        return node

    def _after(self, node: Node) -> Node:
        """What follows a term: members, functions, indexes."""
        while True:
            if self._take("."):
                node = self._invocation(node)
            elif self._take("["):
                node = Index(node, self._binary(0))
                self._need("]")
            else:
                return node

    def _term(self) -> Node:
        kind, text, _ = self.tokens[self.next]
        self.next += 1
        if kind == "string":
            return Literal("string", _unescaped(text[1:-1]))
        if kind == "number":
            return Literal("number", text)
        if kind == "date":
            return Literal("date", text[1:].removesuffix("T"))
        if kind == "time":
            return Literal("time", text[2:])
        if kind == "constant":
            return Constant(text[1:].strip("`'"))
        if kind == "this":
            return This()
        if kind == "name" and text in ("true", "false"):
            return Literal("boolean", text)
        if text == "(" and kind == "sign":
            node = self._binary(0)
            self._need(")")
            return node
        if text == "{" and kind == "sign":
            self._need("}")
            return Literal("empty", "")
        self.next -= 1
        return self._invocation(None)

    def _invocation(self, of: Node | None) -> Node:
        kind, text, _ = self.tokens[self.next]
        if kind != "name" or (of is None and text in _WORDS):
            if kind == "this" and of is not None:
                self._fail("the name of a member")
            self._fail("the name of a member or a function")
        self.next += 1
        name = _unescaped(text[1:-1]) if text.startswith("`") else text
        if not self._take("("):
            return Member(of, name)
        arguments: list[Node] = []
        if not self._take(")"):
            arguments.append(self._binary(0))
            while self._take(","):
                arguments.append(self._binary(0))
            self._need(")")
        return Call(of, name, tuple(arguments))


def _unescaped(text: str) -> str:
    return re.sub(
        r"\\(u[0-9a-fA-F]{4}|.)",
        lambda found: chr(int(found[1][1:], 16)) if len(found[1]) == 5 else _ESCAPES.get(found[1], found[1]),
        text,
        flags=re.DOTALL,
    )
