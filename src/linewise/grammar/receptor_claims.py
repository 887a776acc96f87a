"""A receptor's result as claims: its status by the limits of the scales, of which specimen, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import BACKGROUND, Claim, Context, Specimens
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import folded

from .receptor_values import Value


class ReceptorClaims:
    """Makes the claims of one paper's receptors."""

    def __init__(self, paper: Paper, specimens: Specimens) -> None:
        self.listed, self.beginnings = paper.words.listed, paper.words.beginnings
        self.specimens = specimens
        self.scales: dict[str, Any] = dict(paper.words.of("scales"))

    def of(self, statement: Statement, context: Context, match: Match, name: str, value: Value) -> Iterator[Claim]:
        first, last = match.first, max(match.last, value.last if value.last > 0 else match.last)
        if value.first >= 0:
            first = min(first, value.first)
        if name in ("triple", "hr") or not name:
            yield from self.combined(statement, context, match, name, value)
            return
        if value.no_result and value.empty:
            return
        if name == "ar":
            return
        sure, why = self._holds(statement, context, match, value)
        about, day = self.specimens.of(statement, match.first)
        start, end = statement.tokens[first].start, statement.tokens[min(last, len(statement.tokens)) - 1].end
        strength = self._strength(statement)

        def claim(fact: str, what: Any, note: str = "", unit: str | None = None, lift: int = 0) -> Claim:
            return Claim(
                fact, what, start, end, sure, why or note, day, about, unit, strength + lift, statement.number, statement.section
            )

        if name == "her2":
            yield from self._her2(value, claim)
            return
        status, note = self._status(value)
        if status:
            yield claim(name, status, note)
        if value.percent is not None and value.bounded != "less" and not (value.bounded == "more" and value.percent < 50):
            yield claim(f"{name}-percent", _whole(value.percent), "the lower end of what is given" if value.bounded else "", "%")

    def _her2(self, value: Value, claim: Any) -> Iterator[Claim]:
        rules = self.scales["her2"]["status"]
        if value.ihc:
            yield claim("her2-ihc", value.ihc)
            if value.ihc == "0" and value.faint:
                yield claim("her2-faint-staining", True)
        if value.ish:
            yield claim("her2-ish", value.ish)
        if value.status:
            status = value.status
            if value.ihc:
                derived = rules.get(value.ihc, "")
                if status == "positive" and derived in ("low", "negative", "ultralow") and not value.ish:
                    return
                if status == "negative" and derived == "positive":
                    return
            yield claim("her2-reported", status)

    def _status(self, value: Value) -> tuple[str, str]:
        limits = self.scales["percent"]
        if value.percent is not None and not (value.bounded == "less" and value.percent > limits["low-from"]):
            percent = value.percent
            if value.bounded == "less":
                return "negative", f"below {percent:g} %"
            if percent >= limits["positive-from"]:
                status = "positive"
            elif percent >= limits["low-from"]:
                status = "low"
            else:
                status = "negative"
            if value.bounded == "more" and status != "positive":
                return value.status, ""
            if value.status == "negative" and status == "positive":
                return "", ""
            return status, f"{percent:g} %"
        if value.score is not None:
            scale, points = value.score
            if points >= self.scales[scale]["positive-from"]:
                return ("positive" if value.status != "low" else "low"), f"{scale} {points:g}"
            if points == 0 or (scale == "allred" and points <= 2):
                return "negative", f"{scale} {points:g}"
            return value.status, f"{scale} {points:g}"
        return value.status, ""

    def combined(self, statement: Statement, context: Context, match: Match, name: str, value: Value) -> Iterator[Claim]:
        """`triple negative`, and hormone receptors named together: a negative is one of each."""
        facts: tuple[str, ...]
        if name == "triple":
            facts = ("er", "pr", "her2-reported")
        elif value.status == "negative":
            facts = ("er", "pr")
        else:
            return
        sure, why = self._holds(statement, context, match, value)
        about, day = self.specimens.of(statement, match.first)
        start, end = statement.tokens[match.first].start, statement.tokens[max(match.last, value.last) - 1].end
        for fact in facts:
            yield Claim(
                fact,
                "negative",
                start,
                end,
                sure,
                why,
                day,
                about,
                None,
                self._strength(statement) - 3,
                statement.number,
                statement.section,
            )

    def _holds(self, statement: Statement, context: Context, match: Match, value: Value) -> tuple[bool, str]:
        if value.unsure:
            return False, value.unsure
        if self._defines(statement):
            return False, "it explains the scale"
        sure, why = context.standing(match.first, max(match.last, value.last))
        condition = next(
            (token.text for _, _, token in context.back(match.first, 9) if token.norm in self.listed("receptors.if")), ""
        )
        if condition:
            return False, f"a condition: “{condition}”"
        if not sure and why.startswith(("negated", "uncertain")):
            words = why.split("“")[1].rstrip("”").lower()
            if (why.startswith("negated") and self._own_word(statement, match, value, words)) or (
                folded(words) in self.listed("receptors.borderline") and value.ihc
            ):
                sure, why = True, ""
        if sure and context.said("approval") is not None and value.percent is None and not value.ihc and not value.score:
            return False, "it describes an approval or a study, not this person"
        if sure:
            told = next(
                (
                    one
                    for one in statement.matches
                    if one.has("reference") and one.first < match.first and match.first - one.first < 12
                ),
                None,
            )
            if (told is not None and statement.section not in ("results", "diagnosis")) or (
                told is not None and folded(context.words(told.first, told.last)) in self.listed("receptors.definitions")
            ):
                return False, "it explains the scale"
            if self._of_control(statement, context, match, value) and statement.section != "addendum":
                return False, "control tissue"
            plan = next((one for _, one, token in context.back(match.first, 14) if one is not None and one.has("plan")), None)
            if (
                plan is not None
                and statement.section in ("plan", "assessment", "comment", "")
                and value.status
                and not value.ihc
                and value.percent is None
            ):
                word = context.words(plan.first, plan.last).lower()
                if folded(word) not in self.listed("receptors.no-condition"):
                    return False, f"said of a plan: “{word}”"
        return sure, why

    def _defines(self, statement: Statement) -> bool:
        """Whether a statement sets a class equal to what makes it: `HER2 positive = IHC 3+, or …`. `ER positive = 90 %` is a result."""
        tokens, ends = statement.tokens, {match.last: match for match in statement.matches}
        for at, token in enumerate(tokens):
            before = ends.get(at)
            if token.text == "=" and before is not None and before.id("result") and not before.has("receptor"):
                shared = [one.text for one in tokens[at + 1 : at + 3]]
                if "%" not in shared:
                    return True
        return False

    def _of_control(self, statement: Statement, context: Context, match: Match, value: Value) -> bool:
        """Whether a result is that of control tissue: the word stands before it, or right after it. `Internal control cells present` says nothing."""
        for one in statement.matches:
            if not one.has("control"):
                continue
            word = statement.tokens[one.first].norm
            if one.first < match.first or (
                0 <= one.first - max(match.last, value.last) <= 2
                and not folded(word).startswith(self.beginnings("receptors.internal"))
            ):
                return True
        return False

    def _own_word(self, statement: Statement, match: Match, value: Value, words: str) -> bool:
        """Whether a negation is the result itself: `negative`, `not amplified`."""
        return (
            value.status == "negative"
            or value.ish == "negative"
            or value.ihc in ("0", "1+")
            or value.percent is not None
            or value.score is not None
        )

    def _strength(self, statement: Statement) -> int:
        section = statement.section
        if section in BACKGROUND or statement.part == "superseded":
            return -20
        if section == "addendum" or (statement.part == "addendum" and section in ("results", "diagnosis", "")):
            return 6
        if section in ("results", "diagnosis", "microscopic", "specimen"):
            return 4
        if section in ("comment", "plan", "assessment"):
            return -4
        return 0


def _whole(amount: float) -> float | int:
    return int(amount) if amount == int(amount) else amount
