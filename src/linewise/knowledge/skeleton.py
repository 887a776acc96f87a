"""The first draft of a drug, an option or a fact: a file that passes the check, offers nothing, and says `TODO` where its author has to write."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from linewise.errors import LinewiseError
from linewise.logic.where import did_you_mean

from .book import Knowledge

TODO = "TODO"


def draft(kind: str, name: str, knowledge: Knowledge, source: str, today: dt.date) -> tuple[str, str]:
    """The path inside the knowledge folder, and the text. `kind` is drug, option or fact; `source` an id of the bibliography.

    Raises LinewiseError for a name that is no id or is taken, and for a source that is not there.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise LinewiseError(f"`{name}` is no id: lower-case words joined by hyphens, as examplinib or examplinib-other.")
    there: dict[str, Mapping[str, object]] = {"drug": knowledge.drugs, "option": knowledge.treatments, "fact": knowledge.facts}
    taken = there[kind]
    if name in taken:
        raise LinewiseError(f"there is a {kind} `{name}` already, in {knowledge.content.places[f'{_FOLDER[kind]}/{name}']}.")
    if kind != "fact" and source not in knowledge.sources:
        hint = did_you_mean(source, knowledge.sources) if source else "name one with --source"
        raise LinewiseError(
            f"a {kind} needs a source of the bibliography{f', and there is no `{source}`' if source else ''}; {hint or 'see knowledge/sources/'}"
        )
    return _DRAFTS[kind](name, knowledge, source, today)


def write(root: Path, place: str, text: str) -> Path:
    """Write a draft. Raises LinewiseError where the file is there already."""
    path = root / place
    if path.exists():
        raise LinewiseError(f"{path} is there already.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _drug(name: str, knowledge: Knowledge, source: str, today: dt.date) -> tuple[str, str]:
    return (
        f"drugs/cancer/{name}.yaml",
        f"""\
id: {name}
label: {name}
classes: []   # {TODO}: its classes (knowledge/classes/); what is true of a whole class is said there
brands: []   # {TODO}
route: other   # {TODO}: oral, intravenous, …
plain: A medicine against cancer.   # {TODO}: one or two sentences for people, school grade 8 or easier
how: {TODO}
# avoid: contraindications. caution: warnings. conduct: when it starts, waits, goes on smaller, ends. monitor: tests by day.
# Each with its source; docs/knowledge-format.md shows one of each. A rule that the label does not have is named with its reason:
no-conduct:
  start: {TODO}
  hold: {TODO}
  reduce: {TODO}
  stop: {TODO}
monitor:
  - {{test: {_first(knowledge.tests)}, at: [before], text: {TODO}., source: {source}, review: "needed: {TODO}"}}
review: {{last: {today}, next: {_half_a_year(today)}}}
""",
    )


def _option(name: str, knowledge: Knowledge, source: str, today: dt.date) -> tuple[str, str]:
    drugs = [part for part in _parts(name) if part in knowledge.drugs]
    region = _first(knowledge.regions)
    return (
        f"treatments/new/{name}.yaml",
        f"""\
id: {name}
title: {" with ".join(knowledge.label(drug) for drug in drugs) or name}   # {TODO}
kind: systemic   # {TODO}: systemic, local, bone, supportive
drugs: [{", ".join(drugs)}]   # {TODO}
plain: A treatment that is not described yet.   # {TODO}: for people, school grade 8 or easier
fits: metastatic   # {TODO}: as you would tell a colleague; each clause changes the answer for somebody
evidence: []   # {TODO}: its trials (knowledge/evidence/)
standing:   # {TODO}: who says so, where, since when. `under-review` is shown and never decides: nothing is offered yet
  - {{body: {TODO}, region: {region}, since: {today}, says: under-review, source: {source}, review: "needed: {TODO}"}}
review: {{last: {today}, next: {_half_a_year(today)}}}
""",
    )


def _fact(name: str, knowledge: Knowledge, source: str, today: dt.date) -> tuple[str, str]:
    words = name.replace("-", " ")
    cited = f"source: {source}\n" if source else ""
    return (
        f"facts/{name}.yaml",
        f"""\
- id: {name}
  label: {words}   # {TODO}: used in sentences, "{words} is present"
  type: yes-no   # {TODO}: yes-no, choice or set (with values), number (with unit and range)
  of: person   # {TODO}: cancer, history or person
  ask:
    question: {TODO}?   # as a person is asked
    where: {TODO}   # where the answer stands
  # current-for: 3 months    how long it counts; without it, always
  # test: ID                 the test that finds it out
  # codes: {{loinc: [], snomed: []}}
{f"  {cited}" if cited else ""}""",
    )


def _parts(name: str) -> list[str]:
    """Every run of words of an id: `a`, `a-b`, `b` of `a-b`."""
    words = name.split("-")
    return ["-".join(words[i:j]) for i in range(len(words)) for j in range(len(words), i, -1)]


def _first(names: Iterable[str]) -> str:
    return next(iter(names), TODO)


def _half_a_year(today: dt.date) -> dt.date:
    return today + dt.timedelta(days=181)


_FOLDER = {"drug": "drugs", "option": "treatments", "fact": "facts"}
_DRAFTS: Mapping[str, Callable[[str, Knowledge, str, dt.date], tuple[str, str]]] = {
    "drug": _drug,
    "option": _option,
    "fact": _fact,
}
