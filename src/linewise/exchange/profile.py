"""The short form of a record, written by hand in YAML or JSON: checked against its schema, then turned into entries.

Shape faults stop the reading, all of them listed at once. Words outside the vocabulary do not: they come back as unread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from linewise.errors import RecordError
from linewise.exchange.codes import Codes, FactShape, normal
from linewise.exchange.measured import measured, spoken_of
from linewise.exchange.shape import faults, shown, softened
from linewise.exchange.words import book_of
from linewise.record.model import Course, Entry, FactValue, Medication, Origin, Reaction, Record, Setting, Unread

_COURSES: dict[str, Setting] = {"adjuvant": "adjuvant", "metastatic_lines": "metastatic"}
_NOT_FACTS = {"id", "region", *_COURSES, "reactions", "medications", "symptoms"}
_IN_WORDS = frozenset({"symptoms", "comorbidities"})  # lists whose entries may be the usual words instead of an id
_LONGEST = 80  # letters of a word that may be a known one, mistyped
_SHORT = 5  # letters of a word that may be an abbreviation
_HINTS = 200  # misunderstood words that are compared with the known ones: nobody reads more, and each takes time
_DECLARED = ("adjuvant", "metastatic_lines", "comorbidities", "reactions", "medications", "symptoms", "planned")


def looks_like_profile(value: Any, codes: Codes) -> bool:
    """Whether a group of members was meant as a profile: no resource type, and at least one member of a profile."""
    known = codes.profile.schema.get("properties", {}).keys() - {"id", "region"}
    return isinstance(value, dict) and "resourceType" not in value and any(name in known for name in value)


def read_profile(value: Mapping[str, Any], name: str, codes: Codes, lenient: bool = False) -> Record:
    """The record that a profile holds. `lenient` takes numbers for text, as YAML writes them.

    Raises RecordError with every fault of shape, each with its place.
    """
    schema = codes.profile.schema
    if lenient:
        value = softened(value, schema)
    found = faults(value, schema)
    if found:
        raise RecordError(name, "; ".join(found) + ".")
    reader = _Reader(value, codes)
    return reader.record()


class _Reader:
    def __init__(self, value: Mapping[str, Any], codes: Codes) -> None:
        self.value, self.codes = value, codes
        self.entries: list[Entry] = []
        self.unread: list[Unread] = []
        self.notes: list[str] = []

    def record(self) -> Record:
        value = self.value
        for name in value:
            if name not in _NOT_FACTS:
                self._member(name, value[name])
        self._symptoms(value.get("symptoms", ()))
        courses = [course for name, setting in _COURSES.items() for course in self._courses(name, setting)]
        record = Record(
            id=value.get("id"),
            region=value.get("region"),
            courses=courses,
            reactions=list(self._reactions()),
            medications=list(self._medications()),
            declared=self._declared(),
            format="profile",
        )
        record.scope = self._metastatic()
        record.entries, record.unread, record.notes = self.entries, self.unread, self.notes
        return record

    def _declared(self) -> frozenset[str]:
        value = self.value
        names = {name for name in _DECLARED if name in value}
        names |= {"sites"} if "metastatic_sites" in value else set()
        return frozenset(names | set(value.get("preferences", ())))

    def _metastatic(self) -> str | None:
        """A profile speaks of metastatic disease, unless it says itself that there is no spread and never was."""
        value = self.value
        brain = value.get("brain", {}).get("status") in ("stable", "active")
        spread = value.get("metastatic_lines") or value.get("de_novo") or value.get("lesion_count") or brain
        none = value.get("metastatic_sites") == [] and not spread
        where = "metastatic_sites" if "metastatic_sites" in value else "profile"
        text = "no place listed" if none else "a profile is a record of metastatic disease"
        self.entries.append(Entry(fact="metastatic", value=not none, origin=Origin(where, text)))
        if none:
            return "The record lists no place of spread and no treatment for metastatic disease: not metastatic on this record."
        return None

    def _member(self, path: str, value: Any) -> None:
        """One member, or the members inside it, as entries."""
        fact = self.codes.profile.members.get(path)
        if fact:
            self._entry(fact, value, path)
        elif isinstance(value, dict):
            for name, inner in value.items():
                self._member(f"{path}.{name}", inner)
        else:
            self._open(path, value)

    def _open(self, path: str, value: Any) -> None:
        """A member whose name is free: a gene or a laboratory value. Its last word may be a fact's own name."""
        name = path.rsplit(".", 1)[-1]
        fact = name if name in self.codes.facts else self.codes.profile.members.get(f"*.{name}")
        shape = self.codes.facts.get(fact) if fact else None
        told = measured(name, value, self.codes) if shape is None or (shape.type == "number" and isinstance(value, str)) else None
        if told is not None:
            self.entries.append(Entry(fact=told.fact, value=told.value, origin=Origin(path, _plain(value))))
        elif fact:
            self._entry(fact, value, path)
        else:
            names = dict.fromkeys([*self.codes.facts, *(key.rsplit(".", 1)[-1] for key in self.codes.profile.members)])
            close = self._closest(name, names)
            fact = close if close in self.codes.facts else self.codes.profile.members.get(f"*.{close}", "")
            why = f"“{name}” is not a known gene, marker or measurement{_meant(close)}"
            self._leave(path, f"{name}: {_plain(value)}", why, (fact,) if fact else self._spoken_of(name))

    def _spoken_of(self, name: str) -> tuple[str, ...]:
        return self.codes.named_in(name) or spoken_of(name, self.codes)

    def _entry(self, fact: str, value: Any, where: str) -> None:
        shape = self.codes.facts[fact]
        if shape.type == "set" and isinstance(value, list):
            for number, item in enumerate(value):
                self._set_member(fact, shape, item, f"{where}[{number}]")
            return
        fitting, why = _fitting(value, shape)
        if fitting is None:
            self._leave(where, _plain(value), why, (fact,))
        else:
            self.entries.append(Entry(fact=fact, value=fitting, origin=Origin(where, _plain(value))))

    def _set_member(self, fact: str, shape: FactShape, item: str, where: str, symptom: Mapping[str, Any] | None = None) -> None:
        """One member of a list: an id of the vocabulary, or the usual words for one. `symptom`: how strong it is, and since when."""
        said = symptom or {}
        members = ((fact, item),) if not shape.values or item in shape.values else self._in_words(fact, item)
        for name, value in members:
            grade = _whole(said.get("grade"))
            self.entries.append(
                Entry(fact=name, value=value, grade=grade, since_days=said.get("since_days"), origin=Origin(where, item))
            )
        if not members:
            self._not_a_member(fact, shape, item, where)

    def _in_words(self, fact: str, item: str) -> tuple[tuple[str, str], ...]:
        """The members that the usual words for a symptom or an illness stand for, in either list; nothing where the words say less than an id.

        Words that hold only if the illness is recent say less: a profile has no day for it.
        """
        book = book_of(self.codes) if fact in _IN_WORDS else None
        if book is None or len(item) > _LONGEST:
            return ()
        own = self.codes.phrases.get(normal(item))
        if own is not None and own.fact == fact and isinstance(own.value, str) and not own.lasts:
            return ((fact, own.value),)  # "dry eyes" among symptoms is the symptom, whatever else bears the name
        said = book.illness(normal(item))
        if not said.understood and len(item) <= _SHORT:
            said = book.illness(item.upper())  # an abbreviation is read in capitals
        if not said.understood or said.touches or said.closed or said.grade is not None:
            return ()
        if any(one.lasts or one.doubted or one.fact not in _IN_WORDS for one in said.meanings):
            return ()
        found = [(one.fact, value) for one in said.meanings for value in (one.value, *one.also)]
        return tuple((name, value) for name, value in found if isinstance(value, str))

    def _not_a_member(self, fact: str, shape: FactShape, item: str, where: str) -> None:
        members = self.codes.groups.get(item, ())
        near = f"; say which: {', '.join(members)}" if members else self._near(item, shape.values)
        touches = [f"{fact}:{member}" for member in members] or [fact]
        self._leave(where, item, f"not a word of the vocabulary for {fact}{near}", touches)

    def _symptoms(self, symptoms: Any) -> None:
        for number, item in enumerate(symptoms):
            where = f"symptoms[{number}]"
            self._set_member("symptoms", self.codes.facts["symptoms"], item["name"], where, item)
            if "celsius" in item:
                self._entry(self.codes.profile.members["symptoms.celsius"], item["celsius"], f"{where}.celsius")

    def _courses(self, name: str, setting: Setting) -> Iterator[Course]:
        listed = self.value.get(name, [])
        for number, item in enumerate(listed):
            where = f"{name}[{number}]"
            last = setting == "metastatic" and number == len(listed) - 1
            open_end = "stopped_for" not in item
            assumed: tuple[str, ...] = ()
            if setting == "metastatic" and open_end and not last:
                assumed = ("it had ended before the next line; why is not recorded",)
            yield Course(
                drugs=tuple(self._drug(drug, f"{where}.drugs[{i}]") for i, drug in enumerate(item["drugs"])),
                setting=setting,
                number=number + 1 if setting == "metastatic" else None,
                months=item.get("months"),
                months_since_end=item.get("months_since_end"),
                stopped_for=item.get("stopped_for"),
                best_response=item.get("best_response"),
                ongoing=last and open_end and not item.get("months_since_end"),
                assumed=assumed,
                origins=(Origin(where, ", ".join(item["drugs"])),),
            )

    def _reactions(self) -> Iterator[Reaction]:
        for number, item in enumerate(self.value.get("reactions", ())):
            name = item["drug"]
            if self._known(name) is None and self.codes.is_other(name):
                self.notes.append(f"{name}: {item['effect']}. It is no drug that is spoken of here.")
            else:
                yield self._reaction(item, f"reactions[{number}]")

    def _reaction(self, item: Mapping[str, Any], where: str) -> Reaction:
        said, known = item["effect"], self.codes.effects
        book = book_of(self.codes) if known and said not in known else None
        effect = (book.effect(normal(said)) if book is not None and len(said) <= _LONGEST else "") or said
        if known and effect not in known:
            self._leave(f"{where}.effect", effect, f"not a known side effect{self._near(effect, known)}")
        drug = self._drug(item["drug"], f"{where}.drug")
        text = f"{item['drug']}: {said}"
        return Reaction(
            drug=drug,
            effect=effect,
            grade=_whole(item.get("grade")),
            ongoing=item.get("ongoing"),
            origin=Origin(where, text),
        )

    def _medications(self) -> Iterator[Medication]:
        for number, name in enumerate(self.value.get("medications", ())):
            where = f"medications[{number}]"
            yield Medication(drug=self._drug(name, where), origin=Origin(where, name))

    def _drug(self, name: str, where: str) -> str:
        """The drug's own id where the name is one, or a brand; else the name as written, listed as unread."""
        drug = self._known(name)
        if drug is None:
            near = self._near(name, self.codes.drugs | self.codes.classes)
            self._leave(where, name, f"not a drug or class that is known here{near}")
        return drug or name

    def _known(self, name: str) -> str | None:
        return name if name in self.codes.drugs or name in self.codes.classes else self.codes.names.get(normal(name))

    def _near(self, name: str, known: Iterable[str]) -> str:
        """`; did you mean x?`, or nothing where no known word is near."""
        return _meant(self._closest(name, known))

    def _closest(self, name: str, known: Iterable[str]) -> str:
        return _closest(name, known) if len(self.unread) < _HINTS else ""

    def _leave(self, where: str, what: str, why: str, touches: Iterable[str] = ()) -> None:
        self.unread.append(Unread(where=where, what=what, why=why, touches=tuple(touches)))


def _fitting(value: Any, shape: FactShape) -> tuple[FactValue | None, str]:
    """The value as the fact's type has it, or None and the reason."""
    if shape.type == "yes-no":
        return (value, "") if isinstance(value, bool) else (None, "only yes or no can be recorded here")
    if shape.type == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None, "a number is needed here" + (f", in {shape.unit}" if shape.unit else "")
        low = value if shape.low is None else shape.low
        high = value if shape.high is None else shape.high
        if not low <= value <= high:
            return None, f"outside what is possible ({shape.low:g} to {shape.high:g} {shape.unit})".replace(" )", ")")
        return float(value), ""
    if isinstance(value, str) and value in shape.values:
        return value, ""
    return None, f"not one of {', '.join(shape.values)}"


def _closest(name: str, known: Iterable[str]) -> str:
    """The known word that is nearest to a mistyped one; empty where none is near."""
    if len(name) > _LONGEST:
        return ""
    import difflib  # only when something was not understood

    close = difflib.get_close_matches(name, [str(word) for word in known], 1, 0.75)
    return close[0] if close else ""


def _meant(close: str) -> str:
    return f"; did you mean {close}?" if close else ""


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else shown(value)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
