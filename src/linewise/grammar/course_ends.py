"""Why a course ended, and how the cancer answered it."""

from __future__ import annotations

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import Context, Course
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import folded, tokens_of

from .drugs import Group


class CourseEnds:
    """Reads the ends of one paper's courses."""

    def __init__(self, paper: Paper) -> None:
        self.listed, self.beginnings = paper.words.listed, paper.words.beginnings
        self.paper = paper

    def reason(self, statement: Statement, context: Context, group: Group, window: tuple[int, int], made: Course) -> None:
        found: list[tuple[int, str]] = []
        stopped = False
        for match in statement.matches:
            if not window[0] <= match.first < window[1] and not (
                group.first - 8 <= match.last <= group.first
                and match.id("stop") == "progression"
                and self._on(statement, match, group)
            ):
                continue
            reason = match.id("stop")
            if match.has("stopverb"):
                stopped = True
            if reason is None:
                continue
            if context.negated(match.first, match.last) or self.conditional(statement, context, match):
                continue
            if reason == "progression" and self._not_its_own(statement, match, group):
                continue
            if reason == "completion" and any(
                one.has("response") and abs(one.first - match.first) <= 1 for one in statement.matches
            ):
                continue
            if (
                reason == "toxicity"
                and not stopped
                and any(one.has("reduce") for one in statement.matches if window[0] <= one.first < match.first + 6)
            ):
                continue
            found.append((match.first, reason))
        if any(match.has("stopverb") for match in statement.matches if window[0] <= match.first < window[1]):
            stopped = True
        harm = next(
            (
                match
                for match in statement.matches
                if match.has("harm") and window[0] <= match.first < window[1] and not context.negated(match.first, match.last)
            ),
            None,
        )
        reasons = {reason for _, reason in found}
        if "choice" in reasons:
            made.stopped_for = "choice"
        elif "progression" in reasons and not ("toxicity" in reasons and found[0][1] == "toxicity"):
            made.stopped_for = "progression"
        elif "toxicity" in reasons or (stopped and harm is not None and self._caused(statement, harm)):
            made.stopped_for = "toxicity"
        elif "completion" in reasons:
            made.stopped_for = "completion"
        if made.stopped_for is None:
            self._column_reason(statement, made, harm is not None)

    def _column_reason(self, statement: Statement, made: Course, harm: bool) -> bool:
        if not any(statement.headers) or not harm:
            return False
        structure = self.paper.lexicon.structure
        for header in statement.headers:
            if any(word in folded(header) for word in self.listed("courses.stop-columns")):
                head = tokens_of(header, [(0, len(header))])
                if structure is not None and head:
                    made.stopped_for = "toxicity"
                    return True
        return False

    def _on(self, statement: Statement, match: Match, group: Group) -> bool:
        between = [token.norm for token in statement.tokens[match.last : group.first]]
        if not between and match.has("given"):
            return True  # `progressed on A`
        return bool(between) and between[0] in self.listed("courses.under") and len(between) <= 3

    def _not_its_own(self, statement: Statement, match: Match, group: Group) -> bool:
        """Progression on something named later in the sentence."""
        after = [token.norm for token in statement.tokens[match.last : match.last + 2]]
        if (
            after
            and after[0] in self.listed("courses.on-another")
            and any(
                one.has("drug") or one.has("regimen") for one in statement.matches if match.last <= one.first <= match.last + 3
            )
        ):
            return match.first > group.last
        return False

    def conditional(self, statement: Statement, context: Context, match: Match) -> bool:
        before = statement.tokens[max(0, match.first - 4) : match.first]
        norms = [token.norm for token in before]
        return (
            any(word in self.listed("courses.conditions") for word in norms[-2:])
            and statement.tokens[match.first].text != "PD"
            and not (norms and norms[-1] in self.listed("courses.until-or-at") and self._dated_after(statement, match))
        )

    def _dated_after(self, statement: Statement, match: Match) -> bool:
        return any(token.day is not None for token in statement.tokens[max(0, match.first - 6) : match.last + 4])

    def _caused(self, statement: Statement, harm: Match) -> bool:
        return any(
            (match.has("cause") and -8 <= match.first - harm.first < 4)
            or (match.has("stopverb") and 0 <= harm.first - match.last <= 4)
            for match in statement.matches
        )

    def response(self, statement: Statement, group: Group, window: tuple[int, int], made: Course) -> None:
        for match in statement.matches:
            value = match.id("response")
            if (
                value is None
                or not window[0] <= match.first < window[1]
                or (match.id("receptor") and not self.best_near(statement, match))
            ):
                continue
            if self.best_near(statement, match):
                made.response = value
                return
        structure = self.paper.lexicon.structure
        if any(statement.headers) and structure is not None:
            for cell, header in enumerate(statement.headers):
                head = tokens_of(header, [(0, len(header))])
                if head and any(match.id("column") == "response" for match in structure.matches(head, False)):
                    for match in statement.matches:
                        if statement.tokens[match.first].cell == cell and match.has("response"):
                            made.response = match.id("response")
                            return

    def best_near(self, statement: Statement, match: Match) -> bool:
        for one in statement.matches:
            if one.has("best") and one.last <= match.first and match.first - one.last <= 2:
                words = " ".join(token.norm for token in statement.tokens[one.first : one.last])
                return words.startswith(self.beginnings("courses.best")) or any(
                    word in words for word in self.listed("courses.answer")
                )
        return False
