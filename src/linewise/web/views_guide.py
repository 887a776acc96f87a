"""The guided questions: one idea a page, kept at once, and nothing lost on the way back."""

from __future__ import annotations

from typing import Any

from linewise.journal.documents import Health, read, write
from linewise.journal.extras import extra

from . import guide, pictures
from .frame import Answer, Ask, Go, Page, Refusal, View
from .guide import Step


def _steps(ask: Ask, health: Health) -> list[Step]:
    return guide.asked(health, ask.maybe_plan, ask.knowledge, ask.house.codes)


async def begin(ask: Ask) -> Answer:
    """To the first question that is open; where none is, to the plan."""
    health = read(ask.journal, Health)
    for step in _steps(ask, health):
        if not guide.done(step, health) and not _in_record(step, health, ask):
            return Go(f"/guide/{step.id}")
    return Go("/plan")


def _in_record(step: Step, health: Health, ask: Ask) -> str:
    """What a record that was brought in says already, in words; empty where it says nothing."""
    plan = ask.maybe_plan
    if health.imported is None or plan is None:
        return ""
    if step.kind == "courses":
        setting = "metastatic" if step.member == "metastatic_lines" else "adjuvant"
        drugs = [
            " + ".join(ask.knowledge.label(drug) for drug in one.drugs) for one in plan.chart.courses if one.setting == setting
        ]
        return ", ".join(drugs)
    if step.member == "medications":
        return ", ".join(ask.knowledge.label(one.drug) for one in plan.chart.history.medications)
    known = bool(step.fact) and plan.decider.fact_value(step.fact) is not None
    return plan.words.fact_value(step.fact) if known else ""


async def overview(ask: Ask) -> Answer:
    """All questions with their answers, each a link."""
    health = read(ask.journal, Health)
    rows = [
        {"id": step.id, "question": step.question, "answer": _answer_words(step, health, ask), "done": guide.done(step, health)}
        for step in _steps(ask, health)
    ]
    return Page(template="guide_all.html", title="My answers", data={"steps": rows})


def _answer_words(step: Step, health: Health, ask: Ask) -> str:
    value = guide.get(health.answers, step.member)
    if value is None and (known := _in_record(step, health, ask)):
        return f"{known} (from your record)"
    if value is None:
        return "I don’t know" if step.id in health.unsure else "not answered"
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
    health = read(ask.journal, Health)
    steps = _steps(ask, health)
    ids = [step.id for step in steps]
    if ask.part("step") not in ids:
        raise Refusal(404, "This question is not asked of you.")
    place = ids.index(ask.part("step"))
    step = steps[place]
    if not ask.posted:
        return _page(ask, step, place, steps, health, {}, [])
    if ask.one("do") == "unknown":
        health.answers = guide.put(health.answers, step.member, None)
        health.unsure = [*dict.fromkeys([*health.unsure, step.id])]
        return _saved(ask, health, step)
    if step.kind == "courses":
        return _courses(ask, step, place, steps, health)
    value, error = guide.parse_answer(step, ask.many("answer"), ask.one("none") == "yes", ask.knowledge)
    if error:
        return _page(ask, step, place, steps, health, {"answer": error}, ask.many("answer"))
    health.answers = guide.put(health.answers, step.member, value)
    return _saved(ask, health, step, answered=True)


def _courses(ask: Ask, step: Step, place: int, steps: list[Step], health: Health) -> Answer:
    """Courses are added and taken away one by one; going on with none says that there was none."""
    have: list[dict[str, Any]] = list(guide.get(health.answers, step.member) or [])
    do = ask.one("do")
    if do.startswith("remove-") and do[7:].isdigit() and int(do[7:]) < len(have):
        del have[int(do[7:])]
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
    health.answers = guide.put(health.answers, step.member, have)
    return _saved(ask, health, step, answered=True)


def _saved(ask: Ask, health: Health, step: Step, answered: bool = False, stay: bool = False) -> Answer:
    version = ask.one("version")
    if version.isdigit():
        health.version = int(version)
    if answered:
        health.unsure = [name for name in health.unsure if name != step.id]
        health.answered_on = {**health.answered_on, step.id: ask.day}
    write(ask.journal, health)
    if stay:
        return Go(f"/guide/{step.id}")
    steps = _steps(ask, health)
    ids = [one.id for one in steps]
    after = steps[ids.index(step.id) + 1 :] if step.id in ids else steps
    after = [one for one in after if guide.done(one, health) or not _in_record(one, health, ask)]
    return Go(f"/guide/{after[0].id}" if after else "/plan")


def _page(ask: Ask, step: Step, place: int, steps: list[Step], health: Health, errors: dict[str, str], typed: list[str]) -> Page:
    value = guide.get(health.answers, step.member)
    chosen = typed or _as_typed(step, value)
    data = {
        "id": step.id,
        "question": step.question,
        "where": step.where,
        "choices": [{"value": one, "label": label} for one, label in step.choices],
        "kind": step.kind,
        "answer": value,
        "number": place + 1,
        "of": len(steps),
        "previous": steps[place - 1].id if place else None,
        "version": health.version,
        "errors": errors,
    }
    report = extra("guide.yaml")["report"]
    context = {
        "step": step,
        "chosen": chosen,
        "unsure": step.id in health.unsure,
        "picture": pictures.report(step.report, report.items()) if step.report else "",
        "names": guide.drug_names(ask.knowledge, step.kind == "courses") if step.kind in ("courses", "names") else [],
        "typed": {name: ask.one(name) for name in ("drug0", "drug1", "drug2", "drug3", "months", "since", "stopped")},
    }
    return Page(template="guide.html", title=step.question, data=data, context=context, status=422 if errors else 200)


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
    "do": "next, unknown, add, or remove-N",
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
