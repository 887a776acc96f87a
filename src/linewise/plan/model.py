"""The plan as other programs read it: the contract `linewise.plan/1`, member by member."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from linewise.knowledge.model import Act, Kind, Severity, Step

SCHEMA = "linewise.plan/1"
Status = Literal["preferred", "suitable", "depends", "unsuitable", "not-indicated"]
Action = Literal["goes-on", "reduce", "ask", "hold", "stop"]
OFFERED: frozenset[Status] = frozenset({"preferred", "suitable"})
STATUSES: tuple[Status, ...] = ("preferred", "suitable", "depends", "unsuitable", "not-indicated")


class _Struct(msgspec.Struct, kw_only=True):
    pass


class Because(_Struct, omit_defaults=True):
    """Why: a tree. A node says what was asked (`text`), the answer (`value`, None is unknown), and what it rests on.

    `plain` is the same in words for a person; `note` anything to know about the entry (its age, another result).
    """

    text: str
    value: bool | None
    plain: str = ""
    about: str = ""
    from_: list[str] = msgspec.field(default_factory=list, name="from")
    assumed: bool = False
    note: str = ""
    sources: list[str] = []
    all: list[Because] | None = None
    any: list[Because] | None = None
    not_: list[Because] | None = msgspec.field(default=None, name="not")
    at_least: int | None = None

    @property
    def parts(self) -> list[Because]:
        return self.all or self.any or self.not_ or []


class Caution(_Struct):
    """A warning about one drug of an option, or about what is taken now. `applies` None: not known whether it does."""

    drug: str
    id: str
    severity: Severity
    text: str
    plain: str = ""
    applies: bool | None = True
    always: bool = False
    because: str = ""
    check: list[str] = []
    advice: str | None = None  # avoid, never-together: a label's own words for how strong the warning is
    review: str | None = None
    sources: list[str] = []


class Rule(_Struct):
    """One rule of conduct that holds for a drug that is taken now: what it asks for, why, until when, with which dose."""

    do: list[Step]
    id: str
    text: str
    plain: str = ""
    until: str = ""
    dose: str = ""
    goes_on: list[str] = []  # the partners, drugs or classes, that go on while this drug waits
    because: str = ""
    review: str | None = None
    sources: list[str] = []


ACTIONS: dict[Action, str] = {
    "goes-on": "goes on",
    "reduce": "goes on, with a smaller dose",
    "ask": "ask first",
    "hold": "waits",
    "stop": "ends",
}
"""What becomes of a drug that is taken now, in words."""


class GoingOn(_Struct):
    """Whether one drug that is taken now goes on. `ask`: a red flag that it may have caused is up, or what decides is not known."""

    drug: str
    action: Action
    rules: list[Rule]
    alarms: list[str] = []
    label: str = ""

    @property
    def words(self) -> str:
        """`A: waits`."""
        return f"{self.label or self.drug}: {ACTIONS[self.action]}"


class Evidence(_Struct):
    """What one trial found, in one line; `result` is worded from the trial's own figures."""

    source: str
    trial: str
    population: str
    result: str
    id: str = ""
    people: bool | None = None  # whether these people were like the one the plan is for; None: not known, or not said
    differs: str = ""  # in what they were not
    comparator: bool = False  # the option is the arm that the other one was compared with
    sources: list[str] = []

    @property
    def whose(self) -> str:
        """Whose figures these are, in one sentence; empty where the trial does not say who took part."""
        if self.people is True:
            return "The people in this trial were like you."
        return f"The people in this trial were not like you: {self.differs}." if self.people is False else ""


class Standing(_Struct):
    """One approval or guideline statement, and whether it decides for this person today."""

    body: str
    region: str
    statement: str
    strength: str
    since: str
    until: str | None
    source: str
    says: str
    in_force: bool
    applies: bool | None
    preferred: bool = False
    level: str | None = None
    at: str = ""  # the place in the source
    review: str | None = None


class Given(_Struct):
    """How one drug of an option is given, for the team: dose and schedule as the source has them. `days` are days of a cycle."""

    drug: str
    label: str
    dose: str
    route: str
    schedule: str
    cycle: int | None = None
    days: list[int] = []
    first_days: list[int] = []
    text: str = ""
    review: str | None = None
    sources: list[str] = []


