"""From the text of a criterion to its tree. The grammar is in docs/criteria.md.

The reader goes over the text once and looks words up as it needs them, because what a run of characters is
depends on where it stands: `2+` is a value behind `is`, `50%` a number and its unit behind `>=`.
"""

from __future__ import annotations

import re
from typing import NoReturn, cast

from .nodes import (
    And,
    Ask,
    AtLeast,
    Combination,
    Compare,
    Constant,
    Course,
    DaysOf,
    GradeOf,
    Had,
    Includes,
    Is,
    Known,
    LinesOf,
    Mode,
    MonthsOn,
    MonthsSince,
    MonthsToRelapse,
    Node,
    Not,
    NumberQuestion,
    Operator,
    Or,
    ProgressedOn,
    ReactedTo,
    Receiving,
    Setting,
    Taking,
    Treatment,
    Unit,
    Within,
    walk,
)
from .where import CriterionError, Where, did_you_mean, snippet

_SPACE = re.compile(r"(?:\s|#[^\n]*)*")
_WORD = re.compile(r"(?:[^\W_]|\*)(?:[^\W_]|[-:+/*.])*")
_WORD_OR_COMMENT = re.compile(rf"#[^\n]*|{_WORD.pattern}")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_UNIT = re.compile(r"[^\s(),#<>=]+")
_ANYTHING = re.compile(r"\S")
_OPERATOR = re.compile(r"<=|>=|<|>|=")

_CONNECTING = ("and", "or", "not", "is", "include", "within", "known", "with", "without")
_LEADING = ("yes", "no", "had", "receiving", "taking", "any", "all", "none", "at")
_RESERVED = frozenset((*_CONNECTING, *_LEADING))
_SETTINGS: tuple[tuple[tuple[str, ...], Setting], ...] = (
    (("as", "adjuvant"), "adjuvant"),
    (("for", "metastatic", "disease"), "metastatic"),
    (("in", "first", "line"), "first"),
    (("in", "last", "line"), "last"),
)
_UNITS: dict[str, Unit] = {
    "day": "days",
    "days": "days",
    "month": "months",
    "months": "months",
    "year": "years",
    "years": "years",
}
_JOINERS = ("and", "or", "within", "is", "include")


def parse(text: str, where: Where | None = None) -> Node:
    """Read a criterion. Raises CriterionError, which names line, column and, where it can, what was meant."""
    return _Reader(text, where or Where()).whole()


def offsets(text: str) -> list[int]:
    """Where each node of the criterion begins in its text, in the order of `walk`."""
    reader = _Reader(text, Where())
    return [reader.starts[id(node)] for node in walk(reader.whole())]


def offset_of(text: str, name: str, start: int) -> int:
    """Where a name first stands in the text from `start` on; `start` where it does not."""
    for match in _WORD_OR_COMMENT.finditer(text, start):
        if match.group() == name:
            return match.start()
    return start


