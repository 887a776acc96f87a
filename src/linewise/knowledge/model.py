"""What knowledge is made of: typed, immutable, and exactly what the YAML says.

`docs/knowledge-format.md` describes the files. The structs here are those files once read: criteria are parsed, dates
are `When`s. They hold no medicine of their own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from linewise.logic import Node, Within

from .app import Guide, ItemBank, Numbers, Shown
from .basic import Ids as Ids
from .basic import Review as Review
from .basic import When as When
from .monitoring import Times
from .outlook import Method
from .wording import Wording

Region = str
"""A name of `regions.yaml`."""
Kind = Literal["systemic", "local", "bone", "supportive"]
Says = Literal["approved", "recommended", "established", "not-recommended", "withdrawn", "under-review"]
Level = Literal["strong", "moderate", "weak"]
Place = Literal["first", "preferred", "recommended", "alternative", "possible"]
PLACES: tuple[Place, ...] = ("first", "preferred", "recommended", "alternative", "possible")
"""Where a guideline puts an option among others for the same situation, the first choice first."""
Often = Literal["very-common", "common", "uncommon", "rare"]
Act = Literal["emergency", "same-day", "next-visit"]
ANY_TREATMENT = "any-treatment"
"""In an alert's `holds`: whatever anticancer drug is taken now."""
Severity = Literal["contraindicated", "major", "moderate"]
Route = Literal["oral", "intravenous", "subcutaneous", "intramuscular", "topical", "other"]
SourceKind = Literal["page", "label", "approval", "appraisal", "guideline", "guidance", "trial", "review", "definition"]
Step = Literal["start", "hold", "reduce", "stop"]
"""What the conduct of a treatment asks for: not begun, paused, made smaller, ended for good."""
Advice_ = Literal["avoid", "never-together"]
"""A label says "avoid" (then the option is never the first choice), or that two things must not be taken together."""
Text = str


class _Struct(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True, omit_defaults=True):
    pass


def doubt(thing: object) -> str | None:
    """Why a statement could not be confirmed and who could (`review: "needed: why"`): "" where nobody said, None where it is confirmed."""
    word = getattr(thing, "review", None)
    if not isinstance(word, str):
        return None
    return word.removeprefix("needed").removeprefix(":").strip()


class Source(_Struct, frozen=True):
    """One entry of the bibliography. `undated` says why it has no date."""

    title: str
    publisher: str
    date: When | None = None
    undated: str | None = None
    url: str | None = None
    kind: SourceKind = "page"
    review: str | None = None


class FactValue(_Struct, frozen=True):
    """A value that a fact can have. `is_` names the groups that it belongs to."""

    label: str
    is_: Ids = msgspec.field(default=(), name="is")
    codes: dict[str, Ids] = {}
    plain: str | None = None


class Question(_Struct, frozen=True):
    """How a person is asked for a fact, and where the answer stands."""

    question: str
    where: str | None = None
    help: str | None = None


class Case(_Struct, frozen=True):
    """One case of a derived choice."""

    value: str
    when: Node


class Fact(_Struct, frozen=True):
    """What a record can say, or what follows from it (`cases` or `criterion`).

    `of` says what it is about: the cancer, the history of treatment, or the person's health and wishes.
    """

    id: str
    label: str
    type: Literal["choice", "yes-no", "number", "set"]
    values: dict[str, FactValue] = {}
    unit: str | None = None
    range: tuple[float, float] | None = None
    current_for: Within | None = None
    standing_after: Within | None = None  # of symptoms: dated longer ago than this, they have been there at least since then
    earlier: str | None = None  # the fact whose value before its latest this is, where nobody states it
    codes: dict[str, Ids] = {}
    of: Literal["cancer", "history", "person"] = "person"
    silence: Literal["unknown", "none", "none-in-chart"] = "unknown"  # what absence means; taken as "no", it is shown as assumed
    use: Literal["latest", "metastasis-first", "highest", "lowest"] = "latest"  # which of several results decides
    stays: bool = False  # of a yes-or-no fact: once it is so, no later entry takes it back that was not understood
    ask: Question | None = None
    test: str | None = None
    cases: tuple[Case, ...] = ()
    criterion: Node | None = None
    plain: str | None = None
    source: Ids = ()
    review: str | None = None

    @property
    def derived(self) -> bool:
        return bool(self.cases) or self.criterion is not None


