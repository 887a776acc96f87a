"""Knowledge with its look-ups: the dictionary, the tree of classes, who belongs to what, how a name is found."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TypeVar

from linewise.errors import KnowledgeError, UnknownRegion
from linewise.logic import Derivation, FactType, Vocabulary

from .app import Guide, ItemBank, Numbers
from .model import Caution, Class, Conduct, Content, Drug, Fact, Monitoring, Region, Source, Test, Treatment, Trial
from .outlook import Method
from .wording import Wording

LANGUAGE = "en"
"""The language of the app: a folder of `wording/`."""
T = TypeVar("T")


class Knowledge:
    """The medicine, ready to be asked. Made once; never changed. `folder` is where it came from, where another than the usual was named."""

    def __init__(self, content: Content, folder: str | None = None) -> None:
        self.content, self.folder = content, folder

    @property
    def edition(self) -> str:
        """Which medicine this is, for the foot of a page: its version, its day, the hash of its content, its folder if not the usual one."""
        content = self.content
        day = f" of {content.version_on.text}" if content.version_on else ""
        from_ = f", from {self.folder}" if self.folder else ""
        return f"Medicine {content.version or 'without a version'}{day} ({content.digest[:12]}){from_}"

    # Straight look-ups

    @property
    def facts(self) -> dict[str, Fact]:
        return self.content.facts

    @property
    def drugs(self) -> dict[str, Drug]:
        return self.content.drugs

    @property
    def classes(self) -> dict[str, Class]:
        return self.content.classes

    @property
    def treatments(self) -> dict[str, Treatment]:
        return self.content.treatments

    @property
    def tests(self) -> dict[str, Test]:
        return self.content.tests

    @property
    def sources(self) -> dict[str, Source]:
        return self.content.sources

    @property
    def evidence(self) -> dict[str, Trial]:
        return self.content.evidence

    # The dictionary as the criteria language needs it

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(
            facts={name: _fact_type(fact) for name, fact in self.facts.items()},
            treatments=frozenset(self.drugs) | frozenset(self.classes),
            effects=frozenset(self.content.effects) | frozenset(word for e in self.content.effects.values() for word in e.also),
            symptoms=frozenset(self.facts["symptoms"].values) if "symptoms" in self.facts else frozenset(),
        )

    # Classes

    @cached_property
    def _ancestors(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}

        def climb(name: str, below: tuple[str, ...]) -> frozenset[str]:
            if name in found:
                return found[name]
            if name in below or name not in self.classes:
                return frozenset({name})
            up = frozenset({name}).union(*(climb(parent, (*below, name)) for parent in self.classes[name].is_))
            found[name] = up
            return up

        for name in self.classes:
            climb(name, ())
        return found

    def classes_of(self, drug: str) -> frozenset[str]:
        """Every class that a drug or class belongs to, up to the top; a class belongs to itself."""
        return self._classes_of.get(drug, frozenset())

    @cached_property
    def _classes_of(self) -> dict[str, frozenset[str]]:
        found = dict(self._ancestors)
        for name, drug in self.drugs.items():
            found[name] = frozenset().union(*(self._ancestors.get(c, frozenset({c})) for c in drug.classes))
        return found

    def is_a(self, drug: str, name: str) -> bool:
        """Whether a drug is `name`, or belongs to the class `name`."""
        return drug == name or name in self.classes_of(drug)

    def label(self, name: str) -> str:
        """The plain name of a drug or class."""
        thing = self.drugs.get(name) or self.classes.get(name)
        return thing.label if thing else name

    # What is true of a drug, its classes included

    def avoid(self, drug: str) -> tuple[Caution, ...]:
        """The contraindications of a drug and of its classes."""
        return self._inherited[drug][0] if drug in self._inherited else ()

    def cautions(self, drug: str) -> tuple[Caution, ...]:
        """The cautions of a drug and of its classes."""
        return self._inherited[drug][1] if drug in self._inherited else ()

    def monitoring(self, drug: str) -> tuple[Monitoring, ...]:
        """What is watched while a drug is taken."""
        return self._inherited[drug][2] if drug in self._inherited else ()

    def conduct(self, drug: str) -> tuple[Conduct, ...]:
        """The rules for beginning, pausing, reducing and ending a drug, those of its classes included."""
        return self._conduct.get(drug, ())

    @cached_property
    def _conduct(self) -> dict[str, tuple[Conduct, ...]]:
        found = {}
        for name in (*self.drugs, *self.classes):
            own = self.drugs.get(name) or self.classes[name]
            above = (self.classes[c] for c in sorted(self.classes_of(name)) if c in self.classes and c != name)
            found[name] = own.conduct + tuple(rule for one in above for rule in one.conduct)
        return found

    @cached_property
    def _inherited(
        self,
    ) -> dict[str, tuple[tuple[Caution, ...], tuple[Caution, ...], tuple[Monitoring, ...]]]:
        found = {}
        for name in (*self.drugs, *self.classes):
            own = self.drugs.get(name) or self.classes[name]
            above = [self.classes[c] for c in sorted(self.classes_of(name)) if c in self.classes and c != name]
            found[name] = (
                own.avoid + tuple(c for one in above for c in one.avoid),
                own.caution + tuple(c for one in above for c in one.caution),
                own.monitor + tuple(m for one in above for m in one.monitor),
            )
        return found

    # Names

    @cached_property
    def _names(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, drug in self.drugs.items():
            for word in (name, drug.label, *drug.brands, *drug.also):
                found.setdefault(plain_name(word), name)
        for name, each in self.classes.items():
            for word in (name, each.label):
                found.setdefault(plain_name(word), name)
        return found

    def find_drug(self, words: str) -> str | None:
        """The id of the drug or class that a name means: INN, brand, synonym, a biosimilar with its four-letter suffix."""
        name = plain_name(words)
        found = self._names.get(name)
        if found is None:
            stem = re.sub(r"-[a-z]{4}$", "", name)
            found = self._names.get(stem)
        return found

    @cached_property
    def _effects(self) -> dict[str, str]:
        return {word: name for name, effect in self.content.effects.items() for word in (name, *effect.also)}

    def find_effect(self, word: str) -> str | None:
        """The id of the effect that a word means: `pneumonitis` is told under `ild`."""
        return self._effects.get(plain_name(word))

    @cached_property
    def regions(self) -> tuple[Region, ...]:
        """The regions, in their order."""
        return tuple(self.content.regions)

    def region(self, name: Region | None) -> Region | None:
        """A region that somebody named, or None for no region. Raises LinewiseError where there is no such region."""
        if name is not None and name not in self.content.regions:
            raise UnknownRegion(f"there is no region `{name}`; choose {', '.join(self.regions)}.")
        return name

    def around(self, region: Region | None) -> tuple[Region, ...]:
        """A region, and those whose statements hold there too."""
        return (region, *self.content.regions[region].also) if region in self.content.regions else ()

    @property
    def guide(self) -> Guide:
        """What the app asks and shows. Raises KnowledgeError where the knowledge has no such file."""
        return _there(self.content.guide, "guide.yaml")

    @property
    def item_bank(self) -> ItemBank:
        """The item bank of the diary. Raises KnowledgeError where the knowledge has no such file."""
        return _there(self.content.item_bank, "proctcae.yaml")

    @property
    def numbers(self) -> Numbers:
        """Whom to call. Raises KnowledgeError where the knowledge has no such file."""
        return _there(self.content.numbers, "numbers.yaml")

    @property
    def outlook(self) -> Method:
        """How published survival is shown. Raises KnowledgeError where the knowledge has no such file."""
        return _there(self.content.outlook, "outlook.yaml")

    @property
    def wording(self) -> Wording:
        """The sentences for people, in the language of the app. Raises KnowledgeError where the knowledge has none."""
        return _there(self.content.wording.get(LANGUAGE), f"wording/{LANGUAGE}")

    @property
    def adult(self) -> int:
        """Years of age from which a person is no child; 0 where the knowledge does not say."""
        return self.content.scope.adult if self.content.scope else 0

    def sources_of(self, ids: tuple[str, ...]) -> dict[str, Source]:
        return {name: self.sources[name] for name in ids if name in self.sources}


def _there(found: T | None, file: str) -> T:
    if found is None:
        raise KnowledgeError([f"{file} is not in the knowledge"])
    return found


@lru_cache(4096)
def plain_name(words: str) -> str:
    """A name as ids are written: lower case, words joined by hyphens."""
    return re.sub(r"[\s_]+", "-", words.strip().lower().replace("®", "").replace("™", ""))


def _fact_type(fact: Fact) -> FactType:
    groups: dict[str, set[str]] = {}
    for value, about in fact.values.items():
        for group in about.is_:
            groups.setdefault(group, set()).add(value)
    definition = None
    if fact.criterion is not None:
        definition = Derivation(criterion=fact.criterion)
    elif fact.cases:
        definition = Derivation(cases=tuple((case.value, case.when) for case in fact.cases))
    low, high = fact.range or (None, None)
    return FactType(
        kind=fact.type,
        values=tuple(fact.values),
        groups={name: frozenset(members) for name, members in groups.items()},
        unit=fact.unit,
        low=low,
        high=high,
        definition=definition,
        label=fact.label,
    )
