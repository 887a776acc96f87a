"""Record + knowledge + day + region -> plan. Pure: no input, no output, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import msgspec

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Region, Source
from linewise.logic import Decider, Question
from linewise.logic.explain import Need
from linewise.logic.recent import later
from linewise.record import Chart, Course, Record
from linewise.record.model import COURSE, MEDICINES, REACTIONS, TREATMENTS

from . import model
from .judge import Judge, Judged, review_due
from .options import WISHES, Options
from .spoken import Spoken
from .words import Words

_OLD_AFTER = 6
"""Months after the day of the medicine from which a plan says how old it is."""
DISCLAIMER = "Linewise informs and prepares a decision. It never takes one: you and your team do."

_NOT_FINAL = " (a result that is not final)"
_ACTS = ("emergency", "same-day", "next-visit")
_LEVELS: dict[str | None, int] = {"strong": 0, "moderate": 1, "weak": 2, None: 3}
_KINDS = ("systemic", "local", "bone", "supportive")


def make_plan(record: Record, knowledge: Knowledge, day: dt.date, region: Region | None = None) -> Plan:
    """The plan for one record as of a day, in a region (the record's own where none is given; else the best of all).

    Raises LinewiseError for a region that the knowledge does not know.
    """
    return Plan(record, knowledge, day, knowledge.region(region) or record.region)


class Plan:
    """One person's plan. The options are decided when one is first asked for; their explanations, cautions and evidence are worded when read.

    Everything comes from one decider, so that whatever is read first, the parts agree.
    """

    def __init__(self, record: Record, knowledge: Knowledge, day: dt.date, region: Region | None) -> None:
        self.record, self.knowledge, self.day, self.region = record, knowledge, day, region
        self.chart = Chart(record, knowledge, day)
        self.decider = Decider(knowledge.vocabulary, self.chart)
        self.words = Words(knowledge, self.decider)
        current = tuple(drug for course in self.chart.courses if course.ongoing is not False for drug in course.present)
        self._judge = Judge(knowledge, self.decider, day, current)
        self._options = Options(self._judge, self.words)
        self._made: dict[str, model.Option] = {}
        self.scope = self._scope()

    @cached_property
    def judged(self) -> dict[str, Judged]:
        """Every option with its status, by id; none where nothing can be offered on this record."""
        if self.scope is not None:
            return {}
        return {one.id: self._judge.best(one, self.regions) for one in self.knowledge.treatments.values()}

    @property
    def regions(self) -> Sequence[Region]:
        """The regions that are looked at: the one asked for, or all."""
        return (self.region,) if self.region else self.knowledge.regions

    @property
    def as_of(self) -> str:
        return self.day.isoformat()

    @property
    def disclaimer(self) -> str:
        return DISCLAIMER

    @property
    def notes(self) -> list[str]:
        return [*self.left_open, *self._to_be_asked(), *self.record.notes, *self._age_of_the_medicine()]

    def _to_be_asked(self) -> list[str]:
        """What nobody has said, and what an option that is offered passes over while it is not known: with some answers it would not fit."""
        silent = {
            fact.id
            for fact in self.knowledge.facts.values()
            if fact.ask is not None and not fact.derived and self.decider.reading(fact.id).value is None
        }
        passed: dict[str, int] = {}
        for name, one in self.judged.items() if silent else ():
            if one.status in model.OFFERED:
                treatment = self.knowledge.treatments[name]
                checks = (caution.when for caution in self._judge.avoid(treatment) if caution.when is not None)
                asked = {about for when in checks for about in self.decider.open(when) if isinstance(about, str)}
                for about in silent & (asked | self.decider.passed_over(treatment.fits)):
                    passed[about] = passed.get(about, 0) + 1
        return [
            f"Not in the record: {fact.label}. With some answers {count} of the options that are offered would not fit: say it before anything begins. {fact.ask.question}"
            for fact in self.knowledge.facts.values()
            if (count := passed.get(fact.id)) and fact.ask is not None
        ]

    def _age_of_the_medicine(self) -> list[str]:
        """What a reader must know where the medicine is older than the day that is asked about, or was due for review."""
        medicine, made, found = self.medicine, self.knowledge.content.version_on, []
        if made is not None and self.day >= later(made.last, _OLD_AFTER):
            found.append(f"The medicine is of {made.text}; what was published between then and {self.as_of} is not in it.")
        if medicine.overdue:
            first = min(medicine.overdue.values())
            options = "option" if len(medicine.overdue) == 1 else "options"
            found.append(f"The medicine of {len(medicine.overdue)} {options} was due for review, the first on {first}.")
        return found

    @property
    def unread(self) -> list[dict[str, str]]:
        """What was not understood, with what it may be about where that could change something."""
        found = []
        for one in self.record.unread:
            row = {"where": one.where, "what": one.what, "why": one.why}
            touched = dict.fromkeys(self._list_label(name) for name in one.touches)
            found.append(row | ({"touches": ", ".join(touched)} if touched else {}))
        return found

    @cached_property
    def left_open(self) -> list[str]:
        """The lists that are not known to be whole, because an entry was not understood that may belong to them."""
        named: dict[str, list[str]] = {}
        for name in dict.fromkeys(touched.partition(":")[0] for one in self.record.unread for touched in one.touches):
            words = self.chart.doubt.ever(name) if name == TREATMENTS else self.chart.doubt.about(name).words
            if words and (name not in self.knowledge.facts or self.decider.reading(name).open):
                named.setdefault("; ".join(words[:3]) + (f" and {len(words) - 3} more" if len(words) > 3 else ""), []).append(
                    name
                )
        return [
            f"Not understood: {words}. It may be about {_listed([self._list_label(name) for name in names])}: what depends on that stays open."
            for words, names in named.items()
        ]

    def _list_label(self, touched: str) -> str:
        name, _, member = touched.partition(":")
        fact = self.knowledge.facts.get(name)
        if fact is None:
            return _LISTS.get(name, name)
        return fact.values[member].label if member in fact.values else fact.label

    # Options

    def status(self, name: str) -> model.Status:
        """The status of an option; `not-indicated` where nothing can be offered on this record."""
        return self.judged[name].status if name in self.judged else "not-indicated"

    def names(self, name: str) -> frozenset[str]:
        """Every drug and class under which an option is found, without wording it."""
        treatment = self.knowledge.treatments[name]
        return frozenset((*self._judge.drugs(treatment), *self._judge.classes(treatment)))

    def option(self, name: str, brief: bool = False) -> model.Option:
        """One option with its reasons, by its id. Raises KeyError for an id that is not there.

        With `brief`, an option whose criteria fail is explained by the branch that fails.
        """
        if brief and name not in self._made and name not in self._unwanted and name in self.judged:
            return self._options.option(self.judged[name], brief=True)
        if name not in self._made:
            judged = self.judged.get(name) or self._judge.best(self.knowledge.treatments[name], self.regions)
            option = self._options.option(judged)
            if name in self._unwanted:
                option.declined = True
                option.group = "not-wanted"
                option.reason = f"Would fit, but is not wanted: {self.words.fact_value(WISHES)}."
            self._made[name] = option
        return self._made[name]

    def with_status(self, *statuses: model.Status, brief: bool = False) -> list[model.Option]:
        """The options of these statuses, in the order in which they are shown."""
        found = [self.option(name, brief) for name, one in self.judged.items() if one.status in statuses]
        return sorted(found, key=self._order)

    @property
    def offered(self) -> list[model.Option]:
        return self.with_status("preferred", "suitable")

    @cached_property
    def unwanted(self) -> list[model.Option]:
        """The options that would be offered, were they not declined: shown apart, never hidden among those that do not fit."""
        return sorted((self.option(name) for name in self._unwanted), key=self._order)

    def _order(self, option: model.Option) -> tuple[int, int, tuple[int, float, int, float], str]:
        """Kind, then status, then the guideline's position, the stated strength, the evidence, the days in hospital; ties by name."""
        judged = self.judged.get(option.id)
        found = self._options.rank(judged) if judged is not None else None
        level = _LEVELS[option.level]
        steps = (found.place, level, found.evidence, found.visits) if found else (0, level, 0, 0.0)
        return (_KINDS.index(option.kind), model.STATUSES.index(option.status), steps, option.title)

    @cached_property
    def _unwanted(self) -> frozenset[str]:
        wishes = [entry for entry in self.record.entries if entry.fact == WISHES]
        if not wishes:
            return frozenset()
        others = [entry for entry in self.record.entries if entry.fact != WISHES]
        free = Plan(msgspec.structs.replace(self.record, entries=others), self.knowledge, self.day, self.region)
        return frozenset(
            name for name in free.judged if free.status(name) in model.OFFERED and self.status(name) == "not-indicated"
        )

    @cached_property
    def options(self) -> list[model.Option]:
        """All of them, those that do not fit included, each with its reason."""
        return self.with_status(*model.STATUSES)

    def needed(self, name: str) -> Need:
        """What would have to be different for the criteria of an option to hold."""
        return self.decider.needed(self.knowledge.treatments[name].fits)

    @cached_property
    def spoken(self) -> Spoken:
        """The same reasons in sentences for people."""
        return Spoken(self.words, self.knowledge.wording.reasons)

    def why(self, name: str) -> list[str]:
        """Why an option has its status, in up to three sentences for people."""
        if name in self._unwanted:
            return [self.spoken.reasons.said["unwanted"]]
        judged = self.judged.get(name)
        return self.spoken.why(judged, self._options) if judged is not None else []

    # The whole

    def document(self, whole: bool = False, trials: model.TrialsToAsk | None = None) -> model.Document:
        """The plan as the contract has it, with trials where somebody looked for them. What does not fit is explained by the branch that fails, or whole on request."""
        options = self.options if whole else self.with_status(*model.STATUSES, brief=True)
        return model.Document(
            schema=model.SCHEMA,
            as_of=self.as_of,
            region=self.region,
            subject=self.subject,
            urgent=self.urgent,
            tests=self.tests,
            options=options,
            cautions=self.cautions,
            unread=self.unread,
            going_on=self.going_on,
            medicine=self.medicine,
            sources=self.sources_of(options),
            scope=self.scope,
            notes=self.notes,
            assumed=self.assumed,
            lines=self.lines,
            facts=self.facts,
            derived=self._options.derivations(),
            trials=trials,
            disclaimer=DISCLAIMER,
        )

    def json(self, whole: bool = False, trials: model.TrialsToAsk | None = None) -> bytes:
        """The contract `linewise.plan/1`, as one JSON object."""
        return msgspec.json.encode(self.document(whole, trials))

    def _scope(self) -> str | None:
        """Why no option can honestly be given, or None."""
        if self.record.scope is not None:
            return self.record.scope
        age = self.decider.fact_value("age")
        if isinstance(age, float) and age < self.knowledge.adult:
            return self.knowledge.wording.advice.child
        metastatic = self.decider.fact_value("metastatic")
        if metastatic is True:
            return None
        if metastatic is False:
            return self.knowledge.wording.advice.not_metastatic
        return self.knowledge.wording.advice.spread_not_said

    @cached_property
    def subject(self) -> model.Subject:
        value = self.decider.fact_value
        sites, age, sex = value("sites"), value("age"), value("sex")
        low, metastatic, line = value("her2-low"), value("metastatic"), value("line")
        return model.Subject(
            id=self.record.id,
            subtype=str(value("subtype") or "unknown"),
            her2_low=low if isinstance(low, bool) else None,
            line=int(line) if isinstance(line, float) else None,
            metastatic=metastatic if isinstance(metastatic, bool) else None,
            sites=sorted(sites) if isinstance(sites, frozenset) else [],
            sex=sex if isinstance(sex, str) else None,
            age=int(age) if isinstance(age, float) else None,
        )

    @cached_property
    def urgent(self) -> list[model.Urgent]:
        """The red flags that are up, the most urgent first."""
        found = []
        for alert in self.knowledge.content.alerts.values():
            up = next(((one, note) for one, note in self._alarming if one.value(alert.when) is True), None)
            if up is not None:
                decider, note = up
                words = self.words if decider is self.decider else Words(self.knowledge, decider)
                found.append(
                    model.Urgent(
                        id=alert.id,
                        title=alert.title,
                        act=alert.act,
                        because=words.reasons(decider.explain(alert.when), 4) + note,
                        plain=alert.plain,
                        text=alert.text or "",
                        sources=list(alert.source),
                    )
                )
        return sorted(found, key=lambda one: (_ACTS.index(one.act), one.id))

    @cached_property
    def _alarming(self) -> list[tuple[Decider, str]]:
        """Who may raise an alarm, each with a word on it: the record, and where results are not final, the record with them and without them."""
        told = [one.would for one in self.record.unread if one.would is not None and (one.on is None or one.on <= self.day)]
        if not told:
            return [(self.decider, "")]
        rest = [one for one in self.record.unread if one.would is None]
        single = {(one.fact, one.on) for one in told if self.knowledge.facts[one.fact].type != "set"}
        others = [one for one in self.record.entries if (one.fact, one.on) not in single]
        with_them = msgspec.structs.replace(self.record, entries=[*others, *told], unread=rest)
        without = msgspec.structs.replace(self.record, unread=rest)
        charts = [(Chart(one, self.knowledge, self.day), note) for one, note in ((with_them, _NOT_FINAL), (without, ""))]
        return [(self.decider, ""), *((Decider(self.knowledge.vocabulary, chart), note) for chart, note in charts)]

    @cached_property
    def lines(self) -> list[model.LineOfTherapy]:
        """The courses and lines as the record was read."""
        return [_line(course) for course in self.chart.courses]

    @cached_property
    def tests(self) -> list[model.TestToAsk]:
        """What is unknown and could change the options, what a red flag calls for, and what must come before an option."""
        unlocks: dict[str, list[str]] = {}
        before: dict[str, list[str]] = {}
        reasons: dict[str, list[str]] = {}
        for name, one in self.judged.items():
            if one.status == "depends":
                for about in self._judge.open(one):
                    fact = self.knowledge.facts.get(about) if isinstance(about, str) else None
                    if fact is not None and fact.test is not None:
                        unlocks.setdefault(fact.test, []).append(name)
                        reasons.setdefault(fact.test, []).append(f"{fact.label}: not known")
            elif one.status in model.OFFERED:
                for test, why in self._options.unmet_checks(one).items():
                    before.setdefault(test, []).append(name)
                    reasons.setdefault(test, []).extend(why[:1])
        due = self._due()
        for test, why in due.items():
            reasons[test] = [*why, *reasons.get(test, [])]
        found = [self._test(test, unlocks, before, reasons, test in due) for test in dict.fromkeys([*due, *unlocks, *before])]
        return sorted(found, key=lambda test: (not test.due, -len(test.unlocks), -len(test.before), test.id))

    def _due(self) -> dict[str, list[str]]:
        """The tests that a red flag calls for, or that the record itself does, with the reasons."""
        found: dict[str, list[str]] = {}
        for one in self.urgent:
            for test in self.knowledge.content.alerts[one.id].tests:
                found.setdefault(test, []).append(one.title)
        for name, each in self.knowledge.tests.items():
            if each.when is not None and self.decider.value(each.when) is True:
                found.setdefault(name, []).append(self.words.reasons(self.decider.explain(each.when), 2))
        return found

    @cached_property
    def waiting(self) -> dict[str | Question, list[str]]:
        """Each unknown thing that could still change an option, with the options that wait for that very thing."""
        found: dict[str | Question, list[str]] = {}
        for name, one in self.judged.items():
            if one.status == "depends":
                for about in self._judge.open(one):
                    found.setdefault(about, []).append(name)
        return found

    def offered_in(self, name: str) -> list[Region]:
        """Where an option is offered on this record today, of the regions that are looked at."""
        treatment = self.knowledge.treatments[name]
        return [region for region in self.regions if self._judge.judge(treatment, region).status in model.OFFERED]

    @cached_property
    def unsettled(self) -> list[tuple[str, list[str]]]:
        """What options still depend on, in words, with the options that wait for it; the most waited for first."""
        waiting: dict[str, list[str]] = {}
        for name, one in self.judged.items():
            if one.status == "depends":
                for about in self._judge.open(one):
                    waiting.setdefault(self._options.about(about), []).append(name)
        return sorted(waiting.items(), key=lambda pair: (-len(pair[1]), pair[0]))

    def _test(
        self,
        name: str,
        unlocks: dict[str, list[str]],
        before: dict[str, list[str]],
        reasons: dict[str, list[str]],
        due: bool,
    ) -> model.TestToAsk:
        test = self.knowledge.tests.get(name)
        return model.TestToAsk(
            id=name,
            title=test.title if test else name,
            plain=test.plain if test else "",
            unlocks=list(dict.fromkeys(unlocks.get(name, []))),
            before=list(dict.fromkeys(before.get(name, []))),
            because="; ".join(list(dict.fromkeys(reasons.get(name, [])))[:3]),
            sources=list(test.source) if test else [],
            due=due,
        )

    @cached_property
    def cautions(self) -> list[model.Caution]:
        """What to know about drugs that are being taken now."""
        taken = [drug for course in self.chart.courses if course.ongoing is not False for drug in course.present]
        taken += [one.drug for one in self.chart.history.medications]
        found: list[model.Caution] = []
        for drug in dict.fromkeys(taken):
            found += [
                one for one in self._options.worded(drug, self.knowledge.avoid(drug), forbids=True) if one.applies is not False
            ]
            found += self._options.worded(drug, self.knowledge.cautions(drug))
        return found

    @cached_property
    def going_on(self) -> list[model.GoingOn]:
        """Each drug that is taken now: whether it goes on, waits or ends, and why."""
        taken = [drug for course in self.chart.courses if course.ongoing is not False for drug in course.present]
        taken += [one.drug for one in self.chart.history.medications if self.knowledge.conduct(one.drug)]
        return [self._options.conduct(drug, self.regions[0]) for drug in dict.fromkeys(taken) if drug in self.knowledge.drugs]

    @property
    def interrupted(self) -> bool:
        """Whether anything that is taken now does not simply go on."""
        return any(one.action != "goes-on" for one in self.going_on)

    @cached_property
    def medicine(self) -> model.Medicine:
        """Which medicine answered, and what of it is due for review on the day of the plan."""
        content = self.knowledge.content
        shown = [one for one in self.judged.values() if one.status in (*model.OFFERED, "depends")]
        due = {one.treatment.id: review_due(one.treatment) for one in shown}
        return model.Medicine(
            version=content.version,
            date=content.version_on.text if content.version_on else None,
            digest=content.digest,
            folder=self.knowledge.folder,
            overdue={name: day.isoformat() for name, day in due.items() if day is not None and day < self.day},
            expired=[one.treatment.id for one in shown if one.expired],
        )

    @cached_property
    def facts(self) -> list[model.Fact]:
        """The facts that a reader checks first, with their age and whatever else was recorded."""
        found = []
        for name in self.knowledge.content.shown.plan:
            reading = self.decider.fact(name)
            fact = self.knowledge.facts[name]
            explained_note = reading.note
            found.append(
                model.Fact(
                    id=name,
                    label=fact.label,
                    value=self.words.fact_value(name),
                    on=reading.on.isoformat() if reading.on else None,
                    from_=list(reading.sources),
                    assumed=reading.assumed and not isinstance(reading.value, frozenset),
                    note=explained_note,
                    known=reading.value is not None,
                )
            )
        return found

    @cached_property
    def assumed(self) -> list[str]:
        """Where the record's silence was taken as "no"."""
        said = {
            "adjuvant": "no treatment before the cancer had spread",
            "metastatic_lines": "no treatment since the cancer had spread",
            "comorbidities": "no other illness",
        }
        has = {
            "adjuvant": bool(self.chart.history.adjuvant),
            "metastatic_lines": bool(self.chart.history.lines),
            "comorbidities": any(entry.fact == "comorbidities" for entry in self.record.entries),
        }
        open_ = set(self.record.declared | self.record.unsure)
        open_ |= {"adjuvant", "metastatic_lines"} if self.chart.history.unread else set()
        open_ |= {"comorbidities"} if self.chart.doubt.about("comorbidities") else set()
        found = [words for name, words in said.items() if name not in open_ and not has[name]]
        found += [f"{fact.label}: no" for fact in self.chart.assumed_absent()]
        about: dict[str, list[str]] = {}
        for course in self.chart.courses:
            for text in course.assumed:
                about.setdefault(text, []).append(f"line {course.number}" if course.number else " + ".join(course.drugs))
        return found + [f"{', '.join(names)} {text}" for text, names in about.items()]

    def sources_of(self, options: Iterable[model.Option]) -> dict[str, dict[str, Any]]:
        """Every source that these options, the tests and the warnings cite, once."""
        ids: set[str] = set()
        for option in options:
            ids.update(option.sources)
            ids.update(one.source for one in option.standing)
            ids.update(name for caution in option.cautions for name in caution.sources)
            ids.update(name for one in option.evidence for name in one.sources)
            ids.update(name for one in option.regimen for name in one.sources)
        cited: list[model.TestToAsk | model.Urgent | model.Caution] = [*self.tests, *self.urgent, *self.cautions]
        for each in cited:
            ids.update(each.sources)
        ids.update(name for drug in self.going_on for rule in drug.rules for name in rule.sources)
        return {name: _source(self.knowledge.sources[name]) for name in sorted(ids) if name in self.knowledge.sources}


_LISTS = {
    TREATMENTS: "cancer treatment",
    MEDICINES: "medicines",
    REACTIONS: "reactions to medicines",
    COURSE: "how the disease went",
}
"""The lists of a record that are no facts, in words."""


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _source(source: Source) -> dict[str, Any]:
    found = {
        "title": source.title,
        "publisher": source.publisher,
        "date": source.date.text if source.date else None,
        "url": source.url,
    }
    return found | ({"undated": source.undated} if source.undated else {})


def _line(course: Course) -> model.LineOfTherapy:
    return model.LineOfTherapy(
        number=course.number,
        setting=course.setting,
        drugs=list(course.drugs),
        dropped=list(course.dropped),
        start=course.start.isoformat() if course.start else None,
        end=course.end.isoformat() if course.end else None,
        months=course.months,
        stopped_for=course.stopped_for,
        ongoing=course.ongoing,
        reason=course.reason,
        contested=course.contested,
        assumed=list(course.assumed),
    )
