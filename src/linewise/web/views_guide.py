"""The guided questions: one idea a page, kept at once, and nothing lost on the way back."""

from __future__ import annotations

from typing import Any

from linewise.journal.documents import Health, Settings, read, write
from linewise.knowledge import Knowledge
from linewise.record import Course
from linewise.record.model import NOT_KNOWN

from . import guide, pictures
from .frame import Answer, Ask, Go, Page, Refusal, View, whole
from .guide import Step


def _steps(ask: Ask, health: Health) -> list[Step]:
    return guide.asked(health, ask.maybe_plan, ask.knowledge, ask.house.codes, ask.day)


async def begin(ask: Ask) -> Answer:
    """To the first question that is open; where none is, to the plan. Own questions never begin in the invented person's record."""
    if ask.session.example:
        return _own(ask)
    health = read(ask.journal, Health)
    for step in _steps(ask, health):
        if not guide.done(step, health) and not _in_record(step, health, ask):
            return Go(f"/guide/{step.id}")
    return Go("/plan")


def _own(ask: Ask) -> Answer:
    """Close the invented person; nothing of it goes on."""
    ask.session.begin_own()
    first = guide.core(ask.knowledge, ask.house.codes)[0]
    return Go(f"/guide/{first.id}", "own")


def _in_record(step: Step, health: Health, ask: Ask) -> str:
    """What a record that was brought in says already, in words; empty where it says nothing."""
    plan = ask.maybe_plan
    if health.imported is None or plan is None:
        return ""
    if step.kind == "courses":
        return ", ".join(" + ".join(ask.knowledge.label(drug) for drug in one.drugs) for one in _recorded(step, ask))
    if step.member == "medications":
        return ", ".join(ask.knowledge.label(one.drug) for one in plan.chart.history.medications if one.drug != NOT_KNOWN)
    if step.member == "region":
        return health.imported.region or ""
    known = bool(step.fact) and plan.decider.fact_value(step.fact) is not None
    return plan.words.fact_value(step.fact) if known else ""


def _recorded(step: Step, ask: Ask) -> list[Course]:
    """The courses that a record has for a step."""
    setting = "metastatic" if step.member == "metastatic_lines" else "adjuvant"
    given = ask.plan.chart.record.courses or ask.plan.chart.courses  # as they were entered: parts of a line stay parts here
    return [one for one in given if one.setting == setting and NOT_KNOWN not in one.drugs]


async def overview(ask: Ask) -> Answer:
    """All questions with their answers, each a link."""
    health = read(ask.journal, Health)
    rows = [
        {
            "id": step.id,
            "section": step.section,
            "question": step.question,
            "answer": _answer_words(step, health, ask),
            "done": guide.done(step, health),
        }
        for step in _steps(ask, health)
    ]
    sections = ask.knowledge.guide.sections
    parts = [{"title": title, "steps": [row for row in rows if row["section"] == name]} for name, title in sections.items()]
    context = {"parts": [part for part in parts if part["steps"]], "example": health.example}
    return Page(template="guide_all.html", title="My answers", data={"steps": rows}, context=context)


def _answer_words(step: Step, health: Health, ask: Ask) -> str:
    value = health.coarse.get(step.coarse) if step.kind == "kinds" else guide.get(health.answers, step.member)
    if value is None and step.id in health.unsure:
        return "I don’t know"
    if value is None and (known := _in_record(step, health, ask)):
        return f"{known} (from your record)"
    if value is None:
        return "not answered"
    labels = dict(step.choices)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        words = [
            " + ".join(ask.knowledge.label(drug) for drug in one["drugs"])
            if isinstance(one, dict)
            else labels.get(one, ask.knowledge.label(one))
            for one in value
        ]
        return ", ".join(words) or (step.none or "None")
    return labels.get(str(value), f"{value} {step.unit}".strip())


