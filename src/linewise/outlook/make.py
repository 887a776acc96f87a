"""Plan -> outlook. Every number is one that the knowledge holds, or a checked multiple of it; no two medians are ever joined."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Literal

import msgspec

from linewise.errors import KnowledgeError
from linewise.knowledge import Knowledge
from linewise.knowledge.counted import drugs_of
from linewise.knowledge.model import Arm, Result, Treatment, Trial
from linewise.knowledge.outlook import Checked
from linewise.knowledge.wording import OutlookWords, Said
from linewise.logic import Decider, walk
from linewise.plan import Plan
from linewise.plan.words import Words
from linewise.record import Chart, Course
from linewise.record.lines import other_medicines

from .model import SCHEMA, Arms, Counted, Figure, Landmark, Outlook, Refused, Scenario, Why
from .people import Fit, Standpoint, fitting, is_arm, left_out, not_told
from .picture import of_landmark, of_range
from .spans import span

_SURVIVAL = "OS"
_LANDMARK = re.compile(r"OS at (?P<n>\d+) (?P<unit>months|years)")
_MONTHS = {"months": 1, "years": 12}
_TYPICAL = ("lower", "upper")
"""The ends that came near everywhere they were checked; the outer ones are shown only where they were checked themselves."""
_PLACES = 4
Side = Literal["treatment", "control"]


def make_outlook(plan: Plan, figures: bool = False, arms: bool = False) -> Outlook:
    """The words, and with `figures` the figures of people like this one; with `arms` the published comparisons for a team."""
    return _Making(plan).outlook(figures, arms)


class _Candidate(msgspec.Struct):
    """An arm of a trial that this person has begun, or could begin."""

    trial: Trial
    side: Side
    counted: Counted
    title: str


class _Making:
    def __init__(self, plan: Plan) -> None:
        self.plan, self.knowledge = plan, plan.knowledge
        self.words = _words(self.knowledge)
        self.today = Standpoint(plan.decider, plan.words)
        lines = [one for one in plan.chart.courses if one.ongoing and one.setting == "metastatic"]
        self.present = lines[-1] if lines else None
        self.used: set[str] = set()

    def outlook(self, asked: bool, arms: bool) -> Outlook:
        plan, words = self.plan, self.words
        out = plan.scope or left_out(self.knowledge, plan.decider)
        figures, refused = self._figures() if asked and out is None else ([], [])
        none = None
        if asked and not figures:
            none = words.sentences["none-scope"].format(why=out) if out else words.sentences["none"]
        found = Outlook(
            schema=SCHEMA,
            as_of=plan.as_of,
            region=plan.region,
            id=plan.record.id,
            title=words.title,
            asked=asked,
            first=[words.urgent.format(title=one.title, plain=one.plain) for one in plan.urgent if one.act != "next-visit"],
            before=self._said(words.before),
            how=words.how,
            meaning=self._said(words.meaning) if figures else [],
            figures=figures,
            none=none,
            refused=refused,
            changes=self._said(words.changes),
            stays=self._said(words.stays),
            support=self._said(words.support),
            places=self._places(),
            arms=list(self._arms()) if arms else [],
            sources={},
            disclaimer=plan.disclaimer,
        )
        if figures:
            self.used.update(self.knowledge.outlook.source)
        found.sources = self._sources()
        return found

    def _said(self, sentences: Iterable[Said]) -> list[str]:
        found = list(sentences)
        self.used.update(source for one in found for source in one.source)
        return [one.plain for one in found]

    # Which arms

    def _figures(self) -> tuple[list[Figure], list[Refused]]:
        """One figure for a treatment, of the people closest to this one, so that no two numbers stand for the same question."""
        figures: dict[str, Figure] = {}
        refused: dict[str, Refused] = {}
        seen: set[tuple[str, Side]] = set()
        for one in self._candidates():
            arm = (one.trial.nct or one.trial.id, one.side)
            found = self._figure(one)
            if isinstance(found, Figure) and one.title not in figures and arm not in seen:
                figures[one.title] = found
                seen.add(arm)
            elif arm not in seen:
                refused.setdefault(one.trial.id, found if isinstance(found, Refused) else self._refused(one.trial, "closer"))
        shown = {one.trial for one in figures.values()}
        return list(figures.values()), [one for name, one in refused.items() if name not in shown]

    def _candidates(self) -> Iterator[_Candidate]:
        """First what is taken now, then the options in the order of the plan. Where more is said of the people of a trial, it goes first."""
        trials = sorted(
            self.knowledge.evidence.values(), key=lambda one: (-_conditions(one), -(_newest(one, self.knowledge)), one.id)
        )
        present = self.present
        if present is not None:
            drugs = frozenset(present.present)
            for trial in trials:
                for side, arm in _sides(trial):
                    if is_arm(arm, drugs, frozenset(), self.knowledge):
                        title = " + ".join(self.knowledge.label(drug) for drug in sorted(drugs))
                        yield _Candidate(trial, side, "present", title)
        for option in self.plan.offered:
            treatment = self.knowledge.treatments[option.id]
            if option.kind == "systemic" and not option.declined:
                yield from self._of_option(treatment, [one for one in trials if one.id in treatment.evidence], present)

    def _of_option(self, treatment: Treatment, trials: list[Trial], present: Course | None) -> Iterator[_Candidate]:
        fixed = frozenset(treatment.drugs)
        choice = frozenset(drugs_of(treatment)) - fixed
        if present is not None and set(present.present) <= fixed | choice:
            return  # it goes on with what is taken now
        for trial in trials:
            for side, arm in _sides(trial):
                if is_arm(arm, fixed, choice, self.knowledge):
                    yield _Candidate(trial, side, "option", treatment.title)

    @cached_property
    def before(self) -> Standpoint:
        """The person on the last day before the treatment of now began: who was like the people that a trial took.

        Where that day is not known, the person of today without this treatment.
        """
        present, plan = self.present, self.plan
        began = present.start if present is not None else None
        kept = [one for one in plan.chart.courses if one is not present]
        record = msgspec.structs.replace(plan.record, courses=kept, administrations=other_medicines(plan.record, self.knowledge))
        chart = Chart(record, self.knowledge, began - dt.timedelta(days=1) if began else plan.day)
        decider = Decider(self.knowledge.vocabulary, chart)
        return Standpoint(decider, Words(self.knowledge, decider))

    # One figure

    def _figure(self, one: _Candidate) -> Figure | Refused:
        trial = one.trial
        standpoint = self.before if one.counted == "present" else self.today
        results = [each for each in trial.results if each.endpoint == _SURVIVAL and _value(each, one.side) is not None]
        landmarks = [each for each in trial.results if _LANDMARK.fullmatch(each.endpoint) and _value(each, one.side) is not None]
        if not results and not landmarks:
            return self._refused(trial, "too-early")
        fit = fitting(trial, results or landmarks, standpoint)
        if not isinstance(fit, Fit):
            return self._refused(trial, fit.why, why=fit.text, group=fit.group)
        value = _value(fit.result, one.side) if results else None
        if isinstance(value, str):
            return self._refused(trial, "still-alive")
        if value is not None and fit.result.unit != "months":
            return self._refused(trial, "too-early")
        timed = list(self._landmarks(landmarks, one.side, standpoint))
        return self._told(one, fit, value, timed, standpoint)

    def _refused(self, trial: Trial, reason: Why, **slots: str) -> Refused:
        text = self.words.sentences[reason].format(trial=trial.name, **slots)
        return Refused(trial=trial.id, name=trial.name, why=reason, text=text)

    def _told(self, one: _Candidate, fit: Fit, median: float | None, landmarks: list[Landmark], standpoint: Standpoint) -> Figure:
        trial, result = one.trial, fit.result
        arm = trial.treatment if one.side == "treatment" else trial.control
        assert arm is not None
        checked = self._checked(arm, standpoint)
        scenarios = self._scenarios(median, checked) if median is not None else []
        unsure = [*fit.not_known, *not_told(self.knowledge, standpoint)]
        year = self._year([*result.source, *trial.source])
        self.used.update((*result.source, *trial.source, *(checked.source if checked else ())))
        figure = Figure(
            trial=trial.id,
            name=trial.name,
            counted=one.counted,
            arm=arm.label,
            head=self.words.heads[one.counted].format(arm=one.title),
            population=trial.population or "",
            group=result.group,
            like="in-part" if unsure else "yes",
            not_known=unsure,
            year=year,
            median=median,
            scenarios=scenarios,
            landmarks=landmarks,
            checked=checked.id if checked else None,
            sentences=[],
            pictures=[of_landmark(found, self.words) for found in landmarks],
            note=result.note,
            early=result.early,
            review=result.review,
            sources=list(dict.fromkeys([*result.source, *trial.source])),
        )
        if median is not None:
            figure.pictures.insert(0, of_range(median, scenarios, self.words))
        figure.sentences = list(self._sentences(figure, one, checked))
        return figure

    def _sentences(self, figure: Figure, one: _Candidate, checked: Checked | None) -> Iterator[str]:
        """Words for one figure: whose it is, the range, the middle, how old it is."""
        said, spans = self.words.sentences, self.words.spans
        yield said["like-yes"] if figure.like == "yes" else said["like-in-part"].format(what="; ".join(figure.not_known))
        if figure.group:
            yield said["group"].format(group=figure.group)
        yield self._counted(one)
        ends = {each.id: each for each in figure.scenarios}
        if figure.median is not None:
            lower, upper = (span(ends[name].months, spans) for name in _TYPICAL)
            yield said["typical"].format(lower=lower, upper=upper)
            yield said["median"].format(half=span(figure.median, spans))
            if "worst" in ends:
                yield said["worst"].format(n=100 - ends["worst"].alive, worst=span(ends["worst"].months, spans))
            if "best" in ends:
                yield said["best"].format(n=ends["best"].alive, best=span(ends["best"].months, spans))
            else:
                yield said["longer"].format(n=ends["upper"].alive, upper=upper)
            yield said["rough"]
            yield checked.plain if checked else said["unchecked"]
            if checked is not None and checked.review:
                yield said["check-unconfirmed"]
        for found in figure.landmarks:
            yield said["landmark"].format(time=span(found.months, spans, about=False), n=f"{found.alive:g}")
        yield f"{said['published'].format(year=figure.year)} {said['changed']}" if figure.year else said["undated"]
        if figure.early:
            yield said["early"]
        if figure.review:
            yield said["unconfirmed"]

    def _counted(self, one: _Candidate) -> str:
        said = self.words.sentences
        if one.counted == "option" or self.present is None:
            return said["from-start"]
        began = self.present.start
        return said["from-line"].format(day=began.isoformat()) if began else said["from-unknown"]

    def _checked(self, arm: Arm, standpoint: Standpoint) -> Checked | None:
        """The trials on which the multiples were checked, where this arm is of their kind."""
        for one in self.knowledge.outlook.checked:
            of_kind = any(drug == name or self.knowledge.is_a(drug, name) for drug in arm.drugs for name in one.classes)
            if of_kind and (one.when is None or standpoint.decider.value(one.when) is True):
                return one
        return None

    def _scenarios(self, median: float, checked: Checked | None) -> list[Scenario]:
        found = []
        for one in self.knowledge.outlook.scenarios:
            near = checked.share.get(one.id) if checked else None
            if near is not None or one.id in _TYPICAL:
                found.append(Scenario(id=one.id, months=one.times * median, alive=one.alive, near=near))
        return found

    def _landmarks(self, results: list[Result], side: Side, standpoint: Standpoint) -> Iterator[Landmark]:
        for one in results:
            found, value = _LANDMARK.fullmatch(one.endpoint), _value(one, side)
            mine = one.people is None or standpoint.decider.value(one.people) is True
            if found and mine and (one.people is not None or not one.group) and isinstance(value, float | int):
                yield Landmark(months=int(found["n"]) * _MONTHS[found["unit"]], alive=float(value))

    def _year(self, ids: Iterable[str]) -> str | None:
        dates = [self.knowledge.sources[name].date for name in ids if name in self.knowledge.sources]
        return max((one.text[:4] for one in dates if one is not None), default=None)

    # Beside it

    def _places(self) -> list[dict[str, str]]:
        """Whom to talk to where the person lives: first who answers at once, then organisations."""
        knowledge, here = self.knowledge, self.plan.region
        numbers = knowledge.content.numbers
        own = (numbers.regions[here].numbers if here in numbers.regions else numbers.anywhere) if numbers else ()
        found = [{"name": one.name, "phone": one.dial, "plain": one.text} for one in own if one.kind == "crisis"]
        around = knowledge.around(here)
        near = [one for one in knowledge.content.organisations.values() if set(one.countries) & {*around, "INT"}]
        near.sort(key=lambda one: here not in one.countries)
        for each in near[:_PLACES]:
            found.append({"name": each.name, "phone": each.phone or "", "plain": each.plain, "url": each.url or ""})
        return found

    def _arms(self) -> Iterator[Arms]:
        """Published survival of trials whose people were like this one, or may have been, side by side."""
        decider, words = self.plan.decider, self.plan.words
        for trial in self.knowledge.evidence.values():
            like = decider.value(trial.people) if trial.people is not None else None
            if like is False or trial.people is None:
                continue
            for one in trial.results:
                if one.endpoint != _SURVIVAL and not _LANDMARK.fullmatch(one.endpoint):
                    continue
                part = decider.value(one.people) if one.people is not None else (None if one.group else True)
                self.used.update(one.source)
                yield Arms(
                    trial=trial.id,
                    name=trial.name,
                    population=trial.population or "",
                    endpoint=one.endpoint,
                    group=one.group,
                    unit=one.unit,
                    treatment=trial.treatment.label if trial.treatment else "",
                    control=trial.control.label if trial.control else "",
                    treatment_result=one.treatment,
                    control_result=one.control,
                    hr=one.hr,
                    ci=list(one.ci) if one.ci else None,
                    note=one.note,
                    like=False if part is False else like if part else None,
                    differs="" if like else words.reasons(decider.explain(trial.people), 2),
                    year=self._year(one.source),
                    review=one.review,
                    sources=list(one.source),
                )

    def _sources(self) -> dict[str, dict[str, Any]]:
        known = self.knowledge.sources
        return {
            name: {"title": one.title, "publisher": one.publisher, "date": one.date.text if one.date else None, "url": one.url}
            for name in sorted(self.used)
            if (one := known.get(name)) is not None
        }


def _sides(trial: Trial) -> tuple[tuple[Side, Arm | None], tuple[Side, Arm | None]]:
    return (("treatment", trial.treatment), ("control", trial.control))


def _conditions(trial: Trial) -> int:
    """How much is said of the people of a trial."""
    return sum(1 for _ in walk(trial.people)) if trial.people is not None else 0


def _newest(trial: Trial, knowledge: Knowledge) -> int:
    """The last year in which something of a trial was published, 0 where none is known."""
    ids = (*trial.source, *(source for one in trial.results for source in one.source))
    dates = [knowledge.sources[name].date for name in ids if name in knowledge.sources]
    return max((one.last.year for one in dates if one is not None), default=0)


def _value(result: Result, side: Side) -> float | str | None:
    return result.treatment if side == "treatment" else result.control


def _words(knowledge: Knowledge) -> OutlookWords:
    if knowledge.wording.outlook is None:
        raise KnowledgeError(["wording/outlook.yaml is not in the knowledge"])
    return knowledge.wording.outlook