class Option(_Struct):
    """One option with its status and everything that the status rests on."""

    id: str
    title: str
    kind: Kind
    drugs: list[str]
    classes: list[str]
    status: Status
    because: Because
    depends_on: list[str]
    cautions: list[Caution]
    evidence: list[Evidence]
    standing: list[Standing]
    reason: str = ""  # one sentence for a person
    plain: str = ""
    partners: list[list[str]] = []
    regimen: list[Given] = []  # for the team; `taken` says it to the person, without doses
    taken: list[str] = []
    region: str | None = None  # where the status was reached, when no region was asked for
    declined: bool = False
    level: str | None = None
    group: str = ""  # first, also, depends, later, not-now, other-cancer, not-wanted
    rank: list[str] = []  # why it stands where it does among the offered, a clause a step
    visits: float = 0.0  # days with a drip or an injection in four weeks
    disagreement: str = ""  # where guidelines of a region put it in different places
    tests: list[str] = []
    review: str | None = None
    sources: list[str] = []

    @property
    def offered(self) -> bool:
        return self.status in OFFERED


class TestToAsk(_Struct):
    """Something still unknown that could change the options."""

    __test__ = False

    id: str
    title: str
    unlocks: list[str]
    because: str
    sources: list[str]
    plain: str = ""
    before: list[str] = []  # options that it must come before, although they are offered already
    due: bool = False  # called for by a red flag, or by what the record says, whatever the options


class Urgent(_Struct):
    """A red flag that is up."""

    id: str
    title: str
    act: Act
    because: str
    sources: list[str]
    plain: str = ""
    text: str = ""


class Subject(_Struct):
    """Whom, or what, the plan is about."""

    id: str | None
    subtype: str
    her2_low: bool | None
    line: int | None  # None where drugs without a day are recorded: nobody knows how many lines they were
    metastatic: bool | None = None
    sites: list[str] = []
    sex: str | None = None
    age: int | None = None


class LineOfTherapy(_Struct):
    """A line as the record was read, with what was inferred."""

    number: int | None
    setting: str
    drugs: list[str]
    dropped: list[str]  # of the drugs, those that were no longer given at its end, or are not now
    start: str | None
    end: str | None
    months: float | None
    stopped_for: str | None
    ongoing: bool | None  # None: not known
    reason: str
    contested: str
    assumed: list[str]


class Fact(_Struct):
    """One fact that the plan used, as a reader wants to see it: value, age, source, what else was recorded."""

    id: str
    label: str
    value: str
    on: str | None
    from_: list[str] = msgspec.field(name="from")
    assumed: bool = False
    note: str = ""
    known: bool = True


class Medicine(_Struct):
    """Which medicine answered: its version and day, the hash of its content, and from when on it is due for review.

    `overdue` holds the options whose review has passed, with its day; `expired` those that are no longer offered because of it.
    """

    version: str
    date: str | None
    digest: str
    folder: str | None = None  # where another folder than the program's own was named
    overdue: dict[str, str] = {}
    expired: list[str] = []


class TrialToAsk(_Struct):
    """A trial to ask about. `depends_on`: the facts that are not known; `unchecked`: how many sentences are for its team to check; `ask`: how old its entry is."""

    id: str
    title: str
    phase: str
    status: str  # may-fit or depends
    depends_on: list[str]
    unchecked: int
    ask: str
    countries: list[str]
    url: str


class TrialsToAsk(_Struct):
    """Trials beside the options, never among them: a few of them, and how many more there are."""

    shown: list[TrialToAsk] = []
    more: int = 0
    note: str = ""


class Document(_Struct):
    """The answer for one record on one day in one region, whole, as JSON holds it."""

    schema: str
    as_of: str
    region: str | None
    subject: Subject
    urgent: list[Urgent]
    tests: list[TestToAsk]
    options: list[Option]
    cautions: list[Caution]
    unread: list[dict[str, str]]
    going_on: list[GoingOn]  # each drug that is taken now
    medicine: Medicine
    sources: dict[str, dict[str, Any]]
    scope: str | None = None
    notes: list[str] = []
    assumed: list[str] = []
    lines: list[LineOfTherapy] = []
    facts: list[Fact] = []
    derived: dict[str, Because] = {}  # by the text of a reason: how that derived fact follows from the record
    trials: TrialsToAsk | None = None  # None: nobody looked for any
    disclaimer: str = ""