class Test(_Struct, frozen=True):
    """A test to ask for: where an option needs its answer, where a red flag calls for it, and where `when` holds."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    id: str
    title: str
    plain: str
    text: str | None = None
    when: Node | None = None
    source: Ids = ()
    review: str | None = None


class Caution(_Struct, frozen=True):
    """A contraindication (`severity: contraindicated`), a warning, or a need, with the criterion for whom it holds."""

    id: str
    text: str
    severity: Severity = "major"
    when: Node | None = None  # None: always
    plain: str | None = None
    unknown: Literal["check", "depends"] = "check"
    advice: Advice_ | None = None
    source: Ids = ()
    review: str | None = None


class Conduct(_Struct, frozen=True):
    """One rule of the conduct of a treatment: while `when` holds, the drug is not begun, is paused, goes on smaller, or ends for good.

    `until` says what must be true before it begins or goes on, `dose` the dose step, `goes_on` which partners (drugs or classes) go on
    while this drug waits. `unknown: check` makes an unknown fact a check before the start, `depends` leaves the option open. `region`
    names where the label says so; nothing means everywhere. `where` is worked out on loading: those regions, and those where their rules hold too.
    """

    id: str
    do: tuple[Step, ...]
    when: Node
    text: str
    plain: str | None = None
    until: str | None = None
    dose: str | None = None
    goes_on: Ids = ()
    unknown: Literal["check", "depends"] = "check"
    region: tuple[Region, ...] = ()
    where: Ids = ()
    source: Ids = ()
    review: str | None = None

    def holds_in(self, region: Region) -> bool:
        return not self.region or region in self.where

    def under(self, regions: Mapping[Region, Territory]) -> Conduct:
        """The same rule, with what the policy of the regions makes of it."""
        return msgspec.structs.replace(self, where=_where(self.region, regions))


def _where(said: Ids, regions: Mapping[Region, Territory]) -> Ids:
    """The regions in which something holds that is said of these, in their order."""
    return tuple(name for name, place in regions.items() if {name, *place.also} & set(said))


class Territory(_Struct, frozen=True):
    """A region: its names, the kinds of statements that decide and that block there, and other regions whose statements hold there too."""

    label: str
    short: str
    decides: tuple[Says, ...]
    blocks: tuple[Says, ...] = ()
    also: Ids = ()


class Scope(_Struct, frozen=True):
    """Whom Linewise answers: people from so many years of age on."""

    adult: int


class CautionWord(_Struct, frozen=True):
    """A word of the caution vocabulary: what an `id` of `avoid`, `caution` and `conduct` may be."""

    label: str


class Monitoring(_Struct, frozen=True):
    """A test that goes with a drug: on which days, how it goes on, and what the label says in `words` that are no days."""

    test: str
    at: tuple[Times, ...] = ()
    then: Times | None = None
    words: str | None = None
    text: str | None = None
    plain: str | None = None
    source: Ids = ()
    review: str | None = None


class Class(_Struct, frozen=True):
    """A class of drugs or of other treatments. What is said here holds for every member.

    How its members count when treatment history is grouped into lines: with `makes_line` one is a line (or part of one);
    with `joins_line` it goes with a line, without ever making one; otherwise it is other medicine. With `swaps`, one member in place of
    another without progression is the same line. `maintains` names what its members follow as maintenance.
    """

    id: str
    label: str
    is_: Ids = msgspec.field(default=(), name="is")
    plain: str | None = None
    makes_line: bool = False
    joins_line: bool = False
    swaps: bool = False
    maintains: Ids = ()
    avoid: tuple[Caution, ...] = ()
    caution: tuple[Caution, ...] = ()
    conduct: tuple[Conduct, ...] = ()
    monitor: tuple[Monitoring, ...] = ()
    source: Ids = ()
    review: str | None = None


class Drug(_Struct, frozen=True):
    """One drug, supplement or food, with everything that is true of it in any regimen.

    `no_conduct` says why the label has no rule of a kind (`start`, `hold`, `stop`).
    """

    id: str
    label: str
    classes: Ids = ()
    brands: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    codes: dict[str, Ids] = {}
    route: Route | None = None
    plain: str | None = None
    how: str | None = None
    avoid: tuple[Caution, ...] = ()
    caution: tuple[Caution, ...] = ()
    conduct: tuple[Conduct, ...] = ()
    no_conduct: dict[Step, str] = {}
    monitor: tuple[Monitoring, ...] = ()
    source: Ids = ()
    review: Review | str | None = None


class Partner(_Struct, frozen=True):
    """A partner drug that is a matter of choice inside a class."""

    class_: str = msgspec.field(name="class")
    one_of: Ids = ()


class Need(_Struct, frozen=True):
    """A class that an option includes for some people."""

    class_: str = msgspec.field(name="class")
    when: Node
    text: str
    plain: str | None = None
    source: Ids = ()
    review: str | None = None


class Dose(_Struct, frozen=True):
    """How one drug of a regimen is given. `cycle` in days, `days` the days of the cycle with a visit or a dose.

    `first_days` are the days of the first cycle, where it is another (a loading dose).
    """

    drug: str
    dose: str | None = None
    route: Route | None = None
    schedule: str | None = None
    cycle: int | None = None
    days: tuple[int, ...] = ()
    first_days: tuple[int, ...] = ()
    text: str | None = None
    source: Ids = ()
    review: str | None = None


WORKED_OUT = frozenset({"renewed", "where", "deciding", "blocking"})
"""Members of statements and rules that no author writes: loading works them out."""


class Statement(_Struct, frozen=True):
    """What a body says of an option, where, and from when until when (half-open).

    `at` is the place in the source: a section, the number of a recommendation, a table. `renewed` is worked out on loading: another
    statement of the same body takes over in the same month or year, so that what is not known to the day leaves no gap between the two.
    So are, from `regions.yaml`, the regions in which it holds (`where`), and those of them in which what it says decides or blocks.
    """

    body: str
    region: tuple[Region, ...]
    since: When
    says: Says
    until: When | None = None
    fits: Node | None = None
    strength: str | None = None
    level: Level | None = None
    preferred: bool = False
    place: Place | None = None
    off_label: bool = False
    text: str | None = None
    renewed: bool = False
    at: str | None = None
    where: Ids = ()
    deciding: Ids = ()
    blocking: Ids = ()
    source: Ids = ()
    review: str | None = None

    def in_force(self, day: dt.date) -> bool:
        if day < self.since.last:
            return False
        return self.until is None or day < (self.until.last if self.renewed else self.until.first)

    @property
    def position(self) -> Place | None:
        """Where a guideline puts the option, where it says so."""
        return self.place or ("first" if self.preferred else None)

    @property
    def names_first(self) -> bool:
        """Whether a guideline names the option first, or among those it prefers, for this situation."""
        return self.says == "recommended" and self.position in ("first", "preferred")

    def holds_in(self, region: Region) -> bool:
        return region in self.where

    def decides_in(self, region: Region | None) -> bool:
        """Whether it can make an option one that stands, in this region or (None) in any."""
        return region in self.deciding if region is not None else bool(self.deciding)

    def blocks_in(self, region: Region | None) -> bool:
        """Whether it takes an option away, in this region or (None) in any."""
        return region in self.blocking if region is not None else bool(self.blocking)

    def under(self, regions: Mapping[Region, Territory]) -> Statement:
        """The same statement, with what the policy of the regions makes of it."""
        where = _where(self.region, regions)
        deciding = tuple(name for name in where if self.says in regions[name].decides)
        blocking = tuple(name for name in where if self.says in regions[name].blocks)
        return msgspec.structs.replace(self, where=where, deciding=deciding, blocking=blocking)


class Treatment(_Struct, frozen=True):
    """One option: whom it fits, what it consists of, who says so, and what it asks of the person."""

    id: str
    title: str
    kind: Kind
    fits: Node
    drugs: Ids = ()
    partners: tuple[Partner, ...] = ()
    classes: Ids = ()
    plain: str | None = None
    text: str | None = None
    needs: tuple[Need, ...] = ()
    avoid: tuple[Caution, ...] = ()
    caution: tuple[Caution, ...] = ()
    regimen: tuple[Dose, ...] = ()
    aim: str | None = None
    harm: str | None = None
    tests: Ids = ()
    monitor: tuple[Monitoring, ...] = ()
    evidence: Ids = ()
    standing: tuple[Statement, ...] = ()
    source: Ids = ()
    review: Review | str | None = None


class Arm(_Struct, frozen=True):
    """What one arm of a trial was given, and to how many."""

    label: str
    drugs: Ids = ()
    size: int | None = None


class Result(_Struct, frozen=True):
    """One endpoint: medians or shares per arm, and the ratio between them.

    `proven: false` marks a difference that the trial itself does not count as shown (an interim look, a boundary not crossed).
    `group` names, and `people` decides, who of the trial's people were counted: without it, a group is nobody's that is known.
    `early` marks a figure that was published before the trial came to its end.
    """

    endpoint: str
    group: str | None = None
    people: Node | None = None
    unit: str | None = None
    treatment: float | str | None = None
    control: float | str | None = None
    hr: float | None = None
    ci: tuple[float, float] | None = None
    p: float | str | None = None
    note: str | None = None
    proven: bool = True
    early: bool = False
    source: Ids = ()
    review: str | None = None


class EffectRate(_Struct, frozen=True):
    """How often an effect occurred, in percent; severe means CTCAE grade 3 or worse.

    `often` is the class of frequency of a European label, where it gives no figure. `serious` marks what can endanger life or lasts.
    `at` is the place in the source.
    """

    effect: str
    often: Often | None = None
    serious: bool = False
    at: str | None = None
    treatment: float | None = None
    treatment_severe: float | None = None
    control: float | None = None
    control_severe: float | None = None
    group: str | None = None
    note: str | None = None
    source: Ids = ()
    review: str | None = None


class Trial(_Struct, frozen=True):
    """A trial: who took part (`population` in words, `people` as a criterion), what was compared, what was found."""

    id: str
    name: str
    population: str | None = None
    people: Node | None = None
    nct: str | None = None
    phase: str | int | None = None
    size: int | None = None
    treatment: Arm | None = None
    control: Arm | None = None
    results: tuple[Result, ...] = ()
    effects: tuple[EffectRate, ...] = ()
    plain: str | None = None
    text: str | None = None
    source: Ids = ()
    review: Review | str | None = None


class Asked(_Struct, frozen=True):
    """One criterion of a trial: its number in the registry entry, in our words, and when it holds.

    `may`: when it can hold at all, where the entry leaves something to look at. Neither: no record tells it.
    """

    n: int
    text: str
    kind: Literal["inclusion", "exclusion"] = "inclusion"
    when: Node | None = None
    may: Node | None = None


class Study(_Struct, frozen=True):
    """A trial that recruits: whom it takes, as a registry entry said on the day it was read (`date`).

    `whole`: every criterion that decides is here; else the rest of the entry is to be read before a person can be told that it may fit.
    """

    id: str
    title: str
    url: str
    date: When
    criteria: tuple[Asked, ...]
    phase: str | None = None
    status: str | None = None
    countries: tuple[str, ...] = ()
    sex: Literal["all", "female", "male"] = "all"
    whole: bool = False
    review: str | None = None


class Alert(_Struct, frozen=True):
    """A red flag: when it is up, how fast to act, what to do.

    `holds` names the drugs and classes that may have caused it, or whose next dose must wait for it: while it is up, going on with
    one of them is never more than "depends". `any-treatment` stands for every anticancer drug.
    """

    id: str
    title: str
    act: Act
    when: Node
    plain: str
    text: str | None = None
    tests: Ids = ()  # to be done because of it
    holds: Ids = ()
    source: Ids = ()
    review: str | None = None


class Ctcae(_Struct, frozen=True):
    """The grades of an effect, in our words, after CTCAE v5."""

    term: str
    grades: dict[int, str] = {}
    source: Ids = ()
    review: str | None = None


class Advice(_Struct, frozen=True):
    """One thing that helps, with its source."""

    text: str
    plain: str | None = None
    source: Ids = ()
    review: str | None = None


class Effect(_Struct, frozen=True):
    """A side effect: its plain name, its grades, what helps, and when to call."""

    id: str
    label: str
    plain_name: str | None = None
    ctcae: Ctcae | None = None
    plain: str | None = None
    helps: tuple[Advice, ...] = ()
    call: dict[str, str] = {}
    who: tuple[str, ...] = ()
    proctcae: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    source: Ids = ()
    review: str | None = None


class Page(_Struct, frozen=True):
    """A page for people, in Markdown."""

    id: str
    title: str
    topic: str
    summary: str
    review: Review
    body: str = ""
    sources: Ids = ()
    related: Ids = ()  # pages to read next


class Term(_Struct, frozen=True):
    """A word of the glossary."""

    id: str
    term: str
    plain: str
    also: tuple[str, ...] = ()
    source: Ids = ()
    review: str | None = None


class Ask(_Struct, frozen=True):
    """A question to ask the team; for whom, where it is not for everybody."""

    id: str
    text: str
    topic: str
    when: Node | None = None
    treatments: Ids = ()
    classes: Ids = ()
    source: Ids = ()
    review: str | None = None


class Answer(_Struct, frozen=True):
    """A short answer to a question that people ask, in their words. `also` are other ways to ask it; `pages` tell more."""

    id: str
    question: str
    plain: str
    also: tuple[str, ...] = ()
    pages: Ids = ()
    source: Ids = ()
    review: str | None = None


class Organisation(_Struct, frozen=True):
    """Where people find support."""

    id: str
    name: str
    countries: tuple[str, ...]
    plain: str
    phone: str | None = None
    url: str | None = None
    source: Ids = ()
    review: str | None = None


class Content(_Struct, frozen=True):
    """All of it, as loaded. `Knowledge` adds look-ups."""

    sources: dict[str, Source]
    facts: dict[str, Fact]
    tests: dict[str, Test]
    classes: dict[str, Class]
    drugs: dict[str, Drug]
    treatments: dict[str, Treatment]
    evidence: dict[str, Trial]
    alerts: dict[str, Alert]
    effects: dict[str, Effect]
    pages: dict[str, Page] = {}
    glossary: dict[str, Term] = {}
    questions: dict[str, Ask] = {}
    organisations: dict[str, Organisation] = {}
    regions: dict[Region, Territory] = {}
    scope: Scope | None = None
    guide: Guide | None = None
    item_bank: ItemBank | None = None
    numbers: Numbers | None = None
    outlook: Method | None = None
    wording: dict[str, Wording] = {}  # by language
    shown: Shown = Shown()
    caution_words: dict[str, CautionWord] = {}
    answers: dict[str, Answer] = {}
    studies: dict[str, Study] = {}
    codes: dict[str, dict[str, Any]] = {}
    extras: dict[
        str, dict[str, Any]
    ] = {}  # files that stand at the top of the folder, as plain values: what OMOP's concepts mean, of what cohorts are drawn
    places: dict[str, str] = {}  # "treatments/examplinib" -> the file it stands in
    digest: str = ""  # of what the files say
    version: str = ""  # of the medicine, as the file VERSION names it
    version_on: When | None = None
