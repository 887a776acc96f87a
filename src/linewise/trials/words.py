"""The words of eligibility texts, compiled once: headings, names of treatments, laboratory values, sentences and what they mean.

They stand in `knowledge/trials/words-*.yaml`. A pattern is a regular expression over the plain form of a text (`tags.py`); `{name}` in it
stands for a pattern of `macros`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal

import msgspec

from linewise.errors import KnowledgeError
from linewise.knowledge import Knowledge
from linewise.record.lines import role

from .model import Kind

In = Literal["any", "inclusion", "exclusion"]
_MACRO = re.compile(r"\{([a-z][a-z0-9-]*)\}")


class Rule(msgspec.Struct, frozen=True):
    """A sentence, or a part of one, and what it says.

    `when` and `may` are criteria with `{t}` for the treatments and `{n}`, `{m}` for the numbers of the pattern. A rule with neither says what
    no record can tell (`asked`); `fine` is a criterion under which that need not be asked before a trial may fit.
    """

    id: str
    find: re.Pattern[str]
    kind: In = "any"
    unless: re.Pattern[str] | None = None
    elsewhere: re.Pattern[str] | None = None  # like `unless`, for the whole criterion
    when: str | None = None
    may: str | None = None
    fine: str | None = None
    asked: bool = False
    stays: bool = False  # an exception behind it does not open it again
    vague: bool = False  # does not count where the same criterion gives figures
    firm: bool = False  # a receptor or the kind of cancer: fails whatever else an inclusion says, unless "or" joins it to that
    whole: bool = False  # an inclusion that says it is about nothing that a record tells
    owns: bool = False  # what others understood inside it is a part of it: the treatments whose harm is over
    ground: bool = False  # true of everybody with this cancer, so that "or" beside it joins nothing to a receptor
    of: str = ""  # whether its treatments must be such as make a line, or others
    drop: bool = False  # carries nothing of its own
    narrow: bool = False  # narrows what stands beside it, in a way that was not understood


class Lab(msgspec.Struct, frozen=True):
    """A laboratory value: its names, its fact, the units a text may give, and an exception that texts make."""

    find: re.Pattern[str]
    fact: str
    units: tuple[tuple[re.Pattern[str], float], ...]
    least: float
    most: float
    unless: tuple[re.Pattern[str], str] | None = None
    direction: str = ""  # which side is asked for where the text gives no sign


class Words:
    """All of it, compiled."""

    def __init__(self, knowledge: Knowledge) -> None:
        files = knowledge.content.extras
        raw: dict[str, Any] = {}
        for name in sorted(files):
            if name.startswith("trials/words"):
                _merge(raw, files[name])
        if not raw:
            raise KnowledgeError(["knowledge/trials/words-*.yaml: the words of eligibility texts are missing"])
        self.macros: Mapping[str, str] = raw["macros"]
        self._headings: dict[Kind, re.Pattern[str]] = {
            "exclusion": self._compiled(raw["headings"]["exclusion"]),
            "inclusion": self._compiled(raw["headings"]["inclusion"]),
        }
        self.preface = self._compiled(raw["preface"])
        self.group_name = self._compiled(raw["groups"]["name"])
        self.group_label = self._compiled(raw["groups"]["label"])
        self.group_all = self._compiled(raw["groups"]["all"])
        self.group_inside = self._compiled(raw["groups"]["inside"])
        self.plain = [(self._compiled(find), put) for find, put in raw["plain"]]
        self.settings = [(self._compiled(one["find"]), str(one["is"])) for one in raw["settings"]]
        self.treatments = self._treatments(raw["treatments"], knowledge)
        self.combined, self.or_not = self._compiled(raw["combined"]), self._compiled(raw["or-not"])
        self.counts: Mapping[str, str] = raw["counts-as"]
        self.criteria: Mapping[str, str] = raw.get("criteria", {})
        self.labs = [self._lab(one) for one in raw["labs"]]
        self.rules = [self._rule(one) for one in raw["rules"]]
        self.negated = self._compiled(raw["negated"])
        self.barred = self._compiled(raw["barred"])
        self.permitted = self._compiled(raw["permitted"])
        self.bound = self._compiled(raw["bound"])
        self.lacking, self.conditional = self._compiled(raw["lacking"]), self._compiled(raw["conditional"])
        self.by_sex = self._compiled(raw["by-sex"])
        self.condition, self.proviso = self._compiled(raw["condition"]), self._compiled(raw["proviso"])
        self.strong = self._compiled(raw["strong"])
        self.escape = self._compiled(raw["escape"])
        self.takes_back, self.or_else = self._compiled(raw["takes-back"]), self._compiled(raw["or-else"])
        self.and_else, self.time_limit = self._compiled(raw["and-else"]), self._compiled(raw["time-limit"])
        self.turns, self.turned = self._compiled(raw["turns"]), self._compiled(raw["turned"])
        self.hard = self._compiled(raw["hard"])
        self.illness: str = self.criteria["some-illness"]
        self.alternatives = self._compiled(raw["alternatives"])
        self.any_of, self.all_of = self._compiled(raw["any-of"]), self._compiled(raw["all-of"])
        self.note = self._compiled(raw["note"])
        self.filler = frozenset(word for line in raw["filler"] for word in str(line).split())
        self.conditions = raw["conditions"]
        self.breast, self.solid = self._compiled(raw["conditions"]["breast"]), self._compiled(raw["conditions"]["solid"])

    def heading(self, text: str) -> Kind | None:
        """Which section a line opens."""
        for kind, pattern in self._headings.items():
            if pattern.match(text):
                return kind
        return None

    def group(self, text: str) -> str:
        """The arm, phase or cohort that a heading is for alone; nothing where it is for all."""
        if self.group_all.search(text):
            return ""
        found = self.group_name.search(text)
        return " ".join(found.group(0).lower().split()) if found else ""

    def _compiled(self, pattern: str) -> re.Pattern[str]:
        text = _MACRO.sub(lambda found: f"(?:{self._macro(found.group(1))})", pattern)
        try:
            return re.compile(text, re.IGNORECASE)
        except re.error as fault:
            raise KnowledgeError([f"knowledge/trials: the pattern `{pattern}` cannot be read: {fault}"]) from None

    def _macro(self, name: str) -> str:
        if name not in self.macros:
            raise KnowledgeError([f"knowledge/trials: there is no macro `{name}`"])
        return _MACRO.sub(lambda found: f"(?:{self._macro(found.group(1))})", self.macros[name])

    def _treatments(self, listed: Iterable[Any], knowledge: Knowledge) -> list[tuple[re.Pattern[str], str]]:
        """Names of treatments, the longest first: those of the words file, and every drug and brand of the knowledge."""
        found = [(str(one["find"]), str(one["is"])) for one in listed]
        drugs: list[tuple[str, str]] = []
        for name, drug in knowledge.drugs.items():
            drugs += [(word, name) for word in {name, drug.label, *drug.brands, *drug.also} if len(word) > 3]
        drugs.sort(key=lambda pair: -len(pair[0]))
        made = [(self._compiled(rf"\b(?:{find})(?![\w])"), name) for find, name in found]
        made += [(re.compile(rf"\b{re.escape(word.lower())}(?![\w-])"), name) for word, name in drugs]
        self.lines = {name: self.makes_lines(name, knowledge) for _, name in made}
        return made

    def makes_lines(self, name: str, knowledge: Knowledge) -> bool:
        """Whether a treatment as the words file writes it is one against the cancer."""
        return name == "any treatment" or all(
            role(knowledge, one) == "makes" for part in name.split(" | ") for one in part.split(" with ")
        )

    def _lab(self, raw: Mapping[str, Any]) -> Lab:
        unless = raw.get("unless")
        return Lab(
            find=self._compiled(raw["find"]),
            fact=raw["fact"],
            units=tuple((self._compiled(unit), float(factor)) for unit, factor in raw["units"]),
            least=float(raw["range"][0]),
            most=float(raw["range"][1]),
            unless=(self._compiled(unless["find"]), str(unless["where"])) if unless else None,
            direction=raw.get("direction", ""),
        )

    def _criterion(self, value: Any) -> str | None:
        """A criterion with the named ones of `criteria` filled in."""
        if value is None:
            return None
        text = "yes" if value is True else "no" if value is False else str(value).strip()
        for name, criterion in self.criteria.items():
            text = text.replace("{" + name + "}", criterion)
        return text

    def _rule(self, raw: Mapping[str, Any]) -> Rule:
        unless = raw.get("unless")
        return Rule(
            id=raw["id"],
            find=self._compiled(r"(?<![a-z0-9])(?:" + raw["find"] + ")"),
            kind=raw.get("in", "any"),
            unless=self._compiled(unless) if unless else None,
            elsewhere=self._compiled(raw["elsewhere"]) if raw.get("elsewhere") else None,
            when=self._criterion(raw.get("when")),
            may=self._criterion(raw.get("may")),
            fine=self._criterion(raw.get("fine")),
            asked=bool(raw.get("asked")),
            stays=bool(raw.get("stays")),
            vague=bool(raw.get("vague")),
            firm=bool(raw.get("firm")),
            whole=bool(raw.get("whole")),
            owns=bool(raw.get("owns")),
            ground=bool(raw.get("ground")),
            of=raw.get("of", ""),
            drop=bool(raw.get("drop")),
            narrow=bool(raw.get("narrow")),
        )


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Lists of several files follow each other, in the order of the files' names."""
    for key, value in more.items():
        if isinstance(value, list):
            into.setdefault(key, []).extend(value)
        elif isinstance(value, dict):
            into.setdefault(key, {}).update(value)
        else:
            into[key] = value


@lru_cache(maxsize=2)
def words_of(knowledge: Knowledge) -> Words:
    """The words of a knowledge, compiled once."""
    return Words(knowledge)
