"""One measurement as a claim: in the fact's own unit, within what is possible, with its day and how much it counts."""

from __future__ import annotations

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import Claim, Context
from linewise.phrases.dates import Day
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import folded

from .lab_units import LabUnits

OLD = -12
"""The strength of a value that its own words call an earlier one: it counts only where there is no other."""
ALIASES = {"calcium-corrected": "calcium"}


class LabClaims:
    """Makes the claims of one paper's measurements."""

    def __init__(self, paper: Paper) -> None:
        self.listed = paper.words.listed
        self.paper = paper
        self.units = LabUnits(paper.words)
        self.codes = paper.words.knowledge.facts
        self.fasted = any(self._says_fasted(statement) for statement in paper.statements)

    def _says_fasted(self, statement: Statement) -> bool:
        """`Fasting: Yes` over a whole sheet."""
        return any(
            match.id("labword") == "fasting"
            and any(one.norm in self.listed("labs.said-yes") for one in statement.tokens[match.last : match.last + 2])
            for match in statement.matches
        )

    def fact(self, name: str) -> str:
        return "fasting-glucose" if name == "glucose" and self.fasted else ALIASES.get(name, name)

    def claim(
        self,
        statement: Statement,
        context: Context,
        match: Match,
        fact: str,
        value: float,
        unit: str,
        limit: float | None,
        multiple: bool,
        at: int,
        end: int,
        day: Day | None = None,
    ) -> Claim | None:
        start, stop = statement.tokens[match.first].start, statement.tokens[min(end, len(statement.tokens)) - 1].end
        amount, why = self._amount(fact, value, unit, limit, multiple)
        if amount is None:
            return Claim(
                fact, value, start, stop, False, why, None, None, unit or None, 0, statement.number, statement.section, {"raw": True}
            )  # fmt: skip
        low, high = self.units.facts[fact]["plausible"]
        sure = low <= amount <= high
        if not sure:
            why = "outside what is possible"
        relative = context.family(match.first)
        if relative:
            sure, why = False, f"of the family: “{relative}”"
        if any(one.has("labword") and one.id("labword") == "haemolysed" for one in statement.matches):
            sure, why = False, "the sample could not be used"
        if fact == "fasting-glucose" and any(one.id("labword") == "random" for one in statement.matches):
            return None
        strength = self.strength(statement, context, match, at)
        if fact != "lvef" and self._earlier(statement, context, match):
            sure, why = False, "an earlier value"
        found = day or self.day(statement, match.first)
        digits = 2 if self.units.facts[fact].get("relative") or fact == "calcium" else 3
        return Claim(
            fact,
            round(amount, digits),
            start,
            stop,
            sure,
            why,
            found,
            None,
            self.codes[fact].unit,
            strength,
            statement.number,
            statement.section,
        )

    def _amount(self, fact: str, value: float, unit: str, limit: float | None, multiple: bool) -> tuple[float | None, str]:
        """A value in the unit of its fact, and what to say of it; None where its unit or its limit is not known."""
        if not self.units.facts[fact].get("relative"):
            amount = self.units.converted(fact, value, unit)
            return amount, "" if amount is not None else f"the unit “{unit}” is not known here"
        if multiple:
            return value, ""
        if limit:
            return value / limit, f"{value:g} with an upper limit of {limit:g}"
        return None, "no upper limit is printed"

    def _earlier(self, statement: Statement, context: Context, match: Match) -> bool:
        """`previous HbA1c 7.9`, `Hb-Nadir 7,9`: the words beside the name say that it is not the value of now."""
        near = (one for one in statement.matches if -1 <= match.first - one.last <= 1 or one.first - match.last in (0, 1))
        return any(folded(context.words(one.first, one.last)) in self.listed("labs.superseded") for one in near)

    def strength(self, statement: Statement, context: Context, match: Match, at: int) -> int:
        strength, old = 3 if statement.section == "labs" else 0, False
        for _, one, token in context.back(match.first, 10):
            near = one is not None and match.first - one.last <= 2
            if one is not None and (one.has("historic") or (one.id("labword") == "previous" and near) or one.has("copied")):
                old = True
                break
            if token.text in ".;":
                break
        for one in statement.matches:
            if (
                match.last <= one.first < at
                and (one.has("historic") or one.id("labword") == "previous")
                and folded(context.words(one.first, one.last)) not in self.listed("labs.no-history")
            ):
                old = True
        heading = folded(statement.heading)
        if any(word in heading for word in self.listed("labs.before-headings")):
            strength -= 12
        if any(word in heading for word in self.listed("labs.now-headings")):
            strength += 4
        if any(one.has("copied") for one in statement.matches):
            strength -= 12
        if any(match.has("plan") for match in statement.matches) and statement.section == "plan":
            strength -= 8
        return min(strength, OLD) if old else strength

    def day(self, statement: Statement, first: int) -> Day | None:
        before = [token.day for token in statement.tokens[:first] if token.day is not None]
        if before:
            return before[-1]
        after = [token.day for token in statement.tokens[first : first + 14] if token.day is not None]
        if after:
            return after[0]
        if statement.head != (0, 0):
            inside = [day for day in self.paper.days if statement.head[0] <= day.start < statement.head[1]]
            if inside:
                return inside[-1]
        return None
