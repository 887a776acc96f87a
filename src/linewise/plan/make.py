"""Record + knowledge + day + region -> plan. Pure: no input, no output, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from linewise.knowledge import Knowledge
from linewise.knowledge.model import REGIONS, Region
from linewise.logic import Decider
from linewise.record import Chart, Course, Record

from . import model
from .options import Judged, Options
from .words import Words

DISCLAIMER = "Linewise informs and prepares a decision. It never takes one: you and your team do."

_ACTS = ("emergency", "same-day", "next-visit")
_LEVELS: dict[str | None, int] = {"strong": 0, "moderate": 1, "weak": 2, None: 3}
_KINDS = ("systemic", "local", "bone", "supportive")
_SHOWN_FACTS = (
    "sex", "age", "menopause", "er-status", "pr-status", "her2", "her2-level", "sites", "brain-status", "ecog", "visceral-crisis",
)  # fmt: skip
_ADULT = 18


def make_plan(record: Record, knowledge: Knowledge, day: dt.date, region: Region | None = None) -> model.Plan:
    """The plan for one record as of a day, in a region (the record's own where none is given; else the best of all)."""
    return Making(record, knowledge, day, region or record.region).plan()


class Making:
    def __init__(self, record: Record, knowledge: Knowledge, day: dt.date, region: Region | None) -> None:
        self.record, self.knowledge, self.day, self.region = record, knowledge, day, region
        self.chart = Chart(record, knowledge, day)
        self.decider = Decider(knowledge.vocabulary, self.chart)
        self.words = Words(knowledge, self.decider)
        current = tuple(drug for course in self.chart.courses if course.ongoing for drug in course.drugs)
        self.options = Options(knowledge, self.decider, self.words, day, current)

    def plan(self) -> model.Plan:
        scope = self.scope()
        regions: Sequence[Region] = (self.region,) if self.region else REGIONS
        judged: list[Judged] = []
        if scope is None:
            judged = [self.options.best(treatment, regions) for treatment in self.knowledge.treatments.values()]
        options = sorted((self.options.option(one) for one in judged), key=_order)
        tests = self.tests(judged, options)
        plan = model.Plan(
            schema=model.SCHEMA,
            as_of=self.day.isoformat(),
            region=self.region,
            subject=self.subject(),
            urgent=self.urgent(),
            tests=tests,
            options=options,
            cautions=self.current_cautions(),
            unread=[{"where": one.where, "what": one.what, "why": one.why} for one in self.record.unread],
            sources={},
            scope=scope,
            notes=list(self.record.notes),
            lines=[_line(course) for course in self.chart.courses],
            facts=self.facts(),
            assumed=self.assumed(),
            disclaimer=DISCLAIMER,
        )
        plan.sources = self.sources(plan)
        return plan

    def scope(self) -> str | None:
        """Why no option can honestly be given, or None."""
        if self.record.scope is not None:
            return self.record.scope
        age = self.decider.fact_value("age")
        if isinstance(age, float) and age < _ADULT:
            return "Linewise is for adults: this record is of a child, so nothing is offered."
        metastatic = self.decider.fact_value("metastatic")
        if metastatic is True:
            return None
        if metastatic is False:
            return "The cancer is not metastatic on this record, so nothing is offered. Linewise covers metastatic disease only."
        return "The record does not say that the cancer has spread, so nothing is offered. Linewise covers metastatic disease only."

    def subject(self) -> model.Subject:
        value = self.decider.fact_value
        sites, age, sex = value("sites"), value("age"), value("sex")
        low, metastatic = value("her2-low"), value("metastatic")
        return model.Subject(
            id=self.record.id,
            subtype=str(value("subtype") or "unknown"),
            her2_low=low if isinstance(low, bool) else None,
            line=len(self.chart.history.lines) + 1,
            metastatic=metastatic if isinstance(metastatic, bool) else None,
            sites=sorted(sites) if isinstance(sites, frozenset) else [],
            sex=sex if isinstance(sex, str) else None,
            age=int(age) if isinstance(age, float) else None,
        )

    def urgent(self) -> list[model.Urgent]:
        """The red flags that are up, the most urgent first."""
        found = []
        for alert in self.knowledge.content.alerts.values():
            if self.decider.value(alert.when) is True:
                found.append(
                    model.Urgent(
                        id=alert.id,
                        title=alert.title,
                        act=alert.act,
                        because=self.words.reasons(self.decider.explain(alert.when), 4),
                        plain=alert.plain,
                        text=alert.text or "",
                        sources=list(alert.source),
                    )
                )
        return sorted(found, key=lambda one: (_ACTS.index(one.act), one.id))

    def tests(self, judged: Iterable[Judged], options: list[model.Option]) -> list[model.TestToAsk]:
        """What is unknown and could change the options; and what must come before an option that is offered already."""
        unlocks: dict[str, list[str]] = {}
        before: dict[str, list[str]] = {}
        reasons: dict[str, list[str]] = {}
        by_id = {one.treatment.id: one for one in judged}
        for option in options:
            one = by_id[option.id]
            if option.status == "depends":
                for about in self.options.open(one):
                    fact = self.knowledge.facts.get(about) if isinstance(about, str) else None
                    if fact is not None and fact.test is not None:
                        unlocks.setdefault(fact.test, []).append(option.id)
                        reasons.setdefault(fact.test, []).append(f"{fact.label}: not known")
            elif option.offered:
                for test, why in self.options.unmet_checks(one).items():
                    before.setdefault(test, []).append(option.id)
                    reasons.setdefault(test, []).extend(why[:1])
        found = [self._test(test, unlocks, before, reasons) for test in dict.fromkeys([*unlocks, *before])]
        return sorted(found, key=lambda test: (-len(test.unlocks), -len(test.before), test.id))

    def _test(
        self, name: str, unlocks: dict[str, list[str]], before: dict[str, list[str]], reasons: dict[str, list[str]]
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
        )

    def current_cautions(self) -> list[model.Caution]:
        """What to know about drugs that are being taken now."""
        taken = [drug for course in self.chart.courses if course.ongoing for drug in course.drugs]
        taken += [one.drug for one in self.chart.history.medications]
        found: list[model.Caution] = []
        for drug in dict.fromkeys(taken):
            found += [one for one in self.options.worded(drug, self.knowledge.avoid(drug), forbids=True) if one.applies is not False]
            found += self.options.worded(drug, self.knowledge.cautions(drug))
        return found

    def facts(self) -> list[model.Fact]:
        """The facts that a reader checks first, with their age and whatever else was recorded."""
        found = []
        for name in _SHOWN_FACTS:
            if name not in self.knowledge.facts:
                continue
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
                    assumed=reading.assumed,
                    note=explained_note,
                )
            )
        return found

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
        found = [words for name, words in said.items() if name not in self.record.declared and not has[name]]
        found += [f"{', '.join(course.drugs)}: {text}" for course in self.chart.courses for text in course.assumed]
        return found

    def sources(self, plan: model.Plan) -> dict[str, dict[str, Any]]:
        """Every source that the plan cites, once."""
        ids: dict[str, None] = {}
        for option in plan.options:
            if option.status == "not-indicated":
                ids.update(dict.fromkeys(one.source for one in option.standing if one.source))
                continue
            ids.update(dict.fromkeys(option.sources))
            for caution in option.cautions:
                ids.update(dict.fromkeys(caution.sources))
            for one in option.evidence:
                ids.update(dict.fromkeys(one.sources))
            ids.update(dict.fromkeys(one.source for one in option.standing if one.source))
        cited: list[model.TestToAsk | model.Urgent | model.Caution] = [*plan.tests, *plan.urgent, *plan.cautions]
        for each in cited:
            ids.update(dict.fromkeys(each.sources))
        found = {}
        for name in sorted(ids):
            source = self.knowledge.sources.get(name)
            if source is not None:
                date = source.date.text if source.date else None
                found[name] = {"title": source.title, "publisher": source.publisher, "date": date, "url": source.url}
        return found


def _order(option: model.Option) -> tuple[int, int, int, str]:
    """Kind, then status, then the stated strength of the recommendation; ties stand in the order of their names."""
    return (_KINDS.index(option.kind), model.STATUSES.index(option.status), _LEVELS[option.level], option.title)


def _line(course: Course) -> model.LineOfTherapy:
    return model.LineOfTherapy(
        number=course.number,
        setting=course.setting,
        drugs=list(course.drugs),
        start=course.start.isoformat() if course.start else None,
        end=course.end.isoformat() if course.end else None,
        months=course.months,
        stopped_for=course.stopped_for,
        ongoing=course.ongoing,
        reason=course.reason,
        contested=course.contested,
        assumed=list(course.assumed),
    )
