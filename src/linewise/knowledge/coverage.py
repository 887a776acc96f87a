"""What the knowledge covers: options by topic and region, drugs with their classes, what still needs review. Generated, never written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from .book import Knowledge
from .counted import drugs_of
from .model import Statement, Treatment, doubt


def markdown(knowledge: Knowledge) -> str:
    """The page docs/coverage.md."""
    return (
        "\n".join(
            [
                *_head(knowledge),
                *_options(knowledge),
                *_drugs(knowledge),
                *_labels(knowledge),
                *_people(knowledge),
                *_guidelines(knowledge),
                *_review(knowledge),
            ]
        )
        + "\n"
    )


def _head(knowledge: Knowledge) -> Iterator[str]:
    content = knowledge.content
    yield "# What the medicine covers"
    yield ""
    yield "Made by `linewise knowledge coverage`; a test keeps it in step with `knowledge/`."
    yield ""
    names = (
        "treatments",
        "drugs",
        "evidence",
        "alerts",
        "effects",
        "tests",
        "pages",
        "glossary",
        "questions",
        "organisations",
        "sources",
    )
    yield " · ".join(f"{len(getattr(content, name))} {name}" for name in names)
    yield ""


def _options(knowledge: Knowledge) -> Iterator[str]:
    yield "## Options"
    yield ""
    yield "First statement that decides in each region; † needs review."
    folders: dict[str, list[Treatment]] = {}
    for name, treatment in knowledge.treatments.items():
        place = knowledge.content.places[f"treatments/{name}"]
        folder = place.split("treatments/")[-1].split("/")[0] if place.count("/") > 2 else "every subtype"
        folders.setdefault(folder, []).append(treatment)
    for folder, treatments in sorted(folders.items()):
        yield ""
        yield f"### {folder.removesuffix('.yaml')}"
        yield ""
        yield "| Option | " + " | ".join(knowledge.regions) + " | Trials |"
        yield "|---|" + "---|" * (len(knowledge.regions) + 1)
        for treatment in sorted(treatments, key=lambda one: one.title):
            cells = [_first(treatment, region) for region in knowledge.regions]
            trials = ", ".join(knowledge.evidence[name].name for name in treatment.evidence if name in knowledge.evidence)
            yield f"| {treatment.title} | {' | '.join(cells)} | {trials} |"
    yield ""


def _first(treatment: Treatment, region: Any) -> str:
    found = [one for one in treatment.standing if one.decides_in(region)]
    if not found:
        refused = any(one.blocks_in(region) and one.says == "not-recommended" for one in treatment.standing)
        return "refused" if refused else "–"
    one = min(found, key=lambda statement: statement.since.last)
    end = f" to {one.until.text}" if one.until and all(each.until for each in found) else ""
    return f"{one.body} {one.since.text}{end}{'†' if one.review else ''}"


def _drugs(knowledge: Knowledge) -> Iterator[str]:
    yield "## Anticancer, bone and supportive drugs"
    yield ""
    yield "| Drug | Classes | Contraindications | Cautions | Monitoring | In options |"
    yield "|---|---|---|---|---|---|"
    others = 0
    for name, drug in sorted(knowledge.drugs.items()):
        if "/other/" in knowledge.content.places[f"drugs/{name}"]:
            others += 1
            continue
        options = sum(
            name in one.drugs or any(name in partner.one_of for partner in one.partners) for one in knowledge.treatments.values()
        )
        counts = f"{len(knowledge.avoid(name))} | {len(knowledge.cautions(name))} | {len(knowledge.monitoring(name))} | {options}"
        yield f"| {drug.label} | {', '.join(drug.classes)} | {counts} |"
    yield ""
    yield f"Besides, {others} other medicines, supplements, foods and vaccines with their interactions."
    yield ""


def _labels(knowledge: Knowledge) -> Iterator[str]:
    """Which version of which label each drug of an option rests on: what `knowledge/sources/` says was read."""
    yield "## Labels that were read"
    yield ""
    yield "The labels that a drug of an option, and what is counted of it, cite: version, day and address. Where a source does not say which version it was, that is said."
    yield ""
    yield "| Drug | Label | Version or day | Address |"
    yield "|---|---|---|---|"
    given = {drug for one in knowledge.treatments.values() for drug in drugs_of(one)}
    for name in sorted(given & set(knowledge.drugs)):
        counts = [one for one in knowledge.evidence.values() if one.treatment is not None and name in one.treatment.drugs]
        cited = dict.fromkeys(_cited((knowledge.drugs[name], *counts)))
        found = [knowledge.sources[one] for one in cited if one in knowledge.sources]
        labels = [one for one in found if one.kind == "label" and _speaks_of(name, one.title, knowledge)]
        for source in labels:
            day = source.date.text if source.date else source.undated or "not recorded"
            yield f"| {knowledge.label(name)} | {source.title}{'†' if source.review else ''} | {day} | {source.url or ''} |"
        if not labels:
            yield f"| {knowledge.label(name)} | none of its own is cited | | |"
    yield ""


def _guidelines(knowledge: Knowledge) -> Iterator[str]:
    """What was read of each guideline and appraisal: body, day, address; a mark says what could not be read."""
    yield "## Guidelines and appraisals"
    yield ""
    yield "Of each body and year what is cited. Where only a part or a report of it could be read, that is said; a statement that rests on such a part carries a mark of its own."
    yield ""
    yield "| Body | Guideline or appraisal | Day | Address | What could not be read |"
    yield "|---|---|---|---|---|"
    found = [one for one in knowledge.sources.values() if one.kind in ("guideline", "appraisal")]
    for one in sorted(found, key=lambda one: (one.publisher.casefold(), one.date.text if one.date else "", one.title)):
        day = one.date.text if one.date else one.undated or "not recorded"
        yield f"| {one.publisher} | {one.title} | {day} | {one.url or ''} | {doubt(one) or ''} |"
    yield ""


def _speaks_of(drug: str, title: str, knowledge: Knowledge) -> bool:
    """Whether a label is that of a drug: its title names the drug or a brand of it."""
    names = (drug, knowledge.label(drug), *knowledge.drugs[drug].brands, *knowledge.drugs[drug].also)
    return any(one.casefold() in title.casefold() for one in names)


def _cited(thing: Any) -> Iterator[str]:
    """Every source that a thing and what stands in it cite."""
    if isinstance(thing, msgspec.Struct):
        yield from getattr(thing, "source", ())
        for field in thing.__struct_fields__:
            value = getattr(thing, field)
            if isinstance(value, msgspec.Struct | tuple | list | dict):
                yield from _cited(value)
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from _cited(value)
    elif isinstance(thing, tuple | list):
        for value in thing:
            if isinstance(value, msgspec.Struct | tuple | list | dict):
                yield from _cited(value)


def _people(knowledge: Knowledge) -> Iterator[str]:
    content = knowledge.content
    yield "## Pages for people"
    yield ""
    for topic in dict.fromkeys(page.topic for page in content.pages.values()):
        titles = [page.title for page in content.pages.values() if page.topic == topic]
        yield f"- **{topic.replace('-', ' ')}**: {'; '.join(titles)}"
    yield ""
    yield f"- **red flags**: {'; '.join(alert.title for alert in content.alerts.values())}"
    yield f"- **side effects**: {'; '.join(effect.label for effect in content.effects.values())}"
    yield f"- **tests**: {'; '.join(test.title for test in content.tests.values())}"
    yield ""


def _review(knowledge: Knowledge) -> Iterator[str]:
    yield "## What still needs review"
    yield ""
    content = knowledge.content
    reasons: dict[str, list[str]] = {}
    for folder in (
        "treatments",
        "drugs",
        "classes",
        "facts",
        "evidence",
        "alerts",
        "effects",
        "tests",
        "glossary",
        "organisations",
        "sources",
    ):
        waiting = []
        for name, thing in getattr(content, folder).items():
            doubts = [doubt(one) for one in _needing(thing)]
            for why in dict.fromkeys(doubts):
                if why:
                    reasons.setdefault(why, []).append(name)
            if doubts:
                waiting.append(f"{name} ({len(doubts)})" if len(doubts) > 1 else name)
        if waiting:
            yield f"- **{folder}**: {', '.join(waiting)}"
    yield ""
    if reasons:
        yield "Why, and who could confirm it:"
        yield ""
        yield from (f"- {why}: {', '.join(names)}" for why, names in reasons.items())
        yield ""


def _needing(thing: Any) -> Iterator[Any]:
    """Every statement inside a thing that could not be confirmed."""
    if isinstance(thing, msgspec.Struct):
        if doubt(thing) is not None:
            yield thing
        values: Iterable[Any] = (getattr(thing, field) for field in thing.__struct_fields__)
    elif isinstance(thing, tuple | list):
        values = thing
    elif isinstance(thing, dict):
        values = thing.values()
    else:
        return
    for value in values:
        if isinstance(value, msgspec.Struct | tuple | list | dict):
            yield from _needing(value)


__all__ = ["Statement", "markdown"]
