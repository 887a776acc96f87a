"""Formats of trial registries: ClinicalTrials.gov (API v2 and the classic XML), EU CTIS (JSON and CSV), FHIR ResearchStudy, MatchMiner CTML."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from linewise.errors import RecordError

from .model import Entry, Kind, Point, Sex, Site

_WRAPPED = 60  # letters from which a line may have been broken by a column
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)]|[a-z][.)])\s")
_REGISTRY = "https://clinicaltrials.gov/study/"
_CTIS = "https://euclinicaltrials.eu/search-for-clinical-trials/?EUCT="


# ClinicalTrials.gov, API v2


def is_api(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("protocolSection"), dict)


def from_api(value: dict[str, Any]) -> Entry:
    """A study of the API, version 2."""
    section = value["protocolSection"]
    named, status = _part(section, "identificationModule"), _part(section, "statusModule")
    able, arms = _part(section, "eligibilityModule"), _part(section, "armsInterventionsModule")
    number = str(named.get("nctId", ""))
    updated = _part(status, "lastUpdatePostDateStruct").get("date") or _part(status, "lastUpdateSubmitDateStruct").get("date")
    return Entry(
        id=number,
        title=str(named.get("officialTitle") or named.get("briefTitle") or ""),
        phase=_phase(_part(section, "designModule").get("phases")),
        status=_status(status.get("overallStatus")),
        updated=_day(updated or status.get("statusVerifiedDate")),
        conditions=_texts(_part(section, "conditionsModule").get("conditions")),
        drugs=_texts([one.get("name") for one in _dicts(arms.get("interventions"))]),
        arms=_texts([one.get("label") for one in _dicts(arms.get("armGroups"))]),
        sex=_sex(able.get("sex")),
        youngest=_years(able.get("minimumAge")),
        oldest=_years(able.get("maximumAge")),
        sites=tuple(
            Site(str(one.get("country", "")), str(one.get("city", "")), str(one.get("facility", "")), _status(one.get("status")))
            for one in _dicts(_part(section, "contactsLocationsModule").get("locations"))
        ),
        text=str(able.get("eligibilityCriteria", "")),
        url=_REGISTRY + number,
        format="ClinicalTrials.gov API v2",
    )


# ClinicalTrials.gov, classic XML


def from_xml(text: str, name: str) -> list[Entry]:
    """The studies of a classic XML file."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise RecordError(name, "an XML file with a document type of its own is not read.")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as fault:
        raise RecordError(name, f"it is no whole XML file: {fault}.") from None
    return [_from_study(one) for one in root.iter("clinical_study")]


def _from_study(study: ElementTree.Element) -> Entry:
    def said(path: str) -> str:
        return " ".join((study.findtext(path) or "").split())

    number = said("id_info/nct_id")
    return Entry(
        id=number,
        title=said("official_title") or said("brief_title"),
        phase=said("phase"),
        status=said("overall_status").lower(),
        updated=_day(said("last_update_posted")),
        conditions=_texts([one.text for one in study.findall("condition")]),
        drugs=_texts([one.findtext("intervention_name") for one in study.findall("intervention")]),
        arms=_texts([one.findtext("arm_group_label") for one in study.findall("arm_group")]),
        sex=_sex(said("eligibility/gender")),
        youngest=_years(said("eligibility/minimum_age")),
        oldest=_years(said("eligibility/maximum_age")),
        sites=tuple(
            Site(
                one.findtext("facility/address/country") or "",
                one.findtext("facility/address/city") or "",
                one.findtext("facility/name") or "",
                (one.findtext("status") or "").lower(),
            )
            for one in study.findall("location")
        ),
        text=unwrapped(study.findtext("eligibility/criteria/textblock") or ""),
        url=_REGISTRY + number,
        format="ClinicalTrials.gov XML",
    )


def unwrapped(text: str) -> str:
    """Lines that a column broke, joined again."""
    lines: list[str] = []
    before = ""
    for raw in text.replace("\r", "").split("\n"):
        line = raw.rstrip()
        whole = len(before) < _WRAPPED or not line.strip() or _BULLET.match(line) is not None
        if whole or not lines:
            lines.append(line)
        else:
            lines[-1] = f"{lines[-1]} {line.strip()}"
        before = line
    return "\n".join(lines)


# FHIR ResearchStudy


def is_fhir(value: Any) -> bool:
    return isinstance(value, dict) and value.get("resourceType") == "ResearchStudy"


