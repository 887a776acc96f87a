"""One person's resources while they are read, and what has been understood of them so far.

The readers of single resource types write here. At the end everything is put in one order, so that the order of the file
does not matter, and what was not understood in the same way many times is said once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Literal

import msgspec

from linewise.exchange.codes import Codes, FactShape, Meaning, normal
from linewise.exchange.fhir.bundle import Person, Pool
from linewise.exchange.fhir.node import Node, codings, day, node, nodes, text, wording
from linewise.exchange.source import TWICE
from linewise.exchange.words import Book, book_of
from linewise.record.model import (
    COURSE,
    MEDICINES,
    REACTIONS,
    TREATMENTS,
    UNNAMED,
    Administration,
    Entry,
    Event,
    FactValue,
    Medication,
    Origin,
    Reaction,
    Unread,
)

Specimen = Literal["primary", "metastasis"]


MAY_SAY: dict[str, tuple[str, ...]] = {
    "Condition": ("comorbidities", "symptoms", "sites", "metastatic"),
    "AllergyIntolerance": (REACTIONS,), "AdverseEvent": (REACTIONS,), "Procedure": (UNNAMED,),
    **dict.fromkeys(("MedicationStatement", "MedicationRequest", "MedicationAdministration", "MedicationDispense"), (TREATMENTS, MEDICINES)),
}  # fmt: skip
"""What a resource of each kind may say something about."""


SILENT = "?"
"""Before what a resource touches only where the rest of the record is silent about it; without the record nobody can say so yet."""


class Spread(msgspec.Struct, frozen=True):
    """Something that says whether the cancer has spread: a stage, a category, a secondary tumour. `says` None: the nodes."""

    says: bool | None
    stage: str
    on: dt.date | None
    origin: Origin


class Cancer(msgspec.Struct, frozen=True):
    """A cancer that the record names: breast, other, in-situ, unknown-site."""

    kind: str
    origin: Origin


class Chart:
    """What one person's resources say. `where` and `origin` word places; `leave` lists what was not understood."""

    def __init__(self, person: Person, pool: Pool, codes: Codes, apart: bool = False) -> None:
        self.person, self.pool, self.codes = person, pool, codes
        self.apart = apart  # a resource is read by itself, without the rest of the record
        self.entries: list[Entry] = []
        self.administrations: list[Administration] = []
        self.medications: list[Medication] = []
        self.events: list[Event] = []
        self.reactions: list[Reaction] = []
        self.spread: list[Spread] = []
        self.cancers: list[Cancer] = []
        self.notes: set[str] = set()
        self.declared: set[str] = set()  # lists that the record says are whole: "no known allergies"
        self._left: dict[tuple[str, Unread], set[str]] = {}
        self._misdated: set[int] = set()

    @cached_property
    def book(self) -> Book | None:
        """The words of the readers of documents; None where the codes come without them. Looked for only where no code tells."""
        return book_of(self.codes)

    # Resources

    @contextmanager
    def careful(self, resource: Node) -> Iterator[None]:
        """One resource that the reader cannot bear costs only itself: it is listed, and leaves open what its kind may say."""
        if TWICE in resource and resource.get("resourceType") != "Observation":
            kind = text(resource.get("resourceType"))
            self.leave(resource, wording(resource.get("code")) or kind, text(resource.get("valueString")), MAY_SAY.get(kind, ()))
        try:
            yield
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as fault:
            kind = text(resource.get("resourceType"))
            self.leave(
                resource,
                wording(resource.get("code")) or kind,
                f"it could not be read ({type(fault).__name__})",
                MAY_SAY.get(kind) or self.codes.named_in(wording(resource.get("code"))),
            )

    def of(self, *kinds: str) -> list[Node]:
        """The person's resources of these types."""
        return [resource for resource in self.person.resources if resource["resourceType"] in kinds]

    def find(self, reference: Any, owner: Node) -> Node | None:
        return self.pool.find(reference, owner)

    def where(self, resource: Node) -> str:
        """A place a reader can find, which does not depend on the order of the file."""
        kind, identity = text(resource.get("resourceType")), text(resource.get("id"))
        if identity:
            return f"{kind}/{identity}"
        label = wording(resource.get("code") or resource.get("medicationCodeableConcept"))
        return f"{kind} ({label})" if label else kind

    def origin(self, resource: Node, said: str = "") -> Origin:
        return Origin(self.where(resource), said)

    def day(self, resource: Node, value: Any, what: str = "date") -> dt.date | None:
        """The day that a member gives; one that is no date is listed."""
        found = day(value)
        if found is None and text(value):
            self._misdated.add(id(resource))
            self.leave(resource, f"{what}: {text(value)}", "not a date as FHIR writes it")
        return found

    def misdated(self, resource: Node) -> bool:
        """Whether a day of the resource was no date."""
        return id(resource) in self._misdated

    # Codes

    def meanings(self, concept: Any) -> list[Meaning]:
        """What the codes of a concept stand for; where none is known, what its wording does."""
        listed = codings(concept)
        known = [self.codes.meaning(coding.system, coding.code) for coding in listed]
        found = [meaning for meaning in known if meaning is not None]
        if found:
            return found
        said = [text(node(concept).get("text")), *(coding.display for coding in listed)]
        named = [self.codes.phrases.get(normal(phrase)) for phrase in said if phrase]
        return [meaning for meaning in named if meaning is not None]

    # What was understood

    def state(
        self,
        fact: str,
        value: FactValue,
        resource: Node,
        said: str,
        on: dt.date | None = None,
        specimen: Specimen | None = None,
        until: dt.date | None = None,
        absent: bool = False,
        grade: int | None = None,
    ) -> bool:
        """Enter one statement, if the fact can hold it; list it otherwise."""
        shape = self.codes.facts[fact]
        if isinstance(value, float) and not _within(value, shape):
            why = f"outside what is possible for {fact} ({shape.low:g} to {shape.high:g})"
            self.leave(resource, said, why, (fact,), on, specimen=specimen)
            return False
        if isinstance(value, str) and shape.values and value not in shape.values:
            self.leave(resource, said, f"not a value that {fact} can have", (fact,), on, specimen=specimen)
            return False
        if on is None and id(resource) in self._misdated and shape.type != "set":
            self.leave(resource, said, "when it was found is not understood: it may be the newest", (fact,), specimen=specimen)
        origin = self.origin(resource, said)
        entry = Entry(fact=fact, value=value, on=on, specimen=specimen, grade=grade, until=until, absent=absent, origin=origin)
        self.entries.append(entry)
        return True

    def converted(self, fact: str, value: float, unit: str) -> float | None:
        """A number in the fact's own unit; None where the unit is not one for it."""
        return self.codes.converted(fact, value, unit)

    def leave(
        self,
        resource: Node,
        what: str,
        why: str,
        touches: Iterable[str] = (),
        on: dt.date | None = None,
        until: dt.date | None = None,
        specimen: Specimen | None = None,
        would: Entry | None = None,
    ) -> None:
        """List what was not understood, and what it may be about. The same thing said of many resources is listed once."""
        touched = tuple(dict.fromkeys(one if self.apart else one.partition("/")[0] for one in touches))
        days = {"on": on, "until": until, "specimen": specimen, "would": would} if touched else {}
        left = Unread(where="", what=what or "no name", why=why, touches=touched, **days)  # type: ignore[arg-type]
        self._left.setdefault((text(resource.get("resourceType")), left), set()).add(self.where(resource))

    @contextmanager
    def not_final(self, resource: Node, why: str) -> Iterator[None]:
        """While this lasts, what is stated decides nothing: it is left open, with what it would say."""
        before = self.entries, self.events, self.spread, self.cancers
        self.entries, self.events, self.spread, self.cancers = [], [], [], []
        try:
            yield
        finally:
            (entries, events, spread, cancers) = (self.entries, self.events, self.spread, self.cancers)
            self.entries, self.events, self.spread, self.cancers = before
            for entry in entries:
                touched = f"{entry.fact}:{entry.value}" if self.codes.facts[entry.fact].type == "set" else entry.fact
                self.leave(resource, entry.origin.text, why, (touched,), entry.on, specimen=entry.specimen, would=entry)
            for event in events:
                self.leave(resource, event.origin.text, why, (COURSE,), event.on)
            for one in spread:
                self.leave(resource, one.origin.text, why, ("metastatic", "sites"), one.on)
            for cancer in cancers:
                self.leave(resource, cancer.origin.text, why)

    def where_silent(self, touches: Iterable[str]) -> list[str]:
        """Of what a text or a plan may say, what stands nowhere else in the record. Read apart from the record, each is marked as such."""
        return [SILENT + one if self.apart else one for one in touches if self.apart or not self._stands(one)]

    def _stands(self, touched: str) -> bool:
        """Whether the record says it anyway: a fact, a member of a list, any treatment (`treatments`) or one drug (`treatments/DRUG`)."""
        name, _, member = touched.partition(":")
        whole, _, drug = name.partition("/")
        if whole == TREATMENTS:
            return any(not drug or (one.drug == drug and not one.planned) for one in self.administrations)
        return any(one.fact == name and (not member or one.value == member) for one in self.entries)

    # The end

    def unread(self) -> list[Unread]:
        listed = []
        for (_, left), places in self._left.items():
            first, *others = sorted(places)
            where = f"{first} and {len(others)} more" if others else first
            listed.append(msgspec.structs.replace(left, where=where))
        return ordered(listed)


def _within(value: float, shape: FactShape) -> bool:
    return (shape.low is None or value >= shape.low) and (shape.high is None or value <= shape.high)


def ordered(items: list[Any]) -> list[Any]:
    """Copies taken out and the rest in one order, whatever the order of the file."""
    keyed = {msgspec.json.encode(item, order="deterministic"): item for item in items}
    return [keyed[key] for key in sorted(keyed)]


def period(value: Any) -> tuple[Any, Any]:
    """The start and end of a FHIR period, as written."""
    return node(value).get("start"), node(value).get("end")


def first_concept(value: Any) -> Node:
    """The first concept of a member that may hold one or several."""
    listed = nodes(value)
    return listed[0] if listed else {}