async def question(ask: Ask) -> Answer:
    """One question. What is sent is saved before the next one is shown."""
    if ask.session.example:
        return _own(ask)
    health = read(ask.journal, Health)
    steps = _steps(ask, health)
    ids = [step.id for step in steps]
    if ask.part("step") not in ids:
        raise Refusal(404, "This question is not asked of you.")
    place = ids.index(ask.part("step"))
    step = steps[place]
    if not ask.posted:
        return _page(ask, step, place, steps, health, {}, [])
    if ask.one("do") == "unknown" or (step.open and ask.many("answer") == [step.open]):
        return _unknown(ask, health, step)
    if step.kind == "courses":
        return _courses(ask, step, place, steps, health)
    none = ask.one("none") == "yes"
    value, error = guide.parse_answer(step, ask.many("answer"), none, ask.knowledge)
    if error:
        return _page(ask, step, place, steps, health, {"answer": error}, ask.many("answer"))
    if none and ask.many("answer"):
        both = f"You ticked something and “{step.none or 'None of these'}” as well. Please choose one of the two."
        return _page(ask, step, place, steps, health, {"answer": both}, ask.many("answer"))
    if step.kind == "kinds":
        return _kinds(ask, step, health, value)
    for member in step.drops:
        health.answers = guide.put(health.answers, member, None)
    health.answers = guide.put(health.answers, step.member, value)
    return _saved(ask, health, step, answered=True)


def _unknown(ask: Ask, health: Health, step: Step) -> Answer:
    """ "I don't know": the answer stays open, and is never taken as none."""
    if step.kind != "kinds":
        health.answers = guide.put(health.answers, step.member, None)
    health.coarse = {name: kinds for name, kinds in health.coarse.items() if name != (step.coarse or step.id)}
    health.unsure = [*dict.fromkeys([*health.unsure, step.id])]
    return _saved(ask, health, step)


def _kinds(ask: Ask, step: Step, health: Health, value: list[str]) -> Answer:
    """Kinds of treatment, where the names are not known. None at all is an answer to the question before as well."""
    if value:
        health.coarse = {**health.coarse, step.coarse: value}
    else:
        health.answers = guide.put(health.answers, step.member, [])
        health.unsure = [name for name in health.unsure if name != step.coarse]
    return _saved(ask, health, step, answered=True)


def _courses(ask: Ask, step: Step, place: int, steps: list[Step], health: Health) -> Answer:
    """Courses are added and taken away one by one; going on with none says that there was none."""
    have: list[dict[str, Any]] = list(guide.get(health.answers, step.member) or [])
    do = ask.one("do")
    if do == "copy":
        health.answers = guide.put(health.answers, step.member, [_copied(one) for one in _recorded(step, ask)])
        return _saved(ask, health, step, answered=True, stay=True)
    number = whole(do.removeprefix("remove-"))
    if do.startswith("remove-") and number is not None and number < len(have):
        del have[number]
        health.answers = guide.put(health.answers, step.member, have or None)
        return _saved(ask, health, step, stay=True)
    drugs = [ask.one(f"drug{number}") for number in range(4)]
    if do == "add" or any(drugs):
        made, errors = guide.course(
            step.member, [one for one in drugs if one], ask.one("months"), ask.one("since"), ask.one("stopped"), ask.knowledge
        )
        if made is None:
            return _page(ask, step, place, steps, health, errors, [])
        have.append(made)
        health.answers = guide.put(health.answers, step.member, have)
        return _saved(ask, health, step, answered=True, stay=do == "add")
    if do == "keep" or (not have and _in_record(step, health, ask)):
        return _saved(ask, health, step, answered=False)
    health.answers = guide.put(health.answers, step.member, have)
    return _saved(ask, health, step, answered=True)


def _copied(one: Course) -> dict[str, Any]:
    """A course of a record that was brought in, as an answer that can be changed."""
    found: dict[str, Any] = {"drugs": list(one.drugs)}
    if one.months is not None:
        found["months"] = round(one.months, 1)
    if one.months_since_end is not None:
        found["months_since_end"] = round(one.months_since_end, 1)
    if one.stopped_for is not None:
        found["stopped_for"] = one.stopped_for
    if one.setting == "metastatic":
        found["going"] = {True: "yes", False: "no", None: "unknown"}[one.ongoing]
    return found


