"""Lines of therapy: administrations, in any order and with gaps in what is known, grouped into courses.

After the framework of Saini and Twelves (Determining lines of therapy in patients with solid cancers, Br J Cancer 2021;125:155-163,
doi:10.1038/s41416-021-01319-8): a new line begins when an agent is started because the disease grew, or when a regimen is replaced by an unrelated one. Agents
started together are one regimen. Not a new line: a swap inside a class without progression, maintenance with part of a
regimen or with an endocrine agent after chemotherapy, a pause. Bone agents and ovarian suppression are never lines.
What the framework leaves to judgement is decided here by `Parameters`, said in `reason`, and marked `contested`.

Drugs without any day are known to have been given, and that is all: they stand apart, as one `undated` course.
Which drugs make, join or leave a line is knowledge (`classes/`), not code.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import pairwise

import msgspec

from linewise.knowledge import Knowledge
from linewise.logic.nodes import DAYS_IN

from .model import Administration, Course, Record, Setting, StopReason
from .parameters import STANDARD, Parameters
from .parts import joined, maintains, swaps
from .supply import Known, known_on

_DAYS_PER_MONTH = DAYS_IN["months"]

FIRST = "first treatment recorded in this setting"
OTHER = "a different agent, after the one before"
NOW = "going on, and begun on a day that is not recorded"
UNDATED = "given on days that are not recorded: one line or several, in an unknown order"

NO_SPREAD_DAY = "taken as given for metastatic disease: the day it was found is not recorded"
NO_DAY = "taken as given for metastatic disease: the day of treatment is not recorded"
UNTIL_NEXT = "taken as given until the next line began: no end is recorded"
PERHAPS = "given a short time before this day: whether it goes on is not recorded"
UNSURE = "the record does not say whether it goes on"
OVER = "taken as over since it was last recorded: no end is recorded"
SUPPLIED = "taken as going on: the last supply, with the time allowed for the next, reaches this day"
RAN_OUT = "taken as ended when the supply ran out: no later one is recorded"
GREW = "taken as stopped because the disease grew: no reason is recorded, and a new line followed"
OVERTAKEN = "taken as stopped because the disease grew: a new line followed"
"""What was inferred about a course, in the words of its `assumed`. The reader of many people at once says the same."""


class _Line(msgspec.Struct):
    """A line while it is being put together."""

    setting: Setting
    start: dt.date | None
    reason: str
    given: dict[str, list[Known]] = msgspec.field(default_factory=dict)
    held: dict[str, list[Known]] = msgspec.field(default_factory=dict)  # and what goes on from the line before
    contested: list[str] = msgspec.field(default_factory=list)

    def add(self, one: Known) -> None:
        self.given.setdefault(one.drug, []).append(one)
        self.held.setdefault(one.drug, []).append(one)

    def contest(self, text: str) -> None:
        """Another way to read it, said once."""
        if text not in self.contested:
            self.contested.append(text)

    def everything(self) -> list[Known]:
        return [one for ones in self.given.values() for one in ones]

    def last_day(self, drug: str | None = None) -> dt.date | None:
        """The last day on which something of it, or one drug, is known to have been given."""
        ones = [one for name, held in self.held.items() if drug in (None, name) for one in held]
        return max((day for one in ones for day in (one.start, one.end) if day), default=None)

    def going(self) -> bool:
        return any(one.ongoing for held in self.held.values() for one in held)

    def ended(self, drug: str, day: dt.date) -> bool:
        """Whether a drug was not given any more on a day, as far as is known."""
        return not any(one.ongoing or (one.end is not None and one.end > day) for one in self.held[drug])


def courses_of(record: Record, knowledge: Knowledge, day: dt.date, parameters: Parameters = STANDARD) -> tuple[Course, ...]:
    """The courses of a record as of a day: those that it states, or those grouped from its administrations."""
    stated = [course for course in record.courses if course.start is None or course.start <= day]
    if stated or not record.administrations:
        grown = [event.on for event in record.events if event.what == "progression" and event.on and event.on <= day]
        return tuple(_numbered(joined(stated, knowledge, grown, parameters)))
    return tuple(_numbered(_Grouping(record, knowledge, day, parameters).courses()))


def other_medicines(record: Record, knowledge: Knowledge) -> list[Administration]:
    """Administrations of drugs that make or join no line: bone agents, supportive drugs, everything else."""
    return [one for one in record.administrations if role(knowledge, one.drug) == "other"]


class _Grouping:
    def __init__(self, record: Record, knowledge: Knowledge, day: dt.date, parameters: Parameters) -> None:
        self.knowledge, self.day, self.parameters = knowledge, day, parameters
        dated = [event for event in record.events if event.on is not None and event.on <= day]
        self.progressions = sorted(event.on for event in dated if event.what == "progression" and event.on)
        self.settled = sorted(event.on for event in dated if event.what in ("response", "stable") and event.on)
        spread = [event for event in record.events if event.what == "metastatic" and (event.on is None or event.on <= day)]
        self.spread_on = min((event.on for event in spread if event.on), default=None)
        self.spread = bool(spread) or any(entry.fact == "metastatic" and entry.value is True for entry in record.entries)
        counted = _ordered(known_on(record.administrations, day, self.progressions, parameters))
        self.making = [one for one in counted if role(knowledge, one.drug) == "makes"]
        self.joining = [one for one in counted if role(knowledge, one.drug) == "joins"]

    def courses(self) -> list[Course]:
        lines: list[_Line] = []
        for one in (one for one in self.making if not _loose(one)):
            current = lines[-1] if lines else None
            if current is None or not self._belongs(one, current):
                current = self._begun(one, current)
                lines.append(current)
            current.add(one)
        undated = self._undated(lines)
        for one in self.joining:
            home = self._home(one, lines) if lines else undated[-1] if undated else None
            if home is not None:
                home.add(one)
        self._carry(lines)
        found = [self._course(line, lines[index + 1] if index + 1 < len(lines) else None) for index, line in enumerate(lines)]
        return found + [self._apart(line, lines) for line in undated]

    def _undated(self, lines: list[_Line]) -> list[_Line]:
        """What is over and has no day goes with the last line that has the drug; what is in none stands apart, by setting."""
        apart: dict[Setting, _Line] = {}
        for one in filter(_loose, self.making):
            setting = self._setting(one)
            home = next((line for line in reversed(lines) if line.setting == setting and one.drug in line.given), None)
            (home or apart.setdefault(setting, _Line(setting, None, UNDATED))).add(one)
        return [apart[setting] for setting in sorted(apart)]

    def _carry(self, lines: list[_Line]) -> None:
        """An agent that goes on while the next line is given is part of that line, too, in whichever line it was begun."""
        own = [(line, set(line.given), line.everything()) for line in lines]
        for index, (line, _, given) in enumerate(own):
            for later, there, _ in own[index + 1 :]:
                if later.setting == line.setting:
                    for one in given:
                        if one.drug not in there and self._reaches(one, later):
                            later.add(one)

    def _reaches(self, one: Known, later: _Line) -> bool:
        """Whether what was begun before is still given when a line has begun, and not only until the change."""
        if _going_on(one):
            return True
        return one.end is not None and later.start is not None and (one.end - later.start).days > self.parameters.window

    # Which line

    def _begun(self, one: Known, previous: _Line | None) -> _Line:
        line = _Line(self._setting(one), one.start, FIRST)
        if previous is None or previous.setting != line.setting:
            return line
        if one.start is None or previous.start is None:
            line.reason = NOW
            return line
        until = one.start + dt.timedelta(days=self.parameters.window)
        line.held = {drug: list(ones) for drug, ones in previous.held.items() if not previous.ended(drug, until)}
        if grown := self._grew(previous.start, one.start):
            what = "the same agent again" if one.drug in previous.held else "new agent"
            line.reason = f"{what} {(one.start - grown).days} days after progression"
        elif self._paused(one, previous):
            line.reason = f"begun after a pause of {self._pause(one, previous)} days"
        else:
            line.reason = OTHER
            if line.held:
                line.contest(
                    f"{one.drug} was added while {next(iter(line.held))} went on, and no progression is recorded: a line of its own. "
                    "Had it been planned from the start, it would be the same line."
                )
        return line

    def _belongs(self, one: Known, line: _Line) -> bool:
        """Whether an administration is part of the line that is being built."""
        if self._setting(one) != line.setting:
            return False
        if one.start is None or line.start is None:  # going on now, so with what goes on now
            return line.start is None or line.going() or self._lately(line.last_day())
        if self._paused(one, line):
            return False
        grown = self._grew(line.start, one.start)
        if one.drug in line.held:
            return not grown or self._beyond(one, line, grown)
        if grown:
            return False
        if (one.start - line.start).days <= self.parameters.window:
            return True
        return self._swap(one, line) or self._maintenance(one, line)

    def _grew(self, since: dt.date, until: dt.date) -> dt.date | None:
        """The last progression after `since` and not after `until`."""
        found = [day for day in self.progressions if since < day <= until]
        return found[-1] if found else None

    def _beyond(self, one: Known, line: _Line, grown: dt.date) -> bool:
        """Carried on beyond a progression: given before it and after it without a break."""
        before = any(
            given.start and given.start < grown and (given.ongoing or (given.end and given.end > grown))
            for given in line.held[one.drug]
        )
        last = line.last_day(one.drug)
        near = last is not None and one.start is not None and (one.start - last).days <= self.parameters.recent
        if before or near:
            line.contest(
                f"{one.drug} went on although the disease had grown, and it was no new agent: the same line. "
                "Counted by progression, it would be a line of its own."
            )
        return before or near

    def _pause(self, one: Known, line: _Line) -> int:
        last = line.last_day()
        return (one.start - last).days if one.start is not None and last is not None else 0

    def _paused(self, one: Known, line: _Line) -> bool:
        gap = self.parameters.gap
        return gap is not None and not line.going() and self._pause(one, line) > gap

    def _swap(self, one: Known, line: _Line) -> bool:
        for other in line.held:
            until = one.start and one.start + dt.timedelta(days=self.parameters.window)
            if swaps(self.knowledge, one.drug, other) and until and line.ended(other, until):
                line.contest(
                    f"{one.drug} took the place of {other} inside its class and no progression is recorded: the same line. "
                    "Were it given for progression, it would be a line of its own."
                )
                return True
        return False

    def _maintenance(self, one: Known, line: _Line) -> bool:
        last = line.last_day()
        if last is None or one.start is None or (one.start - last).days > self.parameters.maintenance:
            return False
        follows = [drug for drug in line.held if maintains(self.knowledge, one.drug, drug)]
        until = one.start + dt.timedelta(days=self.parameters.window)
        if not follows or any(line.ended(drug, until) for drug in line.held if drug not in follows):
            return False  # what it does not maintain has to go on beside it
        completed = any(given.stopped_for == "completion" for given in line.everything())
        controlled = any(line.start is not None and line.start < day <= one.start for day in self.settled)
        if not (completed or controlled):
            return False
        line.contest(
            f"{one.drug} followed without progression, as maintenance: the same line. "
            "Were it given for progression, it would be a line of its own."
        )
        return True

    def _setting(self, one: Known) -> Setting:
        if one.setting is not None:
            return one.setting
        if not self.spread:
            return "adjuvant"
        if self.spread_on is None or one.start is None:
            return "metastatic"
        return "metastatic" if (self.spread_on - one.start).days <= self.parameters.window else "adjuvant"

    def _home(self, one: Known, lines: list[_Line]) -> _Line:
        """The line that was going on when a joining drug was started, or the next one."""
        start = one.start
        if start is None:
            return lines[-1]
        going = [line for line in lines if line.start is not None and (line.start - start).days <= self.parameters.window]
        return going[-1] if going else lines[0]

    # The finished course

    def _course(self, line: _Line, following: _Line | None) -> Course:
        makers = [one for one in line.everything() if role(self.knowledge, one.drug) == "makes"]
        after = following if following is not None and following.setting == line.setting else None
        last = after is None and (following is None or line.setting == "metastatic")
        went_on = [one for one in makers if after is not None and self._reaches(one, after)]
        going = last and any(one.ongoing for one in makers)
        perhaps = last and not going and any(self._recent(one) for one in makers)
        untold = perhaps and not any(one.open and self._lately(one.start) for one in makers)
        end = None if going or perhaps else _end(makers, went_on, after)
        inferred = not going and end is None and after is not None and after.start is not None
        if inferred and after is not None:
            end = after.start
        stopped, grew = (None, False) if going or perhaps else self._stopped(line, makers, went_on, following)
        over = last and not going and not perhaps and stopped is None and any(one.open for one in makers)
        notes = {
            NO_SPREAD_DAY: self._unplaced(line, makers) and self.spread_on is None,
            NO_DAY: self._unplaced(line, makers) and self.spread_on is not None and line.start is None,
            UNTIL_NEXT: inferred,
            PERHAPS: perhaps and not untold,
            UNSURE: untold,
            OVER: over,
            SUPPLIED: going and all(one.supply for one in makers if one.ongoing),
            RAN_OUT: end is not None and _ran_out(makers, end),
            GREW: grew,
        }
        made = self._made(line, end, stopped, True if going else None if perhaps else False, notes)
        return msgspec.structs.replace(made, dropped=self._dropped(line, end))

    def _apart(self, line: _Line, lines: list[_Line]) -> Course:
        """The drugs without a day. A single one, where there is no line else, is one line; several may be any number."""
        makers = [one for one in line.everything() if role(self.knowledge, one.drug) == "makes"]
        drugs = {one.drug for one in makers}
        undated = len(drugs) > 1 or any(other.setting == line.setting for other in lines)
        said = {one.stopped_for for one in makers}
        stopped = said.pop() if len(said) == 1 else None
        end = None if len(drugs) > 1 else max((one.end for one in makers if one.end is not None), default=None)
        unplaced = self._unplaced(line, makers)
        notes = {NO_SPREAD_DAY: unplaced and self.spread_on is None, NO_DAY: unplaced and self.spread_on is not None}
        untold = stopped is None and end is None and any(one.unsure for one in makers)
        notes[UNSURE] = untold
        return msgspec.structs.replace(self._made(line, end, stopped, None if untold else False, notes), undated=undated)

    def _made(
        self, line: _Line, end: dt.date | None, stopped: StopReason | None, ongoing: bool | None, notes: dict[str, bool]
    ) -> Course:
        return Course(
            drugs=tuple(sorted(line.given)),
            setting=line.setting,
            start=line.start,
            end=end,
            months=_months(line.start, self.day if ongoing else end),
            months_since_end=_months(end, self._until(line)) if end is not None else None,
            stopped_for=stopped,
            ongoing=ongoing,
            assumed=tuple(note for note, holds in notes.items() if holds),
            reason=line.reason,
            contested=" ".join(line.contested),
            origins=tuple(sorted({one.origin for one in line.everything()}, key=lambda o: (o.where, o.text))),
        )

    def _dropped(self, line: _Line, end: dt.date | None) -> tuple[str, ...]:
        """The drugs that were given no more when the line ended, or are not now, while another goes on.

        While the line goes on, what is said to be over is over. Else a drug was dropped when its last day lies long before that of the line; one given
        on single days, on two at least, when the next was long due.
        """
        given = line.everything()
        going = end is None and any(one.ongoing for one in given)
        until = self.day if going else end or max((day for one in given for day in (one.start, one.end) if day), default=None)
        return tuple(sorted(drug for drug, ones in line.given.items() if until and self._over(ones, until, going)))

    def _over(self, ones: list[Known], until: dt.date, going: bool) -> bool:
        single = any(one.open for one in ones)
        if going and not single:
            return all(not one.ongoing and (one.ongoing is False or one.end or one.stopped_for) for one in ones)
        last = max((day for one in ones for day in (one.start, one.end) if day), default=None)
        if last is None or any(one.ongoing or (one.end is None and not one.open) for one in ones):
            return False
        if single and len({one.start for one in ones}) < 2:
            return False
        return (until - last).days > (self.parameters.recent if single else self.parameters.window)

    def _unplaced(self, line: _Line, makers: Iterable[Known]) -> bool:
        """Whether only the spread of the disease, and no record of the intent, makes it a line for metastatic disease."""
        return line.setting == "metastatic" and not any(one.setting for one in makers)

    def _recent(self, one: Known) -> bool:
        """Whether a single day of treatment is so near that the next may be to come, and the disease has not grown since.

        Of a drug of which the source does not say whether it goes on, however long ago it was begun.
        """
        if one.open and one.unsure and one.start is not None:
            return self._grew(one.start, self.day) is None
        return one.open and self._lately(one.start)

    def _lately(self, day: dt.date | None) -> bool:
        if day is None or (self.day - day).days > self.parameters.recent:
            return False
        return self._grew(day, self.day) is None

    def _until(self, line: _Line) -> dt.date:
        """Up to when "since its end" counts: the relapse for an adjuvant course, the day for a line."""
        return self.spread_on if line.setting == "adjuvant" and self.spread_on is not None else self.day

    def _stopped(
        self, line: _Line, makers: list[Known], went_on: list[Known], following: _Line | None
    ) -> tuple[StopReason | None, bool]:
        """Why it ended, and whether growth was only assumed. What went on into the next line was not stopped in this one."""
        said = sorted((one for one in makers if one.stopped_for is not None and one not in went_on), key=_ended_on)
        if said:
            grown = any(one.stopped_for == "progression" for one in said)
            return "progression" if grown else said[-1].stopped_for, False
        if line.setting == "adjuvant":
            return None, False
        until = following.start if following is not None else self.day
        if line.start is not None and until is not None and self._grew(line.start, until):
            return "progression", False
        if following is not None and following.setting == "metastatic" and not went_on:
            return "progression", True
        return None, False


def _loose(one: Known) -> bool:
    """Known to have been given, on no day at all: it has no place in the order."""
    return one.start is None and not one.ongoing


def _ended_on(one: Known) -> tuple[dt.date, str, str]:
    return (one.end or one.start or dt.date.min, one.drug, one.origin.where)


def _going_on(one: Known) -> bool:
    return one.ongoing is True and one.stopped_for is None


def _end(makers: list[Known], went_on: list[Known], after: _Line | None) -> dt.date | None:
    """The last day on which it is known to have been given, at the latest the day on which the next line began."""
    singles = {(one.drug, one.start) for one in makers if one.open}
    repeated = len(singles) > len({drug for drug, _ in singles})
    days = [one.end for one in makers if one.end is not None and one not in went_on]
    if days or (repeated and after is None):
        days += [one.start for one in makers if one.open and one.start is not None]
    if after is None or after.start is None:
        return max(days, default=None)
    limit = after.start
    return limit if went_on else max((min(day, limit) for day in days), default=None)


def _ran_out(makers: list[Known], end: dt.date) -> bool:
    """Whether its end is only that of a supply."""
    supplied = max((one.end for one in makers if one.supply and one.end), default=None)
    others = [one.end or one.start for one in makers if not one.supply and (one.end or one.open)]
    return supplied == end and all(other is not None and other < end for other in others)


def role(knowledge: Knowledge, drug: str) -> str:
    """What a drug is to a line: it `makes` one, `joins` one, or is `other` medicine."""
    classes = [knowledge.classes[name] for name in knowledge.classes_of(drug) if name in knowledge.classes]
    if any(one.makes_line for one in classes):
        return "makes"
    return "joins" if any(one.joins_line for one in classes) else "other"


def _ordered(given: list[Known]) -> list[Known]:
    """In the order of time. Of one day what is new comes first: then what it is given with is found to be part of the same line."""
    days: dict[str, set[dt.date]] = {}
    for one in given:
        if one.start is not None:
            days.setdefault(one.drug, set()).add(one.start)
    before: dict[tuple[str, dt.date], dt.date] = {}
    for drug, found in days.items():
        before |= {(drug, day): earlier for earlier, day in pairwise(sorted(found))}

    def key(one: Known) -> tuple[dt.date, dt.date, str, str]:
        start = one.start or dt.date.max
        return (start, before.get((one.drug, start), dt.date.min), one.drug, one.origin.where)

    return sorted(given, key=key)


def _months(start: dt.date | None, end: dt.date | None) -> float | None:
    if start is None or end is None:
        return None
    return round(max((end - start).days, 0) / _DAYS_PER_MONTH, 1)


def _numbered(courses: list[Course]) -> list[Course]:
    """Lines for metastatic disease numbered from 1, in their order; a line that another followed is over. What has no place has no number."""
    last = sum(course.setting == "metastatic" and not course.undated for course in courses)
    found: list[Course] = []
    number = 0
    for course in courses:
        if course.setting != "metastatic" or course.undated:
            found.append(course)
            continue
        number += 1
        changes: dict[str, object] = {"number": number}
        if course.ongoing and number < last:
            changes |= {"ongoing": False, "stopped_for": "progression", "assumed": (*course.assumed, OVERTAKEN)}
        found.append(msgspec.structs.replace(course, **changes))
    return found
