"""Whether a course was given, goes on, or was only planned, offered or declined."""

from __future__ import annotations

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import Context, Course
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import folded

from .drugs import Group

_ACCOUNTS = frozenset(
    {"treatment", "oncology", "metastatic", "adjuvant", "current-treatment", "medications", "diagnosis", "clinical", "illnesses"}
)
"""Sections in which a drug is named because it was given."""


class CourseStates:
    """Reads the states of one paper's courses."""

    def __init__(self, paper: Paper) -> None:
        self.listed, self.beginnings = paper.words.listed, paper.words.beginnings
        self.paper = paper

    def read(
        self, statement: Statement, context: Context, group: Group, window: tuple[int, int], before: int, made: Course
    ) -> None:
        tokens = statement.tokens
        nearest, word = self._before(statement, context, group, before)
        later = self._later(statement, context, group, window)
        if not later and self._alternative(statement, group, window):
            later = self._later(statement, context, group, (group.last, len(tokens)))
        state = "given"
        why = ""
        if nearest == "declined" or later == "declined":
            state, why = "declined", "declined"
        elif nearest == "planned":
            state, why = "planned", f"said of a plan: “{word}”"
        elif later == "planned" and nearest != "given":
            state, why = "planned", "said of a plan"
        if statement.section in ("plan", "wishes") and state == "given":
            going = nearest == "given" and folded(word).startswith(self.beginnings("courses.going-on-among-plans"))
            if not going and not (made.first is not None and made.last is not None) and later != "given":
                state, why = "suggested", "it stands among plans"
        if (
            state == "planned"
            and made.first is not None
            and made.last is not None
            and folded(word) not in self.listed("courses.if")
        ):
            state, why = "given", ""
        if (
            self.paper.date is not None
            and made.first is not None
            and made.first.key > (self.paper.date.year, self.paper.date.month or 12, self.paper.date.day or 31)
            and (made.first.month or made.first.year > self.paper.date.year)
        ):
            state, why = "planned", "it lies ahead"
        if tokens[group.last : group.last + 1] and tokens[group.last].text == "?":
            state, why = "suggested", "uncertain: “?”"
        ongoing = self._ongoing(statement, context, group, window, word if nearest == "given" else "", made)
        if state == "given" and not ongoing and "given" not in (nearest, later) and self._only_named(statement, group, made):
            state, why = "suggested", "it is named, but nothing says that it was given"
        if state == "given":
            made.state = "going-on" if ongoing else "given"
        else:
            made.state = state
            made.sure = False
            made.why = why

    def _only_named(self, statement: Statement, group: Group, made: Course) -> bool:
        """Whether drugs stand in running text that is no account of treatment, without a day, a time, an end, a setting or a harm."""
        told = made.first or made.last or made.months or made.stopped_for or made.response or made.number or made.setting
        near = [one for one in statement.matches if group.first - 8 <= one.first < group.last + 8]
        told = told or any(one.has(kind) for one in near for kind in ("stopverb", "medstate", "reduce", "harm"))
        return not told and not any(statement.headers) and statement.section not in _ACCOUNTS

    def _before(self, statement: Statement, context: Context, group: Group, before: int) -> tuple[str, str]:
        """What the nearest word before the drugs says of them (declined, planned, given), and the word."""
        nearest = ""
        word = ""
        for at, match, token in context.back(group.first, 30):
            if at < before and nearest:
                break
            if token.text == ";" or (token.text == "." and not token.glued):
                break
            if match is None:
                continue
            words = context.words(match.first, match.last).lower()
            if match.has("declined"):
                nearest, word = "declined", words
                break
            if match.has("plan") and match.has("given"):
                continue
            if match.has("plan") and not self._weak_plan(words, statement, context, match, group):
                nearest, word = "planned", words
                break
            if match.has("given") or (match.has("ongoing") and folded(words) not in self.listed("courses.not-going-on")):
                if folded(words) in self.listed("courses.weak", "courses.history") and group.first - match.last > 3:
                    continue
                nearest, word = "given", words
                if folded(words) in self.listed("courses.weak", "courses.treatment-with"):
                    continue
                break
        return nearest, word

    def _alternative(self, statement: Statement, group: Group, window: tuple[int, int]) -> bool:
        """`A or B may be considered`: what is said after the last of them holds for each."""
        after = statement.tokens[group.last : group.last + 2]
        return bool(after) and any(match.first == group.last and match.has("also-negated") for match in statement.matches)

    def _weak_plan(self, words: str, statement: Statement, context: Context, match: Match, group: Group) -> bool:
        """Words that plan something only right before it."""
        gap = group.first - match.last
        if folded(words) in self.listed("courses.at-progression") and any(
            token.day is not None for token in statement.tokens[: group.first]
        ):
            return True
        if folded(words) in self.listed("courses.from-a-day"):
            return made_of_date(statement, match.last)
        if folded(words) in self.listed("courses.starts") and any(token.day is not None for token in statement.tokens):
            return True
        if folded(words) in self.listed("courses.negations"):
            return gap > 3
        return folded(words) in self.listed("courses.plans-only-near") and gap > 6

    def _later(self, statement: Statement, context: Context, group: Group, window: tuple[int, int]) -> str:
        """What is said of the drugs after their names: `was declined`, `is planned`, `was started`, `begonnen`."""
        tokens = statement.tokens
        plain = False
        for match in statement.matches:
            if not window[0] <= match.first < min(window[1] + 2, group.last + 22):
                continue
            if any(token.text == ";" or (token.text == "." and not token.glued) for token in tokens[group.last : match.first]):
                break
            words = context.words(match.first, match.last).lower()
            if match.has("declined"):
                return "declined"
            if match.has("given") and folded(words) not in self.listed("courses.weak", "courses.cycles"):
                return "given"
            if match.has("plan") and folded(words) in self.listed("courses.plans-after"):
                plain = True
                if folded(words) in self.listed("courses.plans-right-after") and match.first - group.last > 5:
                    plain = False
                    continue
                return "planned"
        return "planned" if plain else ""

    def _ongoing(
        self, statement: Statement, context: Context, group: Group, window: tuple[int, int], word: str, made: Course
    ) -> bool:
        if made.stopped_for or (made.last is not None):
            return False
        if statement.section == "current-treatment":
            return True
        if any(match.has("stopverb") for match in statement.matches if window[0] <= match.first < window[1]) and not any(
            match.has("reduce") for match in statement.matches if window[0] <= match.first < window[1]
        ):
            return False
        for match in statement.matches:
            words = context.words(match.first, match.last).lower()
            if match.has("ongoing") and (window[0] <= match.first < window[1] or group.first - 8 <= match.first < group.first):
                if folded(words) in self.listed("courses.since") and not made_of_date(statement, match.last):
                    continue
                far = match.first >= window[0] + 14 and not any(statement.headers)
                if folded(words) in self.listed("courses.now") and far:
                    continue
                return True
        if folded(word) in self.listed("courses.on-a-drug") and self._after_harm(statement, group):
            return False
        return folded(word).startswith(self.beginnings("courses.going-on"))

    def _after_harm(self, statement: Statement, group: Group) -> bool:
        """Whether `on` names the drug of an event, as in `rash on A` or `progressed on A`. It does not say that the drug is still given."""
        before = [match for match in statement.matches if match.last <= group.first - 1 and group.first - match.last <= 3]
        return any(_after_harm_words(match) for match in before)


def _after_harm_words(match: Match) -> bool:
    return match.has("harm") or match.has("symptom") or match.has("stop") or match.has("illness")


def made_of_date(statement: Statement, at: int) -> bool:
    """Whether a date follows within a word or two."""
    return any(token.day is not None for token in statement.tokens[at : at + 3])