def from_fhir(value: dict[str, Any]) -> Entry:
    """A ResearchStudy; its text of eligibility stands where the study enrols, or in a group that it contains."""
    numbers = [str(one.get("value", "")) for one in _dicts(value.get("identifier"))]
    number = next(
        (one for one in numbers if re.match(r"NCT\d{8}|\d{4}-5\d{5}", one)), numbers[0] if numbers else str(value.get("id", ""))
    )
    contained = {f"#{one.get('id')}": one for one in _dicts(value.get("contained"))}
    texts = [str(one["display"]) for one in _dicts(value.get("enrollment")) if one.get("display")]
    texts += [
        str(_part(one, "text").get("div") or one.get("name") or "")
        for one in contained.values()
        if one.get("resourceType") == "Group"
    ]
    text = next((one for one in texts if one.strip()), "")
    sites = [_site(contained.get(str(one.get("reference")), {})) for one in _dicts(value.get("site"))]
    countries = [Site(_concept(one)) for one in _dicts(value.get("location"))]
    return Entry(
        id=number,
        title=str(value.get("title", "")),
        phase=_concept(value.get("phase")),
        status=_status(value.get("status")),
        updated=_day(_part(value, "meta").get("lastUpdated") or value.get("date")),
        conditions=_texts([_concept(one) for one in _dicts(value.get("condition"))]),
        arms=_texts([one.get("name") for one in _dicts(value.get("arm"))]),
        sites=tuple(one for one in (*sites, *countries) if one.country or one.city or one.name),
        text=unwrapped(text),
        url=_REGISTRY + number if number.startswith("NCT") else "",
        format="FHIR ResearchStudy",
    )


def _site(value: dict[str, Any]) -> Site:
    address = _part(value, "address")
    return Site(str(address.get("country", "")), str(address.get("city", "")), str(value.get("name", "")))