class _Reader:
    def __init__(self, text: str, where: Where) -> None:
        self.text, self.where = text, where
        self.pos = 0
        self.starts: dict[int, int] = {}
        self._skip()

    # Words

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.pos)
        self.pos = match.end() if match else self.pos

    def _word(self) -> str:
        """The word here, or nothing."""
        match = _WORD.match(self.text, self.pos)
        return match.group() if match else ""

    def _take(self, *words: str) -> bool:
        """Go past these words if they come next."""
        start = self.pos
        for word in words:
            if self._word() != word:
                self.pos = start
                return False
            self.pos += len(word)
            self._skip()
        return True

    def _symbol(self, symbol: str) -> bool:
        if not self.text.startswith(symbol, self.pos):
            return False
        self.pos += len(symbol)
        self._skip()
        return True

    def _expect(self, symbol: str, why: str) -> None:
        if not self._symbol(symbol):
            self._fail(f"expected `{symbol}` {why}, found {self._found()}")

    def _found(self) -> str:
        match = _WORD.match(self.text, self.pos) or _ANYTHING.match(self.text, self.pos)
        return f"`{match.group()}`" if match else "the end"

    def _fail(self, message: str, hint: str = "", at: int | None = None) -> NoReturn:
        offset = min(self.pos if at is None else at, len(self.text))
        line, column = self.where.at(self.text, offset)
        raise CriterionError(
            message,
            file=self.where.file,
            line=line,
            column=column,
            snippet=snippet(self.text, offset),
            hint=hint,
        )

    def _name(self, what: str, reserved: frozenset[str] = _RESERVED) -> str:
        word = self._word()
        if not word:
            self._fail(f"expected {what}, found {self._found()}")
        if word in reserved:
            self._fail(f"expected {what}, but `{word}` is a word of the language")
        self.pos += len(word)
        self._skip()
        return word

    def _whole_number(self, what: str) -> int:
        word = self._word()
        if not (word.isascii() and word.isdigit()):
            self._fail(f"expected {what}, a whole number, found {self._found()}")
        self.pos += len(word)
        self._skip()
        return int(word)

    def _mark(self, node: Node, start: int) -> Node:
        self.starts[id(node)] = start
        return node

    # Criteria

    def whole(self) -> Node:
        if self.pos >= len(self.text):
            self._fail("the criterion is empty", "`yes` is the criterion that always holds")
        node = self._criterion()
        if self.pos < len(self.text):
            word = self._word()
            hint = did_you_mean(word, _JOINERS) if word else ""
            self._fail(f"expected `and`, `or` or the end, found {self._found()}", hint)
        return node

    def _criterion(self) -> Node:
        start = self.pos
        items = [self._term()]
        joiner = ""
        while self._word() in ("and", "or"):
            word = self._word()
            if joiner and word != joiner:
                self._fail(
                    "`and` and `or` are mixed, which people read in two ways",
                    "put brackets around the part that belongs together, or use `any of ( … )`",
                )
            joiner = word
            self._take(word)
            items.append(self._term())
        if not joiner:
            return items[0]
        return self._mark(And(tuple(items)) if joiner == "and" else Or(tuple(items)), start)

    def _term(self) -> Node:
        start = self.pos
        if self._take("not"):
            return self._mark(Not(self._term()), start)
        if self._symbol("("):
            node = self._criterion()
            self._expect(")", "to close the bracket")
            return node
        if self._take("any", "of"):
            return self._either(start)
        if self._take("all", "of"):
            items = self._group()
            return items[0] if len(items) == 1 else self._mark(And(items), start)
        if self._take("none", "of"):
            return self._mark(Not(self._either(start)), start)
        if self._take("at", "least"):
            return self._mark(self._count(), start)
        for word, value in (("yes", True), ("no", False)):
            if self._take(word):
                return self._mark(Constant(value), start)
        return self._mark(self._question() or self._comparison(), start)

    def _either(self, start: int) -> Node:
        items = self._group()
        return items[0] if len(items) == 1 else self._mark(Or(items), start)

    def _count(self) -> Node:
        at = self.pos
        n = self._whole_number("how many")
        if not self._take("of"):
            self._fail(f"expected `of` after `at least {n}`, found {self._found()}")
        items = self._group()
        if not 1 <= n <= len(items):
            self._fail(f"at least {n} of {len(items)} cannot be counted", at=at)
        return AtLeast(n, items)

    def _group(self) -> tuple[Node, ...]:
        self._expect("(", "before the list")
        items = [self._criterion()]
        while self._symbol(","):
            items.append(self._criterion())
        self._expect(")", "or `,` in the list")
        return tuple(items)

    # Facts

    def _comparison(self) -> Node:
        start = self.pos
        fact = self._name("a fact or a question")
        if self._take("is"):
            return self._is(fact, start)
        if self._take("include"):
            return self._include(fact)
        if _OPERATOR.match(self.text, self.pos):
            op, number = self._limit()
            return Compare(fact, op, number, self._unit(), self._within())
        return Is(fact, ("yes",), self._within())

    def _is(self, fact: str, start: int) -> Node:
        negated = self._take("not")
        node: Node
        if self._take("known"):
            node = Known(fact, self._within())
        elif self._take("one", "of"):
            node = Is(fact, self._values(), self._within())
        elif self._word() == "unknown":
            self._fail("nothing can be `unknown` by value", "say `is not known`")
        elif self.text.startswith("(", self.pos):
            self._fail("a list of values needs `one of`", "say `is one of ( … )`")
        else:
            node = Is(fact, (self._value(),), self._within())
        return Not(self._mark(node, start)) if negated else node

    def _include(self, fact: str) -> Node:
        mode: Mode = "any"
        listed = True
        if self._take("any", "of"):
            pass
        elif self._take("all", "of"):
            mode = "all"
        elif self._take("only"):
            mode, listed = "only", self.text.startswith("(", self.pos)
        else:
            listed = False
        if not listed and self.text.startswith("(", self.pos):
            self._fail("a list needs `any of`, `all of` or `only` after `include`")
        values = self._values() if listed else (self._value(),)
        return Includes(fact, values, "any" if mode == "all" and len(values) == 1 else mode, self._within())

    def _value(self) -> str:
        return self._name("a value", frozenset(("and", "or", "not", "known", "within")))

    def _values(self) -> tuple[str, ...]:
        self._expect("(", "before the values")
        values = [self._value()]
        while self._symbol(","):
            values.append(self._value())
        self._expect(")", "or `,` in the list of values")
        return tuple(values)

    def _limit(self) -> tuple[Operator, float]:
        operator = _OPERATOR.match(self.text, self.pos)
        if operator is None:
            self._fail(f"expected a comparison such as `>= 6`, found {self._found()}")
        self.pos = operator.end()
        self._skip()
        number = _NUMBER.match(self.text, self.pos)
        if number is None:
            self._fail(f"expected a number, found {self._found()}")
        self.pos = number.end()
        self._skip()
        return cast(Operator, operator.group()), float(number.group())

    def _unit(self) -> str | None:
        if self._word() in ("and", "or", "within"):
            return None
        match = _UNIT.match(self.text, self.pos)
        if match is None:
            return None
        self.pos = match.end()
        self._skip()
        return match.group()

    def _within(self) -> Within | None:
        if not self._take("within"):
            return None
        count = self._whole_number("a length of time")
        word = self._word()
        if word not in _UNITS:
            self._fail(f"expected `days`, `months` or `years`, found {self._found()}", did_you_mean(word, _UNITS))
        self._take(word)
        return Within(count, _UNITS[word])

    # Questions

    def _question(self) -> Node | None:
        node: Node
        if self._take("had"):
            node = Ask(Had(self._treatment(), self._setting()))
        elif self._take("progressed", "on"):
            node = Ask(ProgressedOn(self._treatment(), self._setting()))
        elif self._take("receiving"):
            node = Ask(Receiving(self._treatment()))
        elif self._take("taking"):
            node = Ask(Taking(self._treatment()))
        elif self._take("reacted", "to"):
            node = Ask(self._reaction())
        else:
            question = self._number_question()
            if question is None:
                return None
            op, number = self._limit()
            unit_at = self.pos
            if self._unit() is not None:
                self._fail("the words already say the unit; write the number alone", at=unit_at)
            node = Compare(question, op, number)
        if self._word() == "within":
            self._fail("`within` is for facts", "for treatments say `months since … <= 6`")
        if _OPERATOR.match(self.text, self.pos):
            self._fail("this question has a yes or a no, not a number")
        return node

    def _number_question(self) -> NumberQuestion | None:
        if self._take("months", "on"):
            return MonthsOn(self._treatment(), self._setting())
        if self._take("months", "since"):
            return MonthsSince(self._treatment(), self._setting())
        if self._take("lines", "of"):
            return LinesOf(self._treatment(), self._setting())
        if self._take("grade", "of"):
            return GradeOf(self._name("a symptom"))
        if self._take("days", "of"):
            return DaysOf(self._name("a symptom"))
        if self._take("months", "from"):
            treatment = self._treatment()
            if not self._take("to", "relapse"):
                self._fail(f"expected `to relapse`, found {self._found()}")
            return MonthsToRelapse(treatment)
        return None

    def _reaction(self) -> ReactedTo:
        # Behind a reaction, `with` names the effect; a combination therefore stands in brackets.
        bracket = self.text.startswith("(", self.pos)
        treatment = self._treatment() if bracket else Treatment((self._one(alone=True),))
        if self._word() == "without":
            self._fail("a combination that was reacted to stands in brackets", "say `reacted to (a without b)`")
        effect = self._name("an effect") if self._take("with") else None
        grade = self._whole_number("a grade") if self._take("at", "grade") else None
        course: Course | None = "ongoing" if self._take("ongoing") else "settled" if self._take("settled") else None
        return ReactedTo(treatment, effect, grade, course)

    def _treatment(self) -> Treatment:
        if not self._symbol("("):
            return Treatment((self._one(),))
        alternatives = [self._one()]
        while self._take("or"):
            alternatives.append(self._one())
        self._expect(")", "or `or` in the group of treatments")
        return Treatment(tuple(alternatives))

    def _one(self, alone: bool = False) -> Combination:
        has: list[str] = [] if self._take("any", "treatment") else [self._name("a drug or class")]
        without: list[str] = []
        while not alone and self._word() in ("with", "without"):
            joined = has if self._word() == "with" else without
            self._take(self._word())
            joined.append(self._name("a drug or class"))
        return Combination(tuple(has), tuple(without))

    def _setting(self) -> Setting:
        for words, setting in _SETTINGS:
            if self._take(*words):
                return setting
        if self._word() in ("as", "for", "in"):
            known = ", ".join(f"`{' '.join(words)}`" for words, _ in _SETTINGS)
            self._fail(f"not a setting: {self._found()}", f"the settings are {known}")
        return "any"
