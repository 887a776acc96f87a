"""The questions that may be asked, answered once: REST and assistants come through this door. Pure reading: nothing is stored, nobody is called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec

from linewise.errors import LinewiseError, RecordError
from linewise.exchange import codes_of, read_bytes
from linewise.knowledge import Knowledge
from linewise.knowledge.model import Region
from linewise.knowledge.search import Found, search_of
from linewise.knowledge.show import readable
from linewise.logic.where import did_you_mean
from linewise.plan import Plan, make_plan
from linewise.plan.diff import Change, Shift, between_days, shifts
from linewise.plan.interactions import Interaction, interactions, interactions_of
from linewise.plan.model import Option
from linewise.plan.side_effects import Rate, options_named, rates
from linewise.plan.what_if import changed
from linewise.plan.why import explain_option
from linewise.record import Record

_FOLDERS = (
    "treatments",
    "drugs",
    "classes",
    "facts",
    "tests",
    "evidence",
    "effects",
    "alerts",
    "sources",
    "pages",
    "glossary",
    "questions",
)
_MOST_NAMES = 100


class Desk:
    """Answers over one knowledge. `check` raises where the medicine may not answer."""

    def __init__(
        self, knowledge: Knowledge, today: Callable[[], dt.date], check: Callable[[], None], region: Region | None = None
    ) -> None:
        self.knowledge, self.today, self.check, self.region = knowledge, today, check, region
        self.codes = codes_of(knowledge)

    # What is asked with

    def record(self, value: object) -> Record:
        """The one record of a profile or of FHIR resources, as values. Raises RecordError."""
        if not isinstance(value, dict | list) or not value:
            raise RecordError("the record", "it must be a FHIR bundle or a profile, as an object.")
        found = read_bytes(msgspec.json.encode(value), "the record", self.codes)
        if len(found) != 1:
            raise RecordError("the record", f"it holds {len(found)} people; ask for one at a time.")
        return found[0]

    def day(self, text: object, name: str = "as_of") -> dt.date:
        """A day as 2026-11-30; today for nothing. Raises LinewiseError under the name that it was asked by."""
        if text is None or text == "":
            return self.today()
        try:
            return dt.date.fromisoformat(str(text))
        except ValueError:
            raise LinewiseError(f"{name} must be a day such as 2026-11-30.") from None

    def place(self, text: object) -> Region | None:
        """A region. Raises LinewiseError."""
        if text is None or text == "":
            return self.region
        return self.knowledge.region(str(text))

    # The questions

    def plan(self, record: object, region: object = None, as_of: object = None) -> Plan:
        """The plan of a record."""
        self.check()
        return make_plan(self.record(record), self.knowledge, self.day(as_of), self.place(region))

    def why(
        self, record: object, option: str, region: object = None, as_of: object = None
    ) -> tuple[Plan, list[tuple[Option, str]]]:
        """The whole reason for an option, or for every option with a drug, and what would have to be different."""
        plan = self.plan(record, region, as_of)
        return plan, explain_option(plan, option)

    def what_if(self, record: object, facts: object, region: object = None, as_of: object = None) -> tuple[Plan, list[Shift]]:
        """The options whose status would be different with these facts."""
        if not isinstance(facts, dict) or not facts:
            raise LinewiseError("facts must be an object: the name of a fact, and the value that it would have.")
        before = self.plan(record, region, as_of)
        other = changed(before.record, facts, self.knowledge, before.day)
        after = make_plan(other, self.knowledge, before.day, before.region)
        return after, shifts(before, after)

    def interactions(self, medicines: object) -> tuple[list[Interaction], list[str]]:
        """What these medicines do together, and the names that nobody knows here: about those nothing is said, which is not "none"."""
        if not isinstance(medicines, list) or not medicines or not all(isinstance(one, str) and one.strip() for one in medicines):
            raise LinewiseError("medicines must be a list of names.")
        if len(medicines) > _MOST_NAMES:
            raise LinewiseError(f"at most {_MOST_NAMES} medicines at a time.")
        self.check()
        record, unknown = interactions_of(medicines, self.knowledge)
        return interactions(make_plan(record, self.knowledge, self.today(), self.region)), unknown

    def side_effects(self, option: str) -> list[Rate]:
        """How often side effects occurred in the trials of an option."""
        names = options_named(option, self.knowledge)
        if not names:
            raise LinewiseError(f"no option with counted side effects is called `{option}`.")
        return rates(names, self.knowledge)

    def search(self, words: str, most: int = 10) -> list[Found]:
        """The best answers of everything that is known."""
        return search_of(self.knowledge).find(words[:400], max(1, min(most, 30)))

    def thing(self, name: str) -> dict[str, Any]:
        """Everything that stands under an id, by the folder that it stands in. Raises LinewiseError with the nearest name."""
        content = self.knowledge.content
        found = {folder: readable(getattr(content, folder)[name]) for folder in _FOLDERS if name in getattr(content, folder)}
        if not found:
            drug = self.knowledge.find_drug(name)
            if drug is not None and drug != name:
                return self.thing(drug)
            near = did_you_mean(name, [key for folder in _FOLDERS for key in getattr(content, folder)])
            raise LinewiseError(f"nothing is called `{name}`. {near or ''}".strip())
        return found

    def changes(self, since: object, until: object = None, region: object = None) -> list[Change]:
        """The statements that came into force or ended after one day, up to another."""
        if not since:
            raise LinewiseError("since must be a day such as 2026-01-01.")
        place, first, last = self.place(region), self.day(since, "since"), self.day(until, "until")
        if last < first:
            raise LinewiseError("until must not lie before since.")
        found = between_days(self.knowledge, first, last)
        return [one for one in found if place is None or not one.region or place in one.region]

    @property
    def edition(self) -> dict[str, Any]:
        """Which medicine answers."""
        content = self.knowledge.content
        return {
            "version": content.version,
            "date": content.version_on.text if content.version_on else None,
            "digest": content.digest,
            "options": len(content.treatments),
            "drugs": len(content.drugs),
            "sources": len(content.sources),
        }