def _saved(ask: Ask, health: Health, step: Step, answered: bool = False, stay: bool = False) -> Answer:
    ask.versioned(health)
    before = read(ask.journal, Health)
    if answered:
        health.unsure = [name for name in health.unsure if name != step.id]
        health.answered_on = {**health.answered_on, step.id: ask.day}
    write(ask.journal, health)
    if step.member == "region":
        settings = read(ask.journal, Settings)
        if settings.region:
            settings.region = ""
            write(ask.journal, settings)
    if stay:
        return Go(f"/guide/{step.id}")
    steps = _steps(ask, health)
    ids = [one.id for one in steps]
    after = steps[ids.index(step.id) + 1 :] if step.id in ids else steps
    after = [one for one in after if guide.done(one, health) or not _in_record(one, health, ask)]
    if not after or _enough(steps, before, health, ask.knowledge):
        return Go("/plan")
    return Go(f"/guide/{after[0].id}")


def _enough(steps: list[Step], before: Health, now: Health, knowledge: Knowledge) -> bool:
    """Whether this answer was the last one before the first plan is shown."""
    most = knowledge.guide.first_answer
    return len([one for one in steps if guide.done(one, before)]) < most <= len([one for one in steps if guide.done(one, now)])


def _page(ask: Ask, step: Step, place: int, steps: list[Step], health: Health, errors: dict[str, str], typed: list[str]) -> Page:
    value = health.coarse.get(step.coarse) if step.kind == "kinds" else guide.get(health.answers, step.member)
    recorded = _in_record(step, health, ask) if value is None else ""
    chosen = typed or _as_typed(step, value) or (_prefilled(step, ask) if recorded else [])
    section = [one for one in steps if one.section == step.section and one.late == step.late]
    data = {
        "id": step.id,
        "question": step.question,
        "why": step.why,
        "where": step.where,
        "choices": [{"value": one, "label": label} for one, label in step.choices],
        "kind": step.kind,
        "answer": value,
        "section": ask.knowledge.guide.sections[step.section],
        "number": section.index(step) + 1,
        "of": len(section),
        "previous": steps[place - 1].id if place else None,
        "recorded": recorded,
        "version": health.version,
        "errors": errors,
    }
    report = ask.knowledge.guide.report
    context = {
        "step": step,
        "chosen": chosen,
        "unsure": step.id in health.unsure,
        "picture": pictures.report(step.report, report.items()) if step.report else "",
        "names": guide.drug_names(ask.knowledge, step.kind == "courses") if step.kind in ("courses", "names") else [],
        "stops": [(one.id, one.label) for one in ask.knowledge.guide.stops],
        "stop_words": guide.stop_words,
        "typed": {name: ask.one(name) for name in ("drug0", "drug1", "drug2", "drug3", "months", "since", "stopped")},
    }
    return Page(template="guide.html", title=step.question, data=data, context=context, status=422 if errors else 200)


def _prefilled(step: Step, ask: Ask) -> list[str]:
    """What a record that was brought in says, as the form shows it: to be looked at, and changed where it is wrong."""
    if not step.fact or step.kind in ("names", "pick"):
        return []
    value = ask.plan.decider.fact_value(step.fact)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [f"{value:g}" if isinstance(value, float) else str(value)]


def _as_typed(step: Step, value: Any) -> list[str]:
    """A stored answer as the form shows it."""
    if value is None:
        return []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, list):
        labels = dict(step.choices)
        return [str(labels.get(one, one) if step.kind == "pick" else one) for one in value if not isinstance(one, dict)]
    return [str(value)]


_FIELDS = {
    "answer": "the answer, or several",
    "none": "yes: none of them",
    "do": "next, unknown, add, copy, keep, or remove-N",
    "version": "the version that was read",
    "drug0": "of a course: a drug",
    "months": "of a course: how many months",
    "since": "of a course: months since its end",
    "stopped": "of a course: why it stopped",
}
VIEWS = [
    View(path="/guide", summary="The first open question", handler=begin),
    View(path="/answers", summary="All questions with their answers", handler=overview),
    View(path="/guide/{step}", summary="One question", handler=question, methods=("GET", "POST"), fields=_FIELDS),
]
