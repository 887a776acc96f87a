"""What the readers know of the knowledge: facts and their shapes, names of drugs, and what codes mean.

No code, drug or result word stands in this package. `knowledge/facts/codes.yaml` and the `codes:` members of facts and
drugs hold them, and `build` (in `tables.py`) makes one flat, serialisable `Codes` of it all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from linewise import __version__

FactType = Literal["choice", "yes-no", "number", "set"]


class FactShape(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one fact may hold: its type, values (for choices and sets), unit and range (for numbers)."""

    type: FactType
    values: tuple[str, ...] = ()
    unit: str = ""
    low: float | None = None
    high: float | None = None


class Meaning(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one code stands for. Which member is set says what kind of code it is.

    An observation's code has a `fact` that it answers; `percent` is the fact that takes its value where that is a
    percentage, `fallback` the fact for a value that the first cannot have. `answers` turns result words into the fact's
    values where they are not the same; `unclear` lists words that this code leaves ambiguous (`why` says so). A `general`
    code gives way to a more exact one beside it. `relative`: the value counts in multiples of the upper limit of normal.
    A code that is a whole statement has `fact` and `value`: a condition is an illness, an answer a value.
    """

    fact: str = ""
    value: str | float | bool | None = None
    percent: str = ""
    fallback: str = ""
    answers: dict[str, str] = {}
    unclear: tuple[str, ...] = ()
    why: str = ""
    general: bool = False
    relative: bool = False
    only: tuple[str, ...] = ()  # of a gene: the only changes that count
    word: str = ""  # a coded answer: the result word it stands for
    drug: str = ""
    site: str = ""  # of a body site: where it is, as in the fact `sites`, or `breast`
    secondary: bool = False  # a tumour that has spread
    cancer: str = ""  # breast, other, in-situ, unknown-site; regional: nodes near the breast
    event: str = ""  # of a procedure: surgery or radiotherapy
    role: str = ""  # what a member of a larger statement is: gene, variant, stage, …
    stage: str = ""  # of a stage or category: 0, I, II, III, IV, M0, M1
    effect: str = ""  # of a reaction's manifestation
    histology: str = ""
    beside: dict[str, str] = {}  # further facts that it says, and their values
    bands: dict[str, float] = {}  # of another scale: the lowest number of each band, and the value of the fact for it
    also: tuple[str, ...] = ()  # further values of the fact that it stands for
    lasts: int = 0  # days after which an illness that is called recent no longer is
    declares: str = ""  # of a statement that a list is empty ("no known allergies"): the list
    ignore: str = ""  # understood, and of no use here: why
    unit: str = ""  # of a measurement: the unit that its code or its name asks for, where a result gives none
    doubted: str = ""  # the value that stands for it where it is not confirmed
    note: str = ""  # said beside a result that is read


class UnitRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """From another unit to the fact's own: factor × (value − less) + plus."""

    factor: float = 1.0
    less: float = 0.0
    plus: float = 0.0


class Bound(msgspec.Struct, frozen=True, omit_defaults=True):
    """Results given as a limit only: `> x` is taken as x from `at_least` on, `< x` as 0 up to `below`. Others are unread."""

    at_least: float | None = msgspec.field(default=None, name="at-least")
    below: float | None = None


class Hint(msgspec.Struct, frozen=True):
    """Parts of words that tell what an entry may be about that is not understood; `touches` are names as in `record.model.Unread`."""

    words: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()


class Test(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the name of a test in words is about: the terms that stand in it, what it answers, and the name under which its result is read."""

    all: tuple[str, ...]
    meaning: Meaning
    say: str


class Named(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a term of the words is by itself: a member of a list (its own id), or a value of a fact."""

    fact: str
    value: str | bool | None = None


class Others(msgspec.Struct, frozen=True, omit_defaults=True):
    """What tells a medicine or a substance that is not known here from a drug against cancer: names, endings and beginnings, chapters of ATC."""

    words: frozenset[str] = frozenset()
    endings: tuple[str, ...] = ()
    beginnings: tuple[str, ...] = ()
    chapters: tuple[str, ...] = ()


class System(msgspec.Struct, frozen=True, omit_defaults=True):
    """A code system: its addresses; a prefix that codes may lack; whether a code means what its beginning means."""

    addresses: tuple[str, ...] = ()
    prefix: str = ""
    hierarchical: bool = False


class ProfileForm(msgspec.Struct, frozen=True):
    """The short form of a record: its JSON Schema, and which fact each member answers."""

    schema: dict[str, Any] = {}
    members: dict[str, str] = {}


Standing = Literal["counts", "taken-back", "not-final"]
"""How a result counts for its status."""


class Codes(msgspec.Struct, frozen=True):
    """Everything the readers look up. Make it with `build`; it can be stored with msgspec."""

    facts: dict[str, FactShape]
    groups: dict[str, tuple[str, ...]]  # group of values -> the values: said in hints
    drugs: frozenset[str]
    anticancer: frozenset[str]  # drugs that are part of the cancer's treatment
    classes: frozenset[str]
    effects: frozenset[str]
    names: dict[str, str]  # normalised name, brand or synonym -> drug id
    addresses: dict[str, str]  # address of a code system, lower case -> short name
    systems: dict[str, System]
    meanings: tuple[Meaning, ...]
    codes: dict[str, dict[str, int]]  # short name -> code -> number in `meanings`: many codes share one
    words: dict[str, str]  # normalised wording of a result -> result word
    fillers: frozenset[str]  # words in a result that do not change it
    forms: frozenset[str]  # words of salts and forms that may follow a drug's name
    answers: dict[str, dict[str, str]]  # fact -> result word -> value, for every code of the fact
    phrases: dict[str, Meaning]  # normalised name of what is observed or diagnosed -> meaning, where no code is known
    units: dict[str, dict[str, UnitRule]]  # fact -> unit, normalised -> rule
    bounds: dict[str, Bound]
    silent: dict[str, str]  # resource type -> why it is only counted
    hints: tuple[Hint, ...]
    profiles: dict[str, tuple[str, ...]]  # part of a FHIR profile's name -> what an entry of that profile touches
    chapters: dict[
        str, dict[str, dict[str, tuple[str, ...]]]
    ]  # system -> first letter of a code -> fact -> the members that it may be
    statuses: dict[str, dict[str, Standing]]  # resource type -> status of a result -> how it counts
    others: Others
    profile: ProfileForm
    lasting: frozenset[str]  # members of `comorbidities` that count although they are over: a code of each speaks of the past
    tests: tuple[Test, ...] = ()  # names of tests in words
    subjects: frozenset[str] = frozenset()  # kinds of terms of which the name of a test has one
    against: frozenset[str] = frozenset()  # kinds of terms that say that a name is that of no plain test of this person
    named: dict[str, Named] = {}  # kind of term -> what it is by itself
    of_names: frozenset[str] = frozenset()  # words in the name of a test that change nothing
    of_illnesses: frozenset[str] = frozenset()  # words in the name of an illness or a place that change nothing
    of_endings: frozenset[str] = frozenset()  # marks behind the name of an illness that say nothing of it, lower case
    of_medicines: frozenset[str] = frozenset()  # words in the name of a product that change nothing
    cancer_names: tuple[str, ...] = ()  # normalised names of breast cancer
    worded: bool = False  # whether words that no table has are read, too: see `exchange.words`
    omop: dict[str, Any] = {}  # how OMOP's own concepts are read (cohort/omop.yaml), as plain values
    adult: int = 0  # years of age from which a person is no child
    version: str = ""  # of the medicine that they are of

    @property
    def sign(self) -> str:
        """A short name that changes whenever a record could be read otherwise: other codes, another medicine, another Linewise."""
        rest = msgspec.structs.replace(self, omop={})  # a plain file has keys that cannot be sorted
        text = msgspec.json.encode([__version__, rest], order="sorted") + msgspec.json.encode(self.omop)
        return hashlib.blake2b(text, digest_size=16).hexdigest()

    def meaning(self, system: str, code: str) -> Meaning | None:
        """What a code stands for; None where it is not known. Version and case of the system's address do not matter."""
        short = self.addresses.get(system.split("|")[0].strip().rstrip("/").lower())
        if short is None:
            return None
        known, about = self.codes.get(short, {}), self.systems[short]
        found = known.get(code)
        if found is None and about.prefix:
            found = known.get(about.prefix + code)
        while found is None and about.hierarchical and len(code) > 3:
            code = code[:-1].rstrip(".")
            found = known.get(code)
        return None if found is None else self.meanings[found]

    def standing(self, kind: str, said: Iterable[str]) -> Standing:
        """How a result counts whose resource has this type and status. Without a status it counts; with one that is not known it is not final."""
        found = {self.statuses.get(kind, {}).get(one, "not-final") for one in said if one}
        return "taken-back" if "taken-back" in found else "not-final" if "not-final" in found else "counts"

    def converted(self, fact: str, value: float, unit: str) -> float | None:
        """A number in the fact's own unit; None where the unit is not one for it."""
        shape, key = self.facts[fact], unit_key(unit)
        if key == unit_key(shape.unit):
            return value
        rule = self.units.get(fact, {}).get(key)
        return None if rule is None else round(rule.factor * (value - rule.less) + rule.plus, 6)

    def short(self, system: str) -> str:
        """The short name of a code system; empty where it is not known."""
        return self.addresses.get(system.split("|")[0].strip().rstrip("/").lower(), "")

    def named_in(self, text: str) -> tuple[str, ...]:
        """What words that are not understood may be about: facts whose names stand in them, and what the hints say."""
        said = f" {_PARTS.sub(' ', normal(text))} "
        tokens = len(said.split())
        found: dict[str, None] = {}
        for phrase, meaning in self.phrases.items():
            name = meaning.fact if meaning.value is None and meaning.fact else _ROLES.get(meaning.role, "")
            if name and (len(phrase) > 2 or tokens < 4) and f" {phrase} " in said:
                found.update(dict.fromkeys(one for one in (name, meaning.percent, meaning.fallback) if one))
        for hint in self.hints:
            if any(word in said for word in hint.words):
                found.update(dict.fromkeys(hint.touches))
        return tuple(found)

    def members(self, fact: str, system: str, code: str) -> tuple[str, ...] | None:
        """Which members of a list a code that is not known may stand for, by its first letter; None where that does not tell."""
        rules = self.chapters.get(system, {})
        row = rules.get(code[:1].upper())
        if row is None or not _CHAPTER.fullmatch(code.upper()):
            return None
        placed = {member for other in rules.values() for member in other.get(fact, ())}
        return (*row.get(fact, ()), *(value for value in self.facts[fact].values if value not in placed))

    def is_other(self, name: str) -> bool:
        """Whether a name that is not known here is surely none of a drug against cancer."""
        form = normal(re.sub(r"\s*[\[(].*$", "", name))
        words = _PARTS.sub(" ", form).split()
        if not words:
            return False
        if any(" ".join(words[:size]) in self.others.words for size in range(1, len(words) + 1)):
            return True
        return words[0].endswith(self.others.endings) or words[0].startswith(self.others.beginnings)

    def drugs_named(self, name: str) -> tuple[str, ...]:
        """The drugs that a name stands for: one for a name, brand or synonym, several for a product of several.

        Strength, volume, salt, form and a biosimilar's suffix may stand around it. Nothing where a part is not known.
        """
        plain = re.sub(r"(?<=\w)-[a-z]{4}\b", "", name.lower()) if normal(name) not in self.names else name
        bracket = re.search(r"\[([^\]]+)\]\s*$", name)
        if bracket and (found := self.names.get(normal(bracket[1]))):
            return tuple(found.split(" + "))
        pieces = re.split(r"\s/\s|\s\+\s|, and |, | and ", plain)
        whole = self.names.get(normal(plain)) or (self._named(plain) if len(pieces) == 1 else None)
        if whole:
            return () if whole == CARRIER else tuple(whole.split(" + "))
        parts = [self._named(part) for part in pieces]
        if len(parts) < 2 or not all(parts):
            return ()
        return tuple(sorted({drug for part in parts if part for drug in part.split(" + ")} - {CARRIER}))

    def _named(self, name: str) -> str | None:
        """One name, whole or without what often stands around it."""
        form = normal(re.sub(r"\s*[\[(].*$", "", name))
        for _ in range(4):
            if form in self.names:
                return self.names[form]
            shorter = _VOLUME.sub("", form)
            shorter = _STRENGTH.sub("", shorter)
            words = shorter.split()
            while len(words) > 1 and words[-1] in self.forms:
                words.pop()
                if " ".join(words) in self.names:
                    return self.names[" ".join(words)]
            form = " ".join(words)
        return self.names.get(normal(name))


_ROLES = {"stage": "metastatic", "spread": "metastatic", "course": "course"}
"""What an observation of each role is about, as names of what an unread entry touches."""
_PARTS = re.compile(r"[^\w+/%.]+")
_CHAPTER = re.compile(r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{0,4})?")
_FOLD = str.maketrans({"_": " ", "-": " ", ",": " ", ";": " ", "®": "", "™": ""})
CARRIER = "_carrier"  # stands in names for what is in a product without being a treatment
_VOLUME = re.compile(r"^(?:\d[\d.,]* ?(?:ml|hr|h|l) )+")
_STRENGTH = re.compile(r" \d[\d.,]* ?(?:mg|mcg|ug|g|ml|unt|units?|meq|%).*$")


def normal(text: str) -> str:
    """Lower case, one space between words, hyphens and the like as spaces."""
    return " ".join(text.lower().translate(_FOLD).split())


def unit_key(unit: object) -> str:
    """A unit as it is compared: UCUM, with the spellings people use folded together."""
    text = str(unit).strip().replace(" ", "").replace("µ", "u").replace("μ", "u").replace("^", "*").lower()
    return text.removeprefix("x")
