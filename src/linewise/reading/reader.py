"""From sheets to a reading: every grammar over every statement, then one answer out of all that was claimed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from linewise.errors import RecordError
from linewise.grammar.courses import Courses
from linewise.grammar.drugs import Drugs
from linewise.grammar.genes import Genes
from linewise.grammar.illnesses import Illnesses
from linewise.grammar.labs import Labs
from linewise.grammar.markers import Markers
from linewise.grammar.medicines import Medicines
from linewise.grammar.person import PersonReader
from linewise.grammar.reactions import Reactions
from linewise.grammar.receptors import Receptors
from linewise.grammar.tumour import Tumour
from linewise.knowledge import Knowledge
from linewise.papers import open_files
from linewise.papers.sheet import Sheet
from linewise.phrases.analysis import Paper, analyse
from linewise.phrases.claims import NEVER, About, Claim, Context, Course, Specimens, about_of
from linewise.phrases.lexicon import Words, words_of
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import folded, tokens_of

from .model import Reading
from .reconcile import reconciled


class Read(msgspec.Struct):
    """One paper with all that it claims."""

    paper: Paper
    claims: list[Claim]
    courses: list[Course]
    metastatic: bool
    foreign: str = ""  # why nothing of it is taken
    garbled: bool = False  # letters were misread all over it


def read_files(paths: Sequence[str], knowledge: Knowledge) -> Reading:
    """Everything that some files of one person say. Raises RecordError for a file that cannot be read, with the way out."""
    sheets = open_files(paths, knowledge)
    reading = read_sheets(sheets, knowledge)
    foreign = [note for document in reading.documents for note in document.notes if note.startswith("it is about")]
    if not reading.profile and foreign and len(reading.documents) == 1:
        raise RecordError(reading.documents[0].name, f"{foreign[0]}.", "Give a person's own report.")
    return reading


def read_sheets(sheets: Sequence[Sheet], knowledge: Knowledge) -> Reading:
    """Everything that the sheets of one person say. Raises RecordError where nothing in them can be read."""
    words = words_of(knowledge)
    read = [read_paper(sheet, words) for sheet in sheets]
    return reconciled(read, words)


def read_paper(sheet: Sheet, words: Words) -> Read:
    """One document: analysed, and read by every grammar."""
    paper = analyse(sheet, words)
    paper.kind = kind_of(paper)
    foreign = _foreign(paper)
    spread = _spread(paper)
    specimens = Specimens(
        paper, _default(paper, spread), paper.date if paper.kind in ("pathology report", "gene panel") else None
    )
    receptors, genes, markers = Receptors(paper, specimens), Genes(paper, specimens), Markers(paper, specimens)
    tumour, person = Tumour(paper, specimens, spread), PersonReader(paper)
    drugs, labs = Drugs(paper), Labs(paper)
    courses, medicines, reactions = Courses(paper, drugs), Medicines(paper, drugs), Reactions(paper, drugs)
    found: list[Claim] = []
    given: list[Course] = []
    for statement in paper.statements:
        plan = paper.kind == "medication plan" or _lists_medicines(paper, statement)
        if plan and statement.section in ("", "person") and statement.headers:
            statement.section = "medications"
    for statement in paper.statements:
        if statement.section == "trap":
            continue
        own = list(courses.courses(statement))
        if not own:
            courses.follow(statement, given)
        given += own
    for statement in paper.statements:
        if statement.section == "trap":
            continue
        found += reactions.claims(statement, given)
    found += reactions.expected(paper.statements, given, found)
    found += specimen_site(paper)
    illnesses = Illnesses(paper, reactions.places)
    for statement in paper.statements:
        if statement.section == "trap":
            continue
        if statement.section not in ("definitions", "therapies", "education", "controls", "gene-list", "family"):
            found += receptors.claims(statement)
        found += markers.claims(statement)
        found += genes.claims(statement)
        found += tumour.claims(statement)
        found += person.claims(statement)
        found += labs.claims(statement)
        found += medicines.claims(statement)
        found += illnesses.claims(statement)
    found += genes.rest(found)
    _unclear(sheet, found, given)
    garbled = _garbled(paper, found, given)
    if garbled:
        sheet.notes.append("many letters were misread here: only what is plain was taken")
    return Read(paper, found, given, spread, foreign, garbled)


def _lists_medicines(paper: Paper, statement: Statement) -> bool:
    """Whether a row stands in a table of medicines: its first column names them, two others say how much and when."""
    structure = paper.lexicon.structure
    if len(statement.headers) < 3 or structure is None:
        return False
    kinds = []
    for header in statement.headers:
        tokens = tokens_of(header, [(0, len(header))])
        found = structure.matches(tokens, False) if tokens else []
        kinds.append({term.id for match in found for term in match.terms if term.kind == "column"})
    return "drug" in kinds[0] and sum("dose" in some for some in kinds[1:]) > 1


def _garbled(paper: Paper, claims: Sequence[Claim], courses: Sequence[Course]) -> bool:
    """Whether letters were misread all over a paper (`pr0gress`). Then words that deny or doubt may be lost: what rests on such words is not sure."""
    text = paper.sheet.text
    spots = [found.start() for found in _MISREAD.finditer(text)]
    if len(spots) < 3 or len(spots) * 250 < len(re.findall(r"\S+", text)):
        return False
    numbers = {
        statement.number for statement in paper.statements if any(statement.start <= spot < statement.end for spot in spots)
    }
    genes = paper.words.knowledge.facts
    for claim in claims:
        listed = claim.value in ("mutated", "altered", "somatic-pathogenic", "germline-pathogenic") and claim.fact in genes
        if claim.statement in numbers or claim.fact in _BY_WORDS or (listed and claim.strength < 7):
            claim.sure, claim.why = False, "letters were misread near it"
    for course in courses:
        if course.statement in numbers or not (course.setting or course.first or course.stopped_for):
            course.sure, course.why = False, "letters were misread near it"
    return True


_BY_WORDS = ("symptoms", "de-novo", "her2-reported")
"""Facts that rest on words alone."""
_MISREAD = re.compile(r"[a-zäöüß]{2,}[015][a-zäöüß]+|[a-zäöüß]+[015][a-zäöüß]{2,}")
"""A figure inside a word of small letters: what a reader of pictures makes of an o, an l, an s."""


def _unclear(sheet: Sheet, claims: Sequence[Claim], courses: Sequence[Course]) -> None:
    """Nothing is sure that rests on a figure of a scan that could hardly be read."""
    for start, end in sheet.unclear:
        rests: list[Claim | Course] = [*claims, *courses]
        for one in rests:
            if one.start < end and start < one.end:
                one.sure, one.why = False, "a figure here could hardly be read on the scan"


def specimen_site(paper: Paper) -> list[Claim]:
    """The place of spread that a report on one specimen shows: carcinoma in a piece of another organ."""
    if paper.kind != "pathology report":
        return []
    places: dict[str, tuple[int, int, int]] = {}
    for statement in paper.statements:
        if statement.section != "specimen" or any(match.has("family") for match in statement.matches):
            continue
        for match in statement.matches:
            site = match.id("compoundsite") or match.id("site") or match.id("sitemet")
            if site and site != "chest-wall":
                places.setdefault(
                    site, (statement.tokens[match.first].start, statement.tokens[match.last - 1].end, statement.number)
                )
    if len(places) != 1 or places.keys() & {"breast", "regional-node"}:
        return []
    ((site, (start, end, number)),) = places.items()
    for statement in paper.statements:
        if statement.section not in ("diagnosis", "microscopic", "impression", "results", "comment", "addendum", "findings"):
            continue
        context = Context(paper, statement)
        if context.said("benign") is not None:
            return []
        for match in statement.matches:
            shown = any(match.has(kind) for kind in ("tumour-cells", "cancer", "met", "metastatic"))
            if not shown or context.said("doubt") is not None or context.said("othercancer") is not None:
                continue
            if context.standing(match.first, match.last)[0]:
                why = "carcinoma in this specimen"
                return [Claim("sites", site, start, end, True, why, paper.date, "metastasis", None, 1, number, "specimen")]
    return []


def kind_of(paper: Paper) -> str:
    """What kind of document it is, by the words of its head and its sections."""
    if paper.sheet.hints.get("kind"):
        return paper.sheet.hints["kind"]
    text = paper.sheet.text.lower()
    head, rest, title = text[:700], text[700:], text.strip()[:80]
    sections = Counter(statement.section for statement in paper.statements)
    scores: dict[str, float] = {}
    for kind, about in paper.words.of("kinds")["kinds"].items():
        score = 0.0
        for word in about["words"]:
            score += 3 * (word in head) + (word in rest) * 0.6 + 3 * (word in title)
        score += sum(1.5 for section in about["sections"] if sections[section])
        shown = not about["sections"] or any(sections[section] for section in about["sections"])
        if about.get("titled") and not any(word in head[:400] for word in about["words"]):
            shown = False
        scores[kind] = score if shown else score * 0.45
    best = max(scores, key=lambda kind: scores[kind])
    return best if scores[best] >= 2 else "letter"


def _foreign(paper: Paper) -> str:
    """Why a paper is not about a person at all."""
    found = {
        " ".join(token.norm for token in statement.tokens[match.first : match.last])
        for statement in paper.statements
        for match in statement.matches
        if match.has("animal")
    }
    if len(found) >= 2:
        return f"it is about an animal ({', '.join(sorted(found)[:3])})"
    return ""


def _spread(paper: Paper) -> bool:
    """Whether the paper says of this person that the disease has spread."""
    for statement in paper.statements:
        if statement.section in NEVER or statement.section in ("pending",):
            continue
        context = Context(paper, statement)
        for match in statement.matches:
            if not (
                match.has("metastatic")
                or match.has("sitemet")
                or match.id("stage") == "m1"
                or (match.has("denovo") and match.id("denovo") == "yes")
            ):
                continue
            if match.id("sitemet") == "regional-node":
                continue
            sure, _ = context.standing(match.first, match.last)
            if not sure or (statement.section == "plan" and not match.has("sitemet")):
                continue
            if any(
                one.has("plan")
                and one.id("plan")
                and folded(context.words(one.first, one.last)) in paper.words.listed("spread.conditions")
                for one in statement.matches
                if one.first < match.first
            ):
                continue
            if any(one.has("reference") for one in statement.matches) or any(
                token.norm in paper.words.listed("spread.setting")
                for token in statement.tokens[max(0, match.first - 3) : match.first]
            ):
                continue
            return True
    return False


def _default(paper: Paper, spread: bool) -> About | None:
    """The specimen that a whole report is about, where it is about one."""
    if paper.kind not in ("pathology report", "gene panel", "record"):
        return None
    said: set[About] = set()
    for statement in paper.statements:
        opening = (
            statement.section not in NEVER | {"clinical", "superseded"}
            and statement.number <= 12
            and any(match.has("biopsy") or match.has("compoundsite") for match in statement.matches)
        )
        if (opening or statement.section in ("specimen", "diagnosis", "gross")) and not any(
            match.has("family") for match in statement.matches
        ):
            about, _ = about_of(paper.words, statement.tokens, statement.matches, len(statement.tokens))
            context = Context(paper, statement)
            sites = {
                match.id("site") or match.id("compoundsite")
                for match in statement.matches
                if match.has("site") or match.has("compoundsite")
            }
            if about is not None:
                said.add(about)
            elif sites and statement.section in ("specimen", "diagnosis"):
                if "breast" in sites:
                    said.add("primary")
                elif sites - {"regional-node", "breast", None, "chest-wall"} and statement.section == "specimen":
                    said.add("metastasis")
            if (
                statement.section == "diagnosis"
                and any(
                    (match.has("met") or match.has("sitemet"))
                    and match.id("sitemet") != "regional-node"
                    and context.standing(match.first, match.last)[0]
                    for match in statement.matches
                )
                and "regional-node" not in sites
                and "breast" not in sites
            ):
                said.add("metastasis")
        if statement.head != (0, 0) and statement.section == "specimen":
            continue
    if said == {"metastasis"}:
        return "metastasis"
    if said == {"primary"}:
        return "primary"
    if said == {"primary", "metastasis"}:
        specimen = {
            about
            for statement in paper.section("specimen")
            for about in [about_of(paper.words, statement.tokens, statement.matches, len(statement.tokens))[0]]
            if about
        }
        if specimen == {"metastasis"}:
            return "metastasis"
        if specimen == {"primary"}:
            return "primary"
        return None
    return "metastasis" if spread and paper.kind == "pathology report" and not said else None
