"""Courses of treatment: which drugs together, from when to when, in which setting, why they ended; and what was only planned, offered or declined.

Which drugs: `drugs.py`. When: `course_dates.py`. Why a course ended: `course_ends.py`. Whether it was given: `course_states.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import Context, Course
from linewise.phrases.dates import Day
from linewise.phrases.statements import Statement

from .course_dates import CourseDates
from .course_ends import CourseEnds
from .course_states import CourseStates
from .drugs import Drugs, Group

NOT_READ = frozenset(
    {
        "definitions",
        "therapies",
        "education",
        "family",
        "gene-list",
        "trap",
        "allergies",
        "controls",
        "technique",
        "administration",
        "variants",
        "vus",
        "negatives",
        "pending",
        "stopped",
    }
)


class Courses:
    """Reads the courses of one paper."""

    def __init__(self, paper: Paper, drugs: Drugs) -> None:
        self.listed = paper.words.listed
        self.paper, self.drugs = paper, drugs
        self.dates, self.ends, self.states = CourseDates(paper), CourseEnds(paper), CourseStates(paper)

    def courses(self, statement: Statement) -> Iterator[Course]:
        if statement.section in NOT_READ:
            return
        told = ("treatment", "oncology", "clinical", "current-treatment", "metastatic", "adjuvant")
        if self.paper.kind == "gene panel" and statement.section not in told:
            return
        context = Context(self.paper, statement)
        groups = self.drugs.groups(statement)
        if not groups:
            return
        chains = self.drugs.chained(statement, groups)
        lead = self._leading_dates(statement, groups[0].first)
        for index, group in enumerate(chains):
            before = chains[index - 1].last if index else 0
            after = chains[index + 1].first if index + 1 < len(chains) else len(statement.tokens)
            course = self._course(
                statement, context, group, before, after, lead if index == 0 or self._all_share(statement, chains) else [], index
            )
            if course is not None:
                yield course

    def _leading_dates(self, statement: Statement, first: int) -> list[Day]:
        return [token.day for token in statement.tokens[:first] if token.day is not None]

    def _all_share(self, statement: Statement, groups: Sequence[Group]) -> bool:
        return bool(statement.headers)

    def _course(
        self, statement: Statement, context: Context, group: Group, before: int, after: int, lead: list[Day], index: int
    ) -> Course | None:
        tokens = statement.tokens
        start, end = tokens[group.first].start, tokens[group.last - 1].end
        drugs = tuple(dict.fromkeys(group.drugs))
        made = Course(drugs, start, end, statement=statement.number, section=statement.section)
        relative = context.family(group.first)
        if relative:
            made.sure, made.why = False, f"of the family: “{relative}”"
            return made
        if set(drugs) <= set(self.drugs.parts["other-use"]) and any(match.has("illness") for match in statement.matches):
            made.sure, made.why = False, "for another illness"
            return made
        if self._in_brackets(statement, group):
            made.sure, made.why = False, "named beside another medicine"
            return made
        window = self._window(statement, group, before, after)
        if statement.section == "medications" and self._stopped(statement, group, window):
            made.sure, made.why = False, "stopped, and when it was given is not said"
            return made
        made.setting, made.inherited, made.number = self._setting(statement, group, before, after)
        self.dates.read(statement, group, window, before, lead, made)
        self.ends.reason(statement, context, group, window, made)
        self.ends.response(statement, group, window, made)
        self.states.read(statement, context, group, window, before, made)
        if group.fuzzy:
            made.why = made.why or "the name is spelt otherwise"
        made.maintenance = any(
            match.has("maintenance")
            for match in statement.matches
            if before <= match.first < group.first + 1 or window[0] <= match.first < window[0] + 3
        )
        if window[1] > group.last:
            made.end = tokens[window[1] - 1].end if window[1] - group.last < 40 else made.end
        return made

    def _window(self, statement: Statement, group: Group, before: int, after: int) -> tuple[int, int]:
        """The words after a group that speak of it: up to the next group, or what introduces that."""
        stop = after
        if after < len(statement.tokens):
            for at in range(after - 1, group.last, -1):
                token = statement.tokens[at]
                if token.text in ";" or token.norm in self.listed("courses.next") or token.text == ",":
                    stop = at
                    break
                match = next(
                    (one for one in statement.matches if one.first == at and (one.has("follows") or one.has("given"))), None
                )
                if match is not None:
                    stop = at
                    if not match.has("follows"):
                        break
                if after - at > 9:
                    break
        if statement.headers and any(statement.headers):
            stop = len(statement.tokens)
        return group.last, max(stop, group.last)

    def _setting(self, statement: Statement, group: Group, before: int, after: int) -> tuple[str | None, bool, int]:
        """The setting, whether only what stands above says it, and the number of the line (0 where none is said)."""
        best: str | None = None
        line, of_before = 0, False
        dated = any(token.day is not None for token in statement.tokens[before : group.first]) if before else False
        for match in statement.matches:
            close = match.first < group.first or (best is None and match.first - group.last < 10)
            if match.has("setting") and match.first < after and close:
                best, of_before = match.id("setting"), dated and match.first < before  # `2013 adj. FEC; 06/2021 Fulvestrant`
            if match.has("linenumber") and match.first < after:
                line = int(match.id("linenumber") or 0)
        own = best is not None and not of_before
        if best is None and self._after_surgery(statement, group):
            return "adjuvant", True, line
        if best is None:
            above = statement.parent
            for _ in range(3):
                if above is None:
                    break
                settings = [match.id("setting") for match in above.matches if match.has("setting")]
                if settings:
                    best = settings[-1]
                    break
                above = above.parent
        if best is None and statement.section in ("adjuvant", "metastatic"):
            best = statement.section
        return best, best is not None and not own, line

    def _after_surgery(self, statement: Statement, group: Group) -> bool:
        """Whether treatment is told behind the operation of the first tumour, as all of early disease is: `Mastectomy, AC, tamoxifen 5 years`."""
        matches = [match for match in statement.matches if match.first < group.first]
        given = next((match.first for match in statement.matches if match.has("drug") or match.has("regimen")), group.first)
        spread = any(
            match.has(kind) for match in matches for kind in ("metastatic", "sitemet", "met", "distantword", "linenumber")
        )
        return not spread and any(
            (match.has("surgery") or match.id("primaryplace") == "no") and match.first < given for match in matches
        )

    def _stopped(self, statement: Statement, group: Group, window: tuple[int, int]) -> bool:
        """Whether an entry of a list of medicines says in capitals, or right behind the name, that it was stopped, and not when."""
        inside = [match for match in statement.matches if window[0] <= match.first < window[1]]
        dated = any(token.day is not None for token in statement.tokens[window[0] : window[1]])
        return not dated and any(
            match.id("medstate") == "stopped" and (match.first - group.last <= 1 or statement.tokens[match.first].text.isupper())
            for match in inside
        )

    def _in_brackets(self, statement: Statement, group: Group) -> bool:
        """Whether drugs of a list stand in brackets behind another medicine: `metformin - stopped (sugar normal off alpelisib)`."""
        depth = sum((token.text == "(") - (token.text == ")") for token in statement.tokens[: group.first])
        other = any(match.has("drug") and match.last <= group.first for match in statement.matches)
        return statement.section == "medications" and depth > 0 and other

    def follow(self, statement: Statement, given: list[Course]) -> None:
        """A sentence without drugs that goes on about the course before it: `PD 07/2023 (lung)`, `Stopped for rash.`"""
        if (
            statement.before is None
            or not given
            or len(statement.tokens) > 26
            or statement.section in NOT_READ
            or statement.section == "plan"
        ):
            return
        last = given[-1]
        earlier = {one.number for one in _chain(statement)}
        if (
            last.statement not in earlier
            or statement.number - last.statement > 2
            or last.state not in ("given", "going-on")
            or last.stopped_for
        ):
            return
        context = Context(self.paper, statement)
        stop = next(
            (
                one
                for one in statement.matches
                if one.has("stop")
                and not context.negated(one.first, one.last)
                and not self.ends.conditional(statement, context, one)
            ),
            None,
        )
        response = next((one for one in statement.matches if one.has("response") and self.ends.best_near(statement, one)), None)
        if response is not None:
            last.response = last.response or response.id("response")
        harmed = any(one.has("harm") for one in statement.matches) and any(one.has("stopverb") for one in statement.matches)
        if stop is None and harmed:
            last.stopped_for, last.state = "toxicity", "given"
        if stop is None or context.family(stop.first):
            return
        reason = stop.id("stop")
        harm = any(one.has("harm") for one in statement.matches)
        stopped = any(one.has("stopverb") for one in statement.matches)
        if reason == "toxicity" and not stopped:
            return
        if reason == "completion" and not stopped and stop.first > 3:
            return
        last.stopped_for = "toxicity" if stopped and harm and reason not in ("progression", "choice") else reason
        day = next((token.day for token in statement.tokens if token.day is not None), None)
        if last.last is None and day is not None and (last.first is None or day.key >= last.first.key):
            last.last = day
            if last.first is not None:
                last.months = last.first.months_to(day)
        last.state = "given"


def _chain(statement: Statement) -> Iterator[Statement]:
    above = statement.before
    while above is not None:
        yield above
        above = above.before
