"""What may come, and trials to ask about: small, honest, with sources, and no figure that is not of the knowledge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from linewise.knowledge import Knowledge
from linewise.sequence import make_sequence
from linewise.sequence.shown import Shown, shown
from linewise.trials.ask import NOTE, matches_of

from . import people
from .test_card import bring

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def main_of(page: str) -> str:
    """The words of a page without its sources: those are listed with their days."""
    text = page[page.index("<main") : page.index("</main>")]
    text = re.sub(
        r'<details class="more page-sources".*|<a class="cite".*?</a>|<div class="banner.*?</div>', " ", text, flags=re.S
    )
    return unescape(re.sub(r"<[^>]+>", " ", text))


def every(steps: list[Shown]) -> Iterator[Shown]:
    for step in steps:
        yield step
        yield from every(step.next)


def tree_of(knowledge: Knowledge) -> list[Shown]:
    plan = people.plan_of(people.SECOND_LINE, knowledge)
    assert knowledge.wording.sequence is not None
    return shown(make_sequence(plan.record, knowledge, people.DAY, plan.region), knowledge.wording.sequence)


def test_the_tree_is_that_of_the_command_and_each_edge_has_a_source_or_says_so(person: Any, knowledge: Knowledge) -> None:
    bring(person, people.SECOND_LINE)
    assert 'href="/sequence"' in person.get("/plan").text
    page, twin = person.get("/sequence").text, person.get("/sequence.json").json()
    steps = list(every(tree_of(knowledge)))
    assert page.count('<li class="step') == len(steps) <= 3 + 9 + 27
    assert {step.depth for step in steps} == {1, 2, 3}
    assert twin["schema"] == "linewise.sequence/1"
    for step in steps:
        assert step.sources or step.no_data, step.title
        said = [step.short] if step.last else step.grounds
        assert any(name in " ".join(said) for name in ("no data", "(1", "(2")), step.title
        assert f">{step.title}</a>" in page.replace("&amp;", "&")
    assert all(f"ahead-{depth}" in page for depth in (1, 2, 3)), "each further step is drawn as less certain"
    assert "<svg" not in page


def test_results_stand_in_the_view_for_the_team_alone(person: Any, knowledge: Knowledge) -> None:
    bring(person, people.SECOND_LINE)
    results = [line for step in every(tree_of(knowledge)) for line in step.results]
    assert results
    assert not any(line in main_of(person.get("/sequence").text) for line in results)
    person.post("/plan/view", team="yes")
    words = " ".join(main_of(person.get("/sequence").text).split())
    assert all(line.rstrip(".") in words for line in results)


def test_no_number_of_the_tree_is_of_the_page_alone(person: Any, knowledge: Knowledge) -> None:
    """Every number is in the title of an option, in the words of what closes it, in a trial, or a count of the tree."""
    bring(person, people.SECOND_LINE)
    person.post("/plan/view", team="yes")
    steps = list(every(tree_of(knowledge)))
    plan = people.plan_of(people.SECOND_LINE, knowledge)
    whole = make_sequence(plan.record, knowledge, people.DAY, plan.region)
    known = [one.title for one in knowledge.treatments.values()]
    for trial in knowledge.evidence.values():
        known += [trial.name, trial.plain or ""]
        for one in trial.results:
            known += [str(value) for value in (one.endpoint, one.group, one.treatment, one.control, one.hr, one.p, one.note)]
            known += [
                f"{value:g}" for value in (one.treatment, one.control, one.hr, *(one.ci or ())) if isinstance(value, float | int)
            ]
            known += [str(value) for value in one.ci or ()]
    known += [one.date.text for one in knowledge.sources.values() if one.date is not None]
    known += [said.since for one in knowledge.treatments.values() for said in plan.option(one.id).standing]
    known += [one.label for one in knowledge.drugs.values()] + [one.label for one in knowledge.classes.values()]
    known += [one.label for one in knowledge.facts.values()]
    numbers = {number for text in known for number in _NUMBER.findall(text)}
    numbers |= {str(whole.more), *(str(line.number) for line in whole.behind)}
    numbers |= {number for step in steps for line in (*step.changes, step.more) for number in _NUMBER.findall(line)}
    counted = {str(len(step.next)) for step in steps}
    shown_numbers = set(_NUMBER.findall(main_of(person.get("/sequence").text)))
    assert shown_numbers - numbers - counted == {"95"}, "the intervals are of 95 per cent"
    assert shown_numbers


def test_the_counts_of_the_tree_are_those_of_the_plan_ahead(knowledge: Knowledge) -> None:
    plan = people.plan_of(people.SECOND_LINE, knowledge)
    whole = make_sequence(plan.record, knowledge, people.DAY, plan.region)
    for step, told in zip(whole.steps, tree_of(knowledge), strict=True):
        assert f"{len(step.next) + step.more} ways" in " ".join(told.changes)
        assert step.closes or "closes nothing" in " ".join(told.changes)


def test_trials_are_those_of_the_knowledge_and_no_offer(person: Any, knowledge: Knowledge) -> None:
    bring(person, people.SECOND_LINE)
    assert 'href="/trials"' in person.get("/plan").text
    page, twin = person.get("/trials").text, person.get("/trials.json").json()
    matches = matches_of(people.plan_of(people.SECOND_LINE, knowledge))
    assert [one["id"] for one in twin["trials"]] == [one.entry.id for one in matches]
    assert NOTE in page and "no offer of a place" in page
    assert page.count('<article class="card trial-card">') == len(matches) > 0
    for match in matches:
        assert f'href="{match.entry.url}"' in page
        assert match.entry.title in unescape(page)
    assert page.count("ask whether it still recruits") == len(matches), "the age of each entry is said"


def test_no_number_of_a_trial_is_of_the_page_alone(person: Any, knowledge: Knowledge) -> None:
    bring(person, people.SECOND_LINE)
    matches = matches_of(people.plan_of(people.SECOND_LINE, knowledge))
    known: list[str] = [str(sum(one.status == status for one in matches)) for status in ("may-fit", "depends", "does-not-fit")]
    for match in matches:
        entry = match.entry
        assert entry.read_on is not None
        known += [entry.id, entry.title, entry.phase, str(len(entry.countries)), str((people.DAY - entry.read_on).days // 30)]
        known += [str(entry.read_on.day), str(entry.read_on.year), str(sum(one.open == "team" for one in match.unknown))]
        known += [text for one in match.points for text in (one.text, *one.reasons, *one.missing)]
    numbers = {number for text in known for number in _NUMBER.findall(text)}
    assert set(_NUMBER.findall(main_of(person.get("/trials").text))) <= numbers


def test_somebody_who_is_not_known_is_shown_no_trial_as_fitting(person: Any) -> None:
    bring(person, people.UNKNOWN)
    groups = {one["status"] for one in person.get("/trials.json").json()["trials"]}
    assert "may-fit" not in groups
    assert person.get("/sequence").status_code == 200
