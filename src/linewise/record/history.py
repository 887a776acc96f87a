"""What was given, as questions over courses: had, progressed on, months on, months since, lines of.

Each answer is a `Reading`: a value, the courses it rests on, and whether silence was taken for "no". A course with a drug
that nobody knows can answer no question about its class with "no": the answer is unknown.

Drugs without a day (an `undated` course) were given, but nobody knows in how many lines, which of them together, or before or after which others.
So they answer "had this drug", and leave open how many lines there were, what was combined, and what was first or last.

An entry that was not understood, and that may have been a treatment, a medicine or a reaction, leaves every "no" about it open.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from linewise.knowledge import Knowledge
from linewise.logic import Reading
from linewise.logic.kleene import all_of, any_of, not_
from linewise.logic.nodes import Combination, ReactedTo, Setting, Treatment

from .doubt import RECEIVING
from .model import COURSE, MEDICINES, NOT_KNOWN, REACTIONS, TREATMENTS, Course, Medication, Origin, Reaction

_LISTS: dict[Setting, tuple[str, ...]] = {
    "any": ("adjuvant", "metastatic_lines"),
    "adjuvant": ("adjuvant",),
    "metastatic": ("metastatic_lines",),
    "first": ("metastatic_lines",),
    "last": ("metastatic_lines",),
}


class History:
    """The courses of one person as of a day. `interval` is the disease-free interval in months, where recorded.

    `open`: what was not understood, in words, by the list that it may belong to (see `doubt`).
    """

    def __init__(
        self,
        knowledge: Knowledge,
        courses: Iterable[Course],
        declared: frozenset[str],
        reactions: Iterable[Reaction] = (),
        medications: Iterable[Medication] = (),
        interval: float | None = None,
        open: Mapping[str, tuple[str, ...]] = {},
    ) -> None:
        self.knowledge, self.declared, self.interval = knowledge, declared, interval
        self.courses = tuple(courses)
        self.lines = tuple(course for course in self.courses if course.setting == "metastatic")
        self.adjuvant = tuple(course for course in self.courses if course.setting == "adjuvant")
        self.reactions, self.medications = tuple(reactions), tuple(medications)
        self._matched: dict[tuple[Treatment, int, bool], bool | None] = {}
        self._unread, self._misread = open, self._misread_by_list(open)

    def _misread_by_list(self, open: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """What nobody understood, in words, by the list that it leaves open: unread entries, drugs and effects that nobody knows, and
        medicines of which nobody says whether they are taken.
        """
        strange = [course for course in self.courses if self._nobody_knows(course.drugs)]
        found = {TREATMENTS: [*_from(strange, None).sources]}
        found[RECEIVING] = [*_from((course for course in strange if course.ongoing is not False), None).sources]
        found[MEDICINES] = [worded(one.origin) for one in self.medications if one.unsure or self._nobody_knows((one.drug,))]
        found[REACTIONS] = [
            worded(one.origin)
            for one in self.reactions
            if self._nobody_knows((one.drug,)) or self.knowledge.find_effect(one.effect) is None
        ]
        for name, words in open.items():
            found.setdefault(name, []).extend(words)
        return {name: tuple(dict.fromkeys(words)) for name, words in found.items() if words}

    # Questions with yes or no

    def had(self, treatment: Treatment, setting: Setting) -> Reading:
        return self._any(*self._of(treatment, setting), _LISTS[setting])

    def progressed(self, treatment: Treatment, setting: Setting) -> Reading:
        """A line ended by progression, or an adjuvant course on which the disease came back (only where asked for)."""
        courses = self.lines if setting == "any" else self._in(setting)
        unplaced = self._unplaced(setting)
        unknown: list[Course] = []
        for course in courses:
            match = self._match(treatment, course, present=True)
            ended = self._ended_by_progression(course)
            if match and ended and not unplaced:
                return _from((course,), True, bool(course.assumed))
            if match is not False and ended is not False:
                unknown.append(course)
        if unknown:
            return self._unknown(_from(unknown, None), TREATMENTS, COURSE)
        found = Reading(False, (), self._silent(_LISTS["metastatic" if setting == "any" else setting]))
        return self._unless_open(found, TREATMENTS, COURSE)

    def receiving(self, treatment: Treatment) -> Reading:
        found, unsure = self._matching(treatment, [course for course in self.courses if course.ongoing], present=True)
        perhaps = [one for one in self.courses if one.ongoing is None and self._match(treatment, one, present=True) is not False]
        return self._any(found, [*unsure, *perhaps], ("metastatic_lines",), RECEIVING)

    def taking(self, treatment: Treatment) -> Reading:
        """In the line that goes on, or besides it."""
        given = self.receiving(treatment)
        if given.value:
            return given
        sources, unknown = list(given.sources), given.value is None
        for medication in self.medications:
            match = self._taken(treatment, (medication.drug,))
            if match and not medication.unsure:
                return Reading(True, (worded(medication.origin),))
            if match is not False:
                unknown = True
                sources.append(worded(medication.origin))
        found = Reading(False, tuple(sources), self._silent(("medications",)))
        return self._unknown(found, RECEIVING, MEDICINES) if unknown else self._unless_open(found, RECEIVING, MEDICINES)

    def reacted(self, asked: ReactedTo) -> Reading:
        """Whether a treatment caused an effect. A reaction without a grade, of an unknown kind, or of which nobody says whether it is
        over may be the one asked about.
        """
        treatment, effect, grade = asked.treatment, asked.effect, asked.grade
        unknown: list[str] = []
        for reaction in self.reactions:
            same = effect is None or self._same_effect(reaction.effect, effect)
            if same is False:  # most questions are about another effect
                continue
            drug = self._taken(treatment, (reaction.drug,))
            bad = True if grade is None else None if reaction.grade is None else reaction.grade >= grade
            course = _in_course(reaction, asked.course)
            if drug and same and bad and course:
                return Reading(True, (worded(reaction.origin),))
            if False not in (drug, same, bad, course):
                unknown.append(worded(reaction.origin))
        if unknown:
            return self._unknown(Reading(None, tuple(dict.fromkeys(unknown))), REACTIONS)
        return self._unless_open(Reading(False, (), self._silent(("reactions",))), REACTIONS)

    def _same_effect(self, recorded: str, asked: str) -> bool | None:
        if recorded == asked:
            return True
        known = self.knowledge.find_effect(recorded)
        return None if known is None else known == (self.knowledge.find_effect(asked) or asked)

    # Questions with a number

    def months_on(self, treatment: Treatment, setting: Setting) -> Reading:
        """Months of the longest course; 0 where there was none; unknown where a course has no length."""
        courses, unsure = self._of(treatment, setting)
        if unsure or any(course.months is None for course in courses):
            return self._unknown(_from([*courses, *unsure], None), TREATMENTS)
        if not courses:
            return self._unless_open(Reading(0.0, (), self._silent(_LISTS[setting])), TREATMENTS)
        longest = max(courses, key=lambda course: course.months or 0.0)
        return self._unless_open(_from((longest,), float(longest.months or 0.0)), TREATMENTS)

    def months_since(self, treatment: Treatment, setting: Setting) -> Reading:
        """Months since the latest course ended; 0 while it goes on; without end where there was none."""
        courses, unsure = self._of(treatment, setting)
        since = [0.0 if course.ongoing else course.months_since_end for course in courses]
        known = [months for months in since if months is not None]
        if known and min(known) == 0.0:
            return _from(courses, 0.0)
        if unsure or len(known) < len(since):
            return self._unknown(_from([*courses, *unsure], None), TREATMENTS)
        if not courses:
            return self._unless_open(Reading(math.inf, (), self._silent(_LISTS[setting])), TREATMENTS)
        return self._unless_open(_from(courses, min(known)), TREATMENTS)

    def months_to_relapse(self, treatment: Treatment) -> Reading:
        """Months from the end of an adjuvant course to the relapse; the shortest of several; without end where there was none."""
        courses, unsure = self._matching(treatment, self.adjuvant)
        gaps = [self._gap(course) for course in courses]
        known = [gap for gap in gaps if gap is not None]
        if known and min(known) <= 0.0:
            return _from(courses, 0.0)
        if unsure or len(known) < len(gaps):
            return self._unknown(_from([*courses, *unsure], None), TREATMENTS)
        if courses:
            return self._unless_open(_from(courses, min(known)), TREATMENTS)
        if self.interval is not None and "adjuvant" not in self.declared:
            found = Reading(None, note="a disease-free interval is recorded, but not after which treatment")
            return self._unknown(found, TREATMENTS)
        return self._unless_open(Reading(math.inf, (), self._silent(("adjuvant",))), TREATMENTS)

    def lines_of(self, treatment: Treatment, setting: Setting) -> Reading:
        courses, unsure = self._of(treatment, setting)
        undated = [course for course in courses if course.undated]
        if undated and (len(courses) > 1 or sum(self._taken(treatment, (drug,)) is not False for drug in undated[0].drugs) > 1):
            unsure += undated
        if unsure:
            return self._unknown(_from([*courses, *unsure], None), TREATMENTS, COURSE)
        silent = not courses and self._silent(_LISTS[setting])
        return self._unless_open(_from(courses, float(len(courses)), silent), TREATMENTS, COURSE)

    # Parts

    @property
    def unread(self) -> tuple[str, ...]:
        """What was not understood and may have been a treatment, or a turn of the disease: nobody knows how many lines there were."""
        return (*self._unread.get(TREATMENTS, ()), *self._unread.get(COURSE, ()))

    def _unless_open(self, found: Reading, *lists: str) -> Reading:
        """The reading, unless an unread entry may change it."""
        return self._unknown(found, *lists) if any(name in self._unread for name in lists) else found

    def _unknown(self, found: Reading, *lists: str) -> Reading:
        """Unknown, with what was not understood on these lists."""
        words = tuple(dict.fromkeys(word for name in lists for word in self._misread.get(name, ())))
        sources = dict.fromkeys((*found.sources, *(word for name in lists for word in self._unread.get(name, ()))))
        return Reading(None, tuple(sources), note=found.note, open=words)

    def _nobody_knows(self, drugs: tuple[str, ...]) -> bool:
        known = (self.knowledge.drugs, self.knowledge.classes, (NOT_KNOWN,))
        return any(all(drug not in names for names in known) for drug in drugs)

    def _in(self, setting: Setting) -> tuple[Course, ...]:
        if setting == "any":
            return self.courses
        if setting == "adjuvant":
            return self.adjuvant
        if setting == "metastatic":
            return self.lines
        if self._unplaced(setting):
            return self.lines  # any of them may be
        return self.lines[:1] if setting == "first" else self.lines[-1:]

    def _unplaced(self, setting: Setting) -> bool:
        """Whether it is not known which line was the first or the last."""
        return setting in ("first", "last") and any(course.undated for course in self.lines)

    def _silent(self, lists: tuple[str, ...]) -> bool:
        """Whether "none" rests on a list that the record does not have."""
        return any(name not in self.declared for name in lists)

    def _any(self, found: list[Course], unsure: list[Course], lists: tuple[str, ...], open: str = TREATMENTS) -> Reading:
        if found:
            return _from(found, True)
        if unsure:
            return self._unknown(_from(unsure, None), open)
        return self._unless_open(Reading(False, (), self._silent(lists)), open)

    def _of(self, treatment: Treatment, setting: Setting) -> tuple[list[Course], list[Course]]:
        """The same for a setting. Where nobody knows which line was the first or the last, any that matches may be it."""
        found, unsure = self._matching(treatment, self._in(setting))
        return ([], [*found, *unsure]) if self._unplaced(setting) else (found, unsure)

    def _matching(
        self, treatment: Treatment, courses: Iterable[Course], present: bool = False
    ) -> tuple[list[Course], list[Course]]:
        """The courses that contained the treatment, and those that may have."""
        found, unsure = [], []
        for course in courses:
            match = self._match(treatment, course, present)
            if match:
                found.append(course)
            elif match is None:
                unsure.append(course)
        return found, unsure

    def _match(self, treatment: Treatment, course: Course, present: bool = False) -> bool | None:
        """Whether a course contained a treatment; `present`: now, or until its end."""
        present = present and bool(course.dropped)
        key = (treatment, id(course), present)
        if key not in self._matched:
            taken = self._apart if course.undated else self._taken
            self._matched[key] = taken(treatment, course.present if present else course.drugs)
        return self._matched[key]

    def _apart(self, treatment: Treatment, drugs: tuple[str, ...]) -> bool | None:
        """The same where nobody knows which drugs were given together: surely what one of them is alone, perhaps what some are together."""
        answers: list[bool | None] = []
        for one in treatment.alternatives:
            alone = any(self._combination(Combination(one.has), (drug,)) for drug in drugs)
            sure = alone and all(self._contains(drugs, name) is False for name in one.without)
            kept = tuple(drug for drug in drugs if not any(self._contains((drug,), name) for name in one.without))
            possible = bool(kept) and self._combination(Combination(one.has), kept) is not False
            answers.append(True if sure else None if possible else False)
        return any_of(answers)

    def _taken(self, treatment: Treatment, drugs: tuple[str, ...]) -> bool | None:
        answers = [self._combination(one, drugs) for one in treatment.alternatives]
        return any_of(answers)

    def _combination(self, one: Combination, drugs: tuple[str, ...]) -> bool | None:
        answers = [self._contains(drugs, name) for name in one.has]
        for name in one.without:
            answers.append(not_(self._contains(drugs, name)))
        return all_of(answers)

    def _contains(self, drugs: tuple[str, ...], name: str) -> bool | None:
        is_a, unsure = self.knowledge.is_a, False
        for drug in drugs:
            if is_a(drug, name):
                return True
            # Something nobody knows, or a class where one of its members was asked for.
            unsure = unsure or (drug not in self.knowledge.drugs and (drug not in self.knowledge.classes or is_a(name, drug)))
        return None if unsure else False

    def _ended_by_progression(self, course: Course) -> bool | None:
        if course.setting == "adjuvant":
            gap = self._gap(course)
            return None if gap is None else gap <= 0.0
        if course.ongoing:
            return False
        return None if course.stopped_for is None else course.stopped_for == "progression"

    def _gap(self, course: Course) -> float | None:
        """Months from the end of an adjuvant course to the relapse.

        A course that says how long ago it ended decides; where none does, the recorded interval counts from the last
        course, and from an earlier one the later ones lie in between.
        """
        if course.stopped_for == "progression" or course.ongoing:
            return 0.0
        if course.months_since_end is not None:
            return course.months_since_end
        if self.interval is None:
            return None
        later = self.adjuvant[self.adjuvant.index(course) + 1 :]
        if any(one.months is None for one in later):
            return None
        return self.interval + sum(one.months or 0.0 for one in later)


def _in_course(reaction: Reaction, course: str | None) -> bool | None:
    """Whether a reaction is in the state asked for: still there (`ongoing`) or over (`settled`)."""
    if course is None:
        return True
    return None if reaction.ongoing is None else reaction.ongoing is (course == "ongoing")


def worded(origin: Origin) -> str:
    """An entry of the record, as shown to a reader."""
    return f"{origin.where}: {origin.text}" if origin.text else origin.where


def _from(courses: Iterable[Course], value: bool | float | None, assumed: bool = False) -> Reading:
    sources = tuple(dict.fromkeys(worded(origin) for course in courses for origin in course.origins))
    return Reading(value, sources, assumed)