def _concept(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    coding = _dicts(value.get("coding"))
    return str(value.get("text") or (coding[0].get("display") or coding[0].get("code") if coding else "") or "")


# EU CTIS


def is_ctis(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("ctNumber"), str)


def from_ctis(value: dict[str, Any]) -> Entry:
    """A trial of the public portal. Its members are found by name, wherever they stand."""
    number = str(value["ctNumber"])
    criteria = {kind: _texts(_members(value, f"principal{kind}Criteria")) for kind in ("Inclusion", "Exclusion")}
    text = "\n".join(f"{kind} Criteria:\n" + "\n".join(f"* {_flat(one)}" for one in found) for kind, found in criteria.items())
    women, men = _first(value, "isFemaleSubjects"), _first(value, "isMaleSubjects")
    sex: Sex = "female" if women is True and men is False else "male" if men is True and women is False else "all"
    places = [(_first(one, "countryName"), _first(one, "city")) for one in _members(value, "address") if isinstance(one, dict)]
    countries = _members(value, "mscName")
    return Entry(
        id=number,
        title=str(_first(value, "publicTitle") or _first(value, "fullTitle") or value.get("ctTitle") or ""),
        phase=str(_first(value, "trialPhase") or ""),
        status=_status(value.get("ctPublicStatus") or value.get("ctStatus")),
        updated=_day(value.get("lastUpdated") or value.get("publishDate") or value.get("decisionDate")),
        conditions=_texts(_members(value, "medicalCondition")),
        drugs=_texts(_members(value, "prodName")),
        sex=sex,
        sites=tuple(Site(str(country or ""), str(city or "")) for country, city in places)
        or tuple(Site(str(one)) for one in countries),
        text=text,
        url=_CTIS + number,
        format="EU CTIS",
    )


def from_csv(text: str) -> list[Entry]:
    """The table that the CTIS portal hands out; its columns are found by their names."""
    rows = csv.DictReader(
        io.StringIO(text), delimiter=";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
    )
    found = []
    for row in rows:
        cells = {
            re.sub(r"[^a-z]", "", (name or "").lower()): (value or "").strip()
            for name, value in row.items()
            if isinstance(value, str)
        }

        def cell(*names: str, cells: dict[str, str] = cells) -> str:
            return next((value for name, value in cells.items() if any(one in name for one in names) and value), "")

        number = cell("trialnumber", "ctnumber", "eudract")
        if not number:
            continue
        text = f"Inclusion Criteria:\n{cell('inclusioncriteria')}\nExclusion Criteria:\n{cell('exclusioncriteria')}"
        found.append(
            Entry(
                id=number,
                title=cell("title"),
                phase=cell("phase"),
                status=_status(cell("overalltrialstatus", "status")),
                updated=_day(cell("lastupdated", "lastpublicationupdate")),
                conditions=_texts(re.split(r"[;|]", cell("medicalcondition", "condition"))),
                sites=tuple(
                    Site(one.split(":")[0].strip()) for one in re.split(r"[,;|]", cell("location", "countries")) if one.strip()
                ),
                text=text,
                url=_CTIS + number,
                format="EU CTIS",
            )
        )
    return found


# MatchMiner CTML


def is_ctml(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("treatment_list"), dict)


def from_ctml(value: dict[str, Any]) -> Entry:
    """A trial in CTML. Each step's match tree is one criterion, told in words: arms are alternatives."""
    number = str(value.get("nct_id") or value.get("protocol_no") or "")
    points: list[Point] = []
    arms: list[str] = []
    for step in _dicts(_part(value, "treatment_list").get("step")):
        for level in (step, *_dicts(step.get("arm"))):
            code = str(level.get("arm_code") or "")
            arms += [str(level["arm_description"])] if level.get("arm_description") else []
            for tree in _dicts(level.get("match")):
                for kind, words in _ctml(tree):
                    points.append(
                        Point(n=len(points) + 1, kind=kind, parts=(words,), group=f"arm {code.lower()}" if code else "")
                    )
    return Entry(
        id=number,
        title=str(value.get("long_title") or value.get("short_title") or number),
        phase=str(value.get("phase") or ""),
        status=_status(value.get("status")),
        updated=_day(value.get("last_updated")),
        conditions=("Breast Cancer",) if "Breast" in str(value) else (),
        arms=tuple(arms),
        points=tuple(points),
        url=_REGISTRY + number if number.startswith("NCT0") and len(number) == 11 else "",
        format="MatchMiner CTML",
    )


def _ctml(tree: dict[str, Any]) -> Iterator[tuple[Kind, str]]:
    """The leaves of an `and`; an `or` is one criterion. `!` before a value excludes."""
    for word, value in tree.items():
        if word == "and":
            for one in _dicts(value):
                yield from _ctml(one)
        elif word == "or":
            yield "inclusion", " or ".join(words for one in _dicts(value) for _, words in _ctml(one))
        elif isinstance(value, dict):
            out = any(str(one).startswith("!") for one in value.values())
            yield "exclusion" if out else "inclusion", _ctml_words(word, value)


_CTML_WORDS = {"age_numerical": "age", "her2_status": "HER2", "er_status": "ER", "pr_status": "PR", "gender": "sex"}


def _ctml_words(word: str, value: dict[str, Any]) -> str:
    plain = {name: str(one).lstrip("!") for name, one in value.items()}
    if word == "genomic":
        gene, kind = plain.get("hugo_symbol", ""), plain.get("variant_category", "").lower()
        change = plain.get("protein_change") or plain.get("wildcard_protein_change") or ""
        return " ".join(one for one in (gene, change, kind or "alteration") if one)
    said = []
    for name, one in plain.items():
        if name == "oncotree_primary_diagnosis":
            said.append(f"{one.strip('_')} cancer")
        elif name in _CTML_WORDS:
            said.append(f"{_CTML_WORDS[name]} {one}")
        else:
            said.append(f"{name.replace('_', ' ')}: {one}")
    return ", ".join(said)


# Parts


def _part(value: Any, name: str) -> dict[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(values: Any) -> tuple[str, ...]:
    listed = values if isinstance(values, list | tuple) else []
    return tuple(dict.fromkeys(_flat(one) for one in listed if isinstance(one, str) and one.strip()))


def _flat(text: str) -> str:
    return " ".join(text.split())


def _members(value: Any, name: str) -> list[Any]:
    """Every value of a member of this name, at any depth; of one that holds a list of the same name, its items."""
    found: list[Any] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name and not isinstance(inner, list):
                found.append(inner)
            else:
                found += _members(inner, name)
    elif isinstance(value, list):
        for one in value:
            found += _members(one, name)
    return found


def _first(value: Any, name: str) -> Any:
    found = _members(value, name)
    return found[0] if found else None


def _phase(value: Any) -> str:
    names = [str(one).replace("EARLY_PHASE1", "early phase 1").replace("PHASE", "phase ").strip() for one in value or []]
    return "/".join("" if one == "NA" else one for one in names).strip("/")


def _status(value: Any) -> str:
    return str(value or "").replace("_", " ").replace("-", " ").lower().strip()


def _sex(value: Any) -> Sex:
    text = str(value or "").lower()
    return "female" if text == "female" else "male" if text == "male" else "all"


def _years(value: Any) -> float | None:
    found = re.match(r"(\d+(?:\.\d+)?)\s*(year|month)?", str(value or "").lower())
    if found is None:
        return None
    return float(found.group(1)) / (12 if found.group(2) == "month" else 1)


_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)


def _day(value: Any) -> dt.date | None:
    """A day as registries write it; of a month alone its first day."""
    text = str(value or "").strip()
    found = re.match(r"(\d{4})-(\d{2})(?:-(\d{2}))?", text)
    parts = (int(found.group(1)), int(found.group(2)), int(found.group(3) or 1)) if found else None
    if parts is None and (found := re.match(r"([A-Za-z]+) (?:(\d{1,2}), )?(\d{4})", text)) and found.group(1).lower() in _MONTHS:
        parts = (int(found.group(3)), _MONTHS.index(found.group(1).lower()) + 1, int(found.group(2) or 1))
    if parts is None and (found := re.match(r"(\d{2})/(\d{2})/(\d{4})", text)):
        parts = (int(found.group(3)), int(found.group(2)), int(found.group(1)))
    try:
        return dt.date(*parts) if parts else None
    except ValueError:
        return None
