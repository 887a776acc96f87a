"""One answer out of all that was claimed: the metastasis before the primary, the latest before the older, a correction before what it corrects.

What disagrees with equal right is a conflict, and neither side is sure (`pool.py`). Each family of facts is chosen in a file of its own
(`choose_person.py`, `choose_values.py`, `choose_lists.py`, `lines.py`); what was chosen is written as a profile (`profile.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from linewise.phrases.lexicon import Words

from .choose_lists import choose_lists
from .choose_person import choose_person
from .choose_values import choose_genes, choose_labs, choose_others, choose_receptors
from .lines import Lines
from .model import SCHEMA, DocumentRead, Finding, Left, Person, Reading, TreatmentRead
from .pool import Placed, Pool
from .profile import profile_of

if TYPE_CHECKING:
    from .reader import Read


def reconciled(reads: Sequence[Read], words: Words) -> Reading:
    """The reading of all papers of one person."""
    pool = Pool(reads, words)
    for number, read in enumerate(reads):
        for claim in sorted(read.claims, key=lambda one: (one.start, one.fact)):
            if read.foreign:
                claim.sure, claim.why = False, read.foreign
            pool.placed.append(Placed(claim, read, number))
    _once(pool)
    _denied(pool)
    for index, placed in enumerate(pool.placed, 1):
        placed.id = f"f{index}"
    choose_person(pool)
    choose_receptors(pool)
    choose_genes(pool)
    choose_labs(pool)
    choose_lists(pool)
    choose_others(pool)
    lines = Lines(reads, words, pool.profile)
    lines.run()
    profile = profile_of(pool, lines)
    return Reading(
        SCHEMA, tuple(_documents(pool)), tuple(_finding(one) for one in pool.placed), tuple(_treatments(lines)),
        tuple(pool.conflicts), tuple(_left(pool)), profile,
    )  # fmt: skip


def _denied(pool: Pool) -> None:
    """An illness that a list states and denies is not sure."""
    denied = {
        (one.number, one.claim.value)
        for one in pool.placed
        if one.claim.fact == "comorbidities" and one.claim.why.startswith("negated") and one.claim.section == "illnesses"
    }
    for one in pool.placed:
        if one.claim.fact == "comorbidities" and one.claim.sure and (one.number, one.claim.value) in denied:
            one.claim.sure, one.claim.why = False, "another place denies it"


def _once(pool: Pool) -> None:
    """The same claim at the same place counts once."""
    seen: set[tuple[Any, ...]] = set()
    kept = []
    for placed in pool.placed:
        key = (placed.number, placed.claim.fact, str(placed.claim.value), placed.claim.start, placed.claim.end)
        if key not in seen:
            seen.add(key)
            kept.append(placed)
    pool.placed = kept


def _documents(pool: Pool) -> Iterable[DocumentRead]:
    for read in pool.reads:
        paper = read.paper
        notes = [*paper.sheet.notes, *([read.foreign] if read.foreign else [])]
        yield DocumentRead(
            paper.sheet.name, paper.kind, paper.language, paper.date.text if paper.date else None, paper.sheet.pages,
            Person(paper.sheet.hints.get("name"), paper.born.text if paper.born else None, pool.profile.get("sex")), tuple(notes),
        )  # fmt: skip


def _finding(placed: Placed) -> Finding:
    claim, sheet = placed.claim, placed.read.paper.sheet
    day = claim.day.text if claim.day is not None else None
    why = claim.why or ("stated" if claim.sure else "not certain")
    return Finding(
        placed.id,
        claim.fact,
        claim.value,
        day,
        claim.about,
        sheet.quote(claim.start, claim.end),
        sheet.where(claim.start, claim.end),
        claim.sure,
        why,
        claim.unit,
    )


def _treatments(lines: Lines) -> Iterable[TreatmentRead]:
    for read, course in lines.all:
        sheet = read.paper.sheet
        yield TreatmentRead(
            course.drugs, course.first.text if course.first else None, course.last.text if course.last else None, course.stopped_for,
            course.setting, course.state, sheet.quote(course.start, course.end), sheet.where(course.start, course.end), course.sure,
            course.why or ("stated" if course.sure else "not certain"), course.months, course.response,
        )  # fmt: skip


def _left(pool: Pool) -> Iterable[Left]:
    """Statements that name a receptor or a gene, and of which nothing was taken."""
    for number_, read in enumerate(pool.reads):
        used = [(one.claim.start, one.claim.end) for one in pool.placed if one.number == number_]
        for statement in read.paper.statements:
            if statement.section in (
                "definitions",
                "therapies",
                "education",
                "gene-list",
                "technique",
                "administration",
                "family",
            ):
                continue
            for match in statement.matches:
                if not (match.has("receptor") or match.has("marker") or (match.has("gene") and match.id("gene") != "other")):
                    continue
                start, end = statement.tokens[match.first].start, statement.tokens[match.last - 1].end
                if not any(a <= start < b or a < end <= b for a, b in used):
                    stop = statement.tokens[min(match.last + 8, len(statement.tokens)) - 1].end
                    sheet = read.paper.sheet
                    yield Left(
                        sheet.quote(start, stop),
                        sheet.where(start, min(stop, max(start + 1, stop))),
                        "no result was understood here",
                    )
