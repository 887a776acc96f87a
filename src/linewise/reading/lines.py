"""Courses that several places tell of, put together: early courses and lines for metastatic disease, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from linewise.grammar.drugs import Drugs
from linewise.phrases.claims import NEVER, Claim, Context, Course
from linewise.phrases.dates import Day
from linewise.phrases.lexicon import Match, Words
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import Token

if TYPE_CHECKING:
    from .reader import Read

_GIVEN = ("given", "going-on")
_OF_A_SAMPLE = ("pathology report", "gene panel", "imaging")
_UNTREATED = 12
"""Months without treatment after which the next course is for a disease that has come back."""
_LISTED = frozenset({"medications", "current-treatment"})


_OTHER_DAYS = frozenset({"person", "labs", "imaging", "comparison", "findings", "impression", "plan", "pending", "medications"})
_TELLS_OF_SPREAD = frozenset({"diagnosis", "oncology", "treatment", "metastatic", "clinical", "", "results", "illnesses"})


class Line(msgspec.Struct):
    """One course while it is put together."""

    drugs: list[str]
    first: Day | None = None
    last: Day | None = None
    months: float | None = None
    stopped_for: str | None = None
    response: str | None = None
    setting: str | None = None
    going: bool = False
    listed: bool = False
    number: int = 0
    order: int = 0
    places: int = 1


class Lines:
    """The courses of one person, from all papers."""

    def __init__(self, reads: Sequence[Read], words: Words, profile: dict[str, Any]) -> None:
        self.reads, self.words = reads, words
        self.knowledge = words.knowledge
        self.parts = words.of("parts")
        self.all: list[tuple[Read, Course]] = []
        self.adjuvant: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.metastatic = any(read.metastatic and not read.foreign for read in reads)
        self.sites = bool(profile.get("_sites"))
        self.date = max((read.paper.date for read in reads if read.paper.date is not None), key=lambda day: day.key, default=None)

    def run(self) -> None:
        for read in self.reads:
            for course in read.courses:
                if read.foreign:
                    course.sure, course.why = False, read.foreign
                self.all.append((read, course))
        self.spread = self._spread_on()
        self.denovo = self._denovo()
        found: list[Line] = []
        for order, (read, course) in enumerate(self.all):
            if not course.sure or course.state not in _GIVEN:
                continue
            self._take(read, course, order, found)
        found = self._settled(found)
        self._write(found)

    # When it had spread

    def _spread_on(self) -> Day | None:
        """The first day on which the papers say that the cancer had spread."""
        days = [day for read in self.reads for statement in read.paper.statements for day in self._spread_in(read, statement)]
        days += [day for read in self.reads for claim in read.claims if (day := self._site_on(read, claim)) is not None]
        full = [day for day in days if self.date is None or day.key <= self.date.key]
        return min(full, key=lambda day: (day.year, day.month or 13, day.day or 32), default=None)

    def _spread_in(self, read: Read, statement: Statement) -> Iterator[Day]:
        """The days beside words of spread in a statement."""
        if statement.section in NEVER | _OTHER_DAYS or not statement.days:
            return
        context = Context(read.paper, statement)
        first = {token.day.key for token in self._first_days(statement) if token.day is not None}
        drugs = any(one.has("drug") or one.has("regimen") for one in statement.matches)
        for match in statement.matches:
            spread = any(match.has(kind) for kind in ("metastatic", "sitemet", "met", "distantword"))
            if not (spread or self._far_recurrence(statement, match)) or match.id("sitemet") == "regional-node":
                continue
            if not context.standing(match.first, match.last)[0]:
                continue
            near: list[tuple[int, Day]] = []
            for at, token in enumerate(statement.tokens):
                if token.day is None or token.day.key in first:
                    continue
                later = at > match.first and any(one.kind == "d" for one in statement.tokens[: match.first])
                near.append((abs(at - match.first) + (6 if later else 0), token.day))
            gap, day = min(near, key=lambda one: one[0], default=(99, None))
            if day is None or gap > 16:
                continue
            if gap > match.last - match.first + 1 and drugs and not match.has("sitemet") and not match.has("met"):
                continue
            yield day

    def _site_on(self, read: Read, claim: Claim) -> Day | None:
        """The day of a claim of a place of spread, where its own statement says it."""
        if claim.fact != "sites" or not claim.sure or claim.day is None or claim.section not in _TELLS_OF_SPREAD:
            return None
        if claim.strength > 3 or read.paper.kind == "imaging":
            return None
        place = next((one for one in read.paper.statements if one.number == claim.statement), None)
        if place is None or any(match.has("biopsy") for match in place.matches):
            return None
        given = [match.first for match in place.matches if match.has("drug") or match.has("regimen")]
        if given and any(match.has("stop") and match.first > given[0] for match in place.matches):
            return None  # where a course ended, it had spread before, or then: it does not say
        days = {token.day.key for token in place.tokens if token.day is not None}
        first = {token.day.key for token in self._first_days(place) if token.day is not None} if len(days) > 1 else set()
        return claim.day if claim.day.key in days - first else None

    def _far_recurrence(self, statement: Statement, match: Match) -> bool:
        """`6/2024 Recurrence: liver, bone`: a recurrence in an organ."""
        far = {one.id("site") for one in statement.matches if one.has("site")} - {"breast", "regional-node", "chest-wall", None}
        return match.has("metspecimen") and match.has("weakmet") and bool(far)

    def _first_days(self, statement: Statement) -> list[Token]:
        """The days of the first diagnosis in a statement: `ED 02/2018`, unless the word names the spread."""
        found = []
        for index, token in enumerate(statement.tokens):
            before = [match for match in statement.matches if 0 <= index - match.last <= 1]
            nearest = max(before, key=lambda match: match.last, default=None)
            if token.day is not None and nearest is not None and nearest.has("primaryspecimen"):
                found.append(token)
        return found

    def _denovo(self) -> bool:
        return any(claim.fact == "de-novo" and claim.sure and claim.value is True for read in self.reads for claim in read.claims)

    # Taking one course

    def _take(self, read: Read, course: Course, order: int, found: list[Line]) -> None:
        known = Drugs(read.paper)
        drugs = [drug for drug in course.drugs if not known.beside(drug)]
        if not drugs:
            return
        listed = course.section in _LISTED
        if listed and all(drug in self.parts["other-use"] for drug in drugs):
            return
        setting = self._setting(read, course, found)
        if setting is None and course.state != "going-on" and read.paper.kind in _OF_A_SAMPLE:
            return  # a line of history on a request: whether it was for the spread is not said
        if read.garbled and setting is None and not self.metastatic:
            return  # the word that it had spread may be among those that were misread
        new = Line(
            drugs,
            course.first,
            course.last,
            course.months,
            course.stopped_for,
            course.response,
            setting,
            course.state == "going-on" or (listed and not course.stopped_for and course.last is None),
            listed,
            course.number,
            order,
        )
        if listed and any(read.paper.kind == kind for kind in ("imaging", "pathology report")) and not self.metastatic:
            new.setting = setting
        combined = next((line for line in reversed(found) if self._maintains(line, new, course.maintenance)), None)
        if combined is not None:
            combined.last, combined.months, combined.going = new.last, None, new.going
            combined.drugs += [drug for drug in new.drugs if drug not in combined.drugs]
            combined.stopped_for, combined.response = new.stopped_for, combined.response or new.response
            if combined.first is not None and combined.last is not None:
                combined.months = combined.first.months_to(combined.last)
            return
        for line in found:
            if self._goes_on(line, new):
                line.last, line.months, line.going, line.listed = new.last, None, new.going, True
                return
            if self._dropped(line, new):
                return
            if self._same(line, new):
                self._merge(line, new)
                return
        found.append(new)

    def _setting(self, read: Read, course: Course, found: list[Line]) -> str | None:
        if course.setting:
            if (
                course.setting == "adjuvant"
                and course.inherited
                and course.state == "going-on"
                and (self.metastatic or self.sites)
            ):
                return "metastatic"
            if course.setting == "adjuvant" and self.spread is not None and course.first is not None:
                said_above = course.inherited and _not_before(course.first, self.spread)
                if said_above or (course.section == "metastatic" and _after(course.first, self.spread, 2)):
                    return "metastatic"
            return course.setting
        if course.number or set(course.drugs) & set(self.parts["spread-only"]):
            return "metastatic"
        if self.denovo:
            return "metastatic"
        if not self.metastatic and not self.sites:
            return None
        if self.spread is not None:
            if course.first is not None:
                return "metastatic" if _not_before(course.first, self.spread) else "adjuvant"
            if course.last is not None:
                return "adjuvant" if not _not_before(course.last, self.spread) else None
        if course.section in _LISTED and course.last is None:
            return "metastatic"
        if course.state == "going-on":
            return "metastatic"
        return None

    def _same(self, line: Line, new: Line) -> bool:
        a, b = set(line.drugs), set(new.drugs)
        core_a, core_b = a - self._joining(a), b - self._joining(b)
        if line.setting and new.setting and line.setting != new.setting:
            return False
        if not (a & b):
            return _same_days(line, new)
        overlap = a <= b or b <= a or (bool(core_a) and bool(core_b) and (core_a <= core_b or core_b <= core_a))
        if not overlap:
            return False
        if a == b or core_a == core_b:
            if line.first and new.first and abs(line.first.months_to(new.first) or (new.first.year - line.first.year) * 12) > 4:
                if line.last is not None or line.stopped_for:
                    return not _not_before(new.first, line.last or line.first) if line.last else False
                return False
            if line.last and new.last and abs(line.last.months_to(new.last) or (new.last.year - line.last.year) * 12) > 4:
                return False
            return not (
                line.last
                and new.first
                and line.first is None
                and _not_before(new.first, line.last)
                and new.first.key != line.last.key
            )
        # a part of a regimen
        if (
            new.first is None
            and new.last is None
            and (new.stopped_for is None or line.stopped_for is None or new.stopped_for == line.stopped_for)
        ):
            return True
        if line.first is None and line.last is None and line.months is None and line.places == 1 and (a <= b or core_a <= core_b):
            return not line.stopped_for or line.stopped_for == new.stopped_for or new.stopped_for is None
        if new.first is not None and line.first is not None:
            gap = line.first.months_to(new.first)
            if gap is not None and abs(gap) <= 2 and not (line.last and new.last and line.last.key != new.last.key):
                return True
            if line.last is None and line.going and new.going and b < a:
                return True
            if line.last is not None and _not_before(new.first, line.first) and not _not_before(new.first, line.last) and b < a:
                return True
        return False

    def _goes_on(self, line: Line, new: Line) -> bool:
        """A list that tells of a drug twice, one entry ending as the other begins (another dose), tells of one course."""
        if set(line.drugs) != set(new.drugs) or line.last is None or new.first is None or line.stopped_for:
            return False
        gap = line.last.months_to(new.first)
        return gap is not None and -1 <= gap <= 1.5

    def _maintains(self, line: Line, new: Line, maintenance: bool) -> bool:
        """What goes on of a combination where its other drugs end, without growth between, is the same line: maintenance, or a drug that was dropped."""
        added = set(new.drugs) - set(line.drugs)
        partner = maintenance and all(
            self.knowledge.is_a(drug, "endocrine-therapy") for drug in added
        )  # joins where chemotherapy ends
        less = not set(line.drugs) <= set(new.drugs) and bool(set(line.drugs) & set(new.drugs))
        open_end = line.last is None and maintenance and not line.stopped_for and line.first is not None and new.first is not None
        if open_end and line.first is not None and new.first is not None:  # `from A+B+C, since then maintenance with B+C`
            gap = line.first.months_to(new.first)
            return less and not (added and not partner) and gap is not None and 1 <= gap <= 12
        if not less or (added and not partner) or line.last is None or line.stopped_for == "progression":
            return False
        if line.setting and new.setting and line.setting != new.setting:
            return False
        if new.first is None:
            return maintenance and (new.last is None or _month(new.last) >= _month(line.last))
        gap = line.last.months_to(new.first)
        return gap is not None and -1 <= gap <= 2

    def _dropped(self, line: Line, new: Line) -> bool:
        """The end of one drug of a combination, told again by itself, within the days of the line: why it ended is not why the line did."""
        if not set(new.drugs) < set(line.drugs) or new.first is not None or new.last is None or line.first is None:
            return False
        return _not_before(new.last, line.first) and (line.last is None or not _after(new.last, line.last, 1))

    def _joining(self, drugs: set[str]) -> set[str]:
        joins = {drug for drug in drugs if any(self.knowledge.is_a(drug, name) for name in self.parts["joins-classes"])}
        return joins if joins != drugs else set()

    def _merge(self, line: Line, new: Line) -> None:
        line.drugs += [drug for drug in new.drugs if drug not in line.drugs]
        line.first = line.first or new.first
        if line.first and new.first and line.first.year == new.first.year and not line.first.month and new.first.month:
            line.first = new.first
        if (new.last is not None and not line.last) or (
            line.last and new.last and line.last.year == new.last.year and not line.last.month and new.last.month
        ):
            line.last = new.last
        line.months = line.months if line.months is not None else new.months
        if line.first and line.last and line.first.months_to(line.last) is not None:
            line.months = line.first.months_to(line.last)
        of_one_drug = set(new.drugs) < set(line.drugs) and new.stopped_for == "toxicity"  # dropped, and the rest went on
        line.stopped_for = line.stopped_for or (None if of_one_drug else new.stopped_for)
        line.response = line.response or new.response
        line.setting = line.setting or new.setting
        line.going = (line.going or new.going) and line.last is None and line.stopped_for is None
        line.number = line.number or new.number
        line.places += 1
        line.listed = line.listed or new.listed

    # Settling

    def _settled(self, found: list[Line]) -> list[Line]:
        listed = [line for line in found if line.going and line.setting != "adjuvant"]
        if len(listed) > 1 and any(line.listed for line in listed):
            listed = [line for line in listed if line.listed or line.first is None]
            host = listed[0]
            for line in listed[1:]:
                host.drugs += [drug for drug in line.drugs if drug not in host.drugs]
                host.first = _later(host.first, line.first)
                found.remove(line)
        self._partnered(found)
        going = [line for line in found if line.going and line.setting != "adjuvant"]
        alone = [line for line in found if not set(line.drugs) - self._all_joining(line.drugs)]
        for line in alone:
            hosts = [one for one in found if one is not line and not self._is_chemo(one) and self._overlaps(one, line)]
            hosts = hosts or [one for one in going if one is not line]
            if hosts and (line.going or hosts[-1].going or line.first is not None):
                hosts[-1].drugs += [drug for drug in line.drugs if drug not in hosts[-1].drugs]
            found.remove(line)
        early = [line for line in found if line.setting in (None, "adjuvant") and self._long_before(line, found)]
        for line in found:
            if line in early:
                line.setting = "adjuvant"
            elif early and line.setting is None and line.first is not None:
                line.setting = "metastatic"
        last_setting: str | None = None
        for line in sorted(found, key=lambda one: one.order):
            if line.setting is None:
                if not self.metastatic and not self.sites:
                    line.setting = "metastatic" if line.stopped_for == "progression" else "adjuvant"
                elif line.stopped_for == "progression" and last_setting == "metastatic":
                    line.setting = "metastatic"
                elif last_setting is not None:
                    line.setting = last_setting
                elif any(other.setting == "adjuvant" for other in found) or self.spread is None:
                    line.setting = "metastatic"
                else:
                    line.setting = "metastatic"
            last_setting = line.setting
        return found

    def _long_before(self, line: Line, found: Sequence[Line]) -> bool:
        """Whether a course ended a year or more before any other began that is not of early disease: nobody with spread is untreated so long."""
        end = _ended(line) if line.stopped_for != "progression" else None
        later = [_month(one.first) for one in found if one is not line and one.setting != "adjuvant" and one.first is not None]
        return end is not None and bool(later) and all(begun - end >= _UNTREATED for begun in later)

    def _partnered(self, found: list[Line]) -> None:
        """`Continue A. Hold B.`: a drug that is never given alone belongs to the endocrine therapy beside it."""
        partners = set(self.parts["needs-partner"])
        for line in [one for one in found if set(one.drugs) <= partners and one.first is None and not one.stopped_for]:
            if any(one is not line and set(line.drugs) < set(one.drugs) for one in found):
                found.remove(line)  # told with its partner elsewhere
                continue
            hosts = [
                one
                for one in found
                if one is not line
                and line.last is None
                and one.setting != "adjuvant"
                and one.last is None
                and not one.stopped_for
                and not partners & set(one.drugs)
                and all(self.knowledge.is_a(drug, "endocrine-therapy") for drug in one.drugs)
            ]
            if len(hosts) == 1:
                hosts[0].drugs += line.drugs
                found.remove(line)

    def _all_joining(self, drugs: Sequence[str]) -> set[str]:
        return {drug for drug in drugs if any(self.knowledge.is_a(drug, name) for name in self.parts["joins-classes"])}

    def _is_chemo(self, line: Line) -> bool:
        return any(self.knowledge.is_a(drug, "chemotherapy") for drug in line.drugs)

    def _overlaps(self, one: Line, other: Line) -> bool:
        if one.first is None or other.first is None:
            return one.going and other.going
        if one.last is not None and other.first.key >= one.last.key:
            return False
        return not (other.last is not None and one.first.key >= other.last.key)

    # Writing

    def _write(self, found: list[Line]) -> None:
        ordered = (
            sorted(found, key=lambda one: (one.number or 99, one.order))
            if any(one.number for one in found)
            else sorted(found, key=lambda one: one.order)
        )
        dated = [one for one in ordered if one.first or one.last]
        if len(dated) == len(ordered):
            ordered = sorted(ordered, key=lambda one: _key(one.first or one.last))
        metastatic = [one for one in ordered if one.setting == "metastatic"]
        for line in ordered:
            entry: dict[str, Any] = {"drugs": line.drugs}
            months = line.months
            if (
                months is None
                and line.setting == "metastatic"
                and line.going
                and line is metastatic[-1]
                and line.first is not None
                and self.date is not None
            ):
                months = line.first.months_to(self.date)
            if months is not None and months >= 0:
                entry["months"] = round(months) if months >= 1 else round(months, 1)
            if line.setting == "adjuvant" and line.last is not None and self.date is not None:
                since = line.last.months_to(self.date)
                if since is not None and since >= 0:
                    entry["months_since_end"] = round(since)
            if line.stopped_for:
                entry["stopped_for"] = line.stopped_for
            if line.response:
                entry["best_response"] = line.response
            (self.adjuvant if line.setting == "adjuvant" else self.lines).append(entry)


def _key(day: Day | None) -> tuple[int, int, int]:
    return day.key if day is not None else (9999, 0, 0)


def _later(one: Day | None, other: Day | None) -> Day | None:
    if one is None or other is None:
        return one or other
    return one if one.key >= other.key else other


def _month(day: Day) -> int:
    """A day as a number of months; in the middle of its year where the month is not said."""
    return day.year * 12 + (day.month or 6)


def _ended(line: Line) -> int | None:
    """The month in which a course ended, by its last day or by how long it took."""
    if line.last is not None:
        return _month(line.last)
    return _month(line.first) + round(line.months) if line.first is not None and line.months is not None else None


def _same_days(one: Line, other: Line) -> bool:
    """Whether two entries of a list began on the same day and ended on the same day, or neither ended: partners of one line."""
    exact = one.first is not None and (one.first.day or (one.last is not None and one.last.day))
    if not exact or one.first is None or other.first is None or one.first.key != other.first.key:
        return False
    if one.last is None or other.last is None:
        return one.last is None and other.last is None and one.going == other.going
    return one.last.key == other.last.key


def _not_before(one: Day, other: Day) -> bool:
    """Whether a day is not before another, as far as both are known; two months of leeway."""
    if not one.month or not other.month:
        return one.year >= other.year
    return (one.year * 12 + one.month) >= (other.year * 12 + other.month) - 2


def _after(one: Day, other: Day, months: int) -> bool:
    if not one.month or not other.month:
        return one.year > other.year
    return (one.year * 12 + one.month) > (other.year * 12 + other.month) + months
