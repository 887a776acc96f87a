"""When a course began and ended, and how long it lasted: dates before and after the drugs' names, columns, lengths."""

from __future__ import annotations

from collections.abc import Sequence

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import Course
from linewise.phrases.dates import Day
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import Token, number, tokens_of

from .drugs import Group


class CourseDates:
    """Reads the times of one paper's courses."""

    def __init__(self, paper: Paper) -> None:
        self.listed = paper.words.listed
        self.paper = paper

    def read(
        self, statement: Statement, group: Group, window: tuple[int, int], before: int, lead: list[Day], made: Course
    ) -> None:
        tokens = statement.tokens
        after = [
            (i, tokens[i].day)
            for i in range(window[0], window[1])
            if tokens[i].day is not None and not self._other_event(statement, i, window[0])
        ]
        ahead = [
            (i, tokens[i].day)
            for i in range(before, group.first)
            if tokens[i].day is not None and self._own_date(statement, i, before, group)
        ]
        used = [(i, day) for i, day in after if day is not None]
        whole = len(used) > 1 and self._ranged(tokens, used[0][0], used[1][0])
        if whole and ahead and not (len(ahead) >= 2 and self._ranged(tokens, ahead[-2][0], ahead[-1][0])):
            ahead = []  # `Relapse March 2022: A March 2022 - June 2024`
        if ahead and (not used or lead or self._introduces(statement, ahead[-1][0], group.first)):
            self._from_ahead(statement, [(i, day) for i, day in ahead if day is not None], used, made)
        elif used:
            self._from_after(statement, window, used, made)
        if made.last is not None and any(
            match.has("maintenance") for match in statement.matches if group.first <= match.first < window[1]
        ):
            ends = [day for i, day in used if self._word_before(statement, i) == "until"]
            if ends and ends[-1].key > made.last.key:
                made.last = ends[-1]
        self._by_column(statement, made)
        self._length(statement, group, window, before, made)
        self._in_order(made)

    def _from_ahead(self, statement: Statement, pair: list[tuple[int, Day]], used: list[tuple[int, Day]], made: Course) -> None:
        """The days before the names: the start, the end, or both; and an end among the days after them."""
        tokens = statement.tokens
        if len(pair) >= 2 and self._ranged(tokens, pair[-2][0], pair[-1][0]):
            made.first, made.last = pair[-2][1], pair[-1][1]
        else:
            at, day = pair[-1]
            word = self._word_before(statement, at)
            if word == "until":
                made.last = day
            else:
                made.first = day
            if (used and self._word_before(statement, used[0][0]) == "until") or (
                used and word != "until" and self._ranged(tokens, at, used[0][0])
            ):
                made.last = used[0][1]

    def _from_after(self, statement: Statement, window: tuple[int, int], used: list[tuple[int, Day]], made: Course) -> None:
        """The days after the names."""
        tokens = statement.tokens
        at, day = used[0]
        if len(used) > 1 and self._ranged(tokens, at, used[1][0]):
            made.first, made.last = day, used[1][1]
        else:
            word = self._word_before(statement, at)
            if word == "until":
                made.last = day
                if len(used) > 1 and self._word_before(statement, used[1][0]) == "since":
                    made.first = used[1][1]
            else:
                made.first = day
                if len(used) > 1 and self._word_before(statement, used[1][0]) == "until":
                    made.last = used[1][1]
                elif len(used) == 1 and word == "" and self._ended(statement, window, at):
                    made.first, made.last = None, day

    def _in_order(self, made: Course) -> None:
        """An end before its start takes the start away; else both say how long it was."""
        if made.first is not None and made.last is not None:
            if (
                made.first.key[: 2 if not made.first.month or not made.last.month else 3]
                > made.last.key[: 2 if not made.last.month else 3]
                and made.first.year >= made.last.year
                and made.first.key > made.last.key
            ):
                made.first = None
            elif made.months is None:
                made.months = made.first.months_to(made.last)

    def _by_column(self, statement: Statement, made: Course) -> None:
        """Columns headed by a start and an end."""
        structure = self.paper.lexicon.structure
        if not any(statement.headers) or structure is None:
            return
        for cell, header in enumerate(statement.headers):
            head = tokens_of(header, [(0, len(header))])
            kinds = {match.id("column") for match in structure.matches(head, False) if match.has("column")} if head else set()
            days = [token.day for token in statement.tokens if token.cell == cell and token.day is not None]
            if not days:
                continue
            if "last" in kinds:  # when it was last handed out says neither when it began nor when it ended
                made.first = None if made.first in days else made.first
                made.last = None if made.last in days else made.last
            elif "end" in kinds and "date" not in kinds:
                made.last = days[-1]
            elif "date" in kinds and len(days) == 1 and made.first is None:
                made.first = days[0]

    def _own_date(self, statement: Statement, at: int, before: int, group: Group) -> bool:
        """Whether a date before a group is its own: not in brackets that closed long before, nor of the group before it."""
        between = statement.tokens[at + 1 : group.first]
        closed = [index for index, token in enumerate(between) if token.text == ")"]
        if closed and sum(token.text == "(" for token in between[: closed[0]]) == 0:
            return not before and len(between) - closed[0] <= 2
        if before and any(token.text in ",;" for token in between):
            return False
        return not (before and any(match.has("follows") for match in statement.matches if at < match.first < group.first))

    def _other_event(self, statement: Statement, at: int, first: int) -> bool:
        """Whether a date belongs to progression, to a dose change, to a scan or to a prescription, not to the course."""
        if any(token.norm in self.listed("courses.issued") for token in statement.tokens[max(first, at - 3) : at]):
            return True
        for match in statement.matches:
            near = first <= match.first < at and at - match.last <= 2
            if near and (match.has("reduce") or match.has("imaging") or (match.has("response") and not match.has("stop"))):
                return True
        return False

    def _introduces(self, statement: Statement, at: int, first: int) -> bool:
        between = statement.tokens[at + 1 : first]
        return len(between) <= 6

    def _ranged(self, tokens: Sequence[Token], one: int, other: int) -> bool:
        between = tokens[one + 1 : other]
        return (
            len(between) <= 4
            and bool(between)
            and all(
                token.text in "-–—" or token.norm in self.listed("courses.within-a-range") or token.text in "(:"
                for token in between
            )
        ) or (other - one == 1)

    def _word_before(self, statement: Statement, at: int) -> str:
        for match in reversed(statement.matches):
            if match.last <= at and at - match.last <= 2:
                words = [token.norm for token in statement.tokens[match.last : at]]
                if (match.has("until") and not match.has("since")) or (match.has("stop") or match.has("stopverb")):
                    return "until"
                if match.has("since") or match.has("given"):
                    return "since"
                if words and words[-1] in self.listed("courses.before-a-day"):
                    continue
                break
        token = statement.tokens[at - 1] if at else None
        if token is not None and token.text in "-–—" and (at < 2 or statement.tokens[at - 2].kind != "d"):
            return "until"
        if token is not None and token.norm in self.listed("courses.until"):
            return "until"
        return ""

    def _ended(self, statement: Statement, window: tuple[int, int], at: int) -> bool:
        """A lone date after a word of ending: `progressed in March 2023`, `completed 11/2013`."""
        for match in statement.matches:
            if window[0] <= match.first <= at and (match.has("stop") or match.has("stopverb")) and at - match.last <= 5:
                return True
        return False

    def _length(self, statement: Statement, group: Group, window: tuple[int, int], before: int, made: Course) -> None:
        """`for 18 months`, `5 years of`, `x 6 months`."""
        tokens = statement.tokens
        for match in statement.matches:
            unit = match.id("length")
            if unit is None or not max(before, group.first - 6) <= match.first < window[1]:
                continue
            if match.first > group.last + 12:
                continue
            token = tokens[match.first - 1] if match.first else None
            amount = number(token) if token is not None and token.kind == "n" else None
            if amount is None and token is not None:
                word = next((one for one in statement.matches if one.has("numberword") and one.last == match.first), None)
                amount = float(word.id("numberword") or 0) if word is not None else None
            if amount is None or amount > 60 or (unit == "week"):
                continue
            around = [one.norm for one in tokens[max(0, match.first - 5) : match.first]]
            after = [one.norm for one in tokens[match.last : match.last + 3]]
            if any(word in self.listed("courses.no-length-after") for word in around[-3:]) or any(
                word in self.listed("courses.no-length-before") for word in after
            ):
                lasted = any(word in self.listed("courses.lasted-until") for word in around[-3:]) and made.last is not None
                if not lasted:
                    continue
            if made.months is None:
                made.months = amount * (12 if unit == "year" else 1)
