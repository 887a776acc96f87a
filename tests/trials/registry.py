"""Entries of trials written out in the formats of registries."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from xml.sax.saxutils import escape


def written(entry: dict[str, Any]) -> tuple[str, bytes]:
    """The name and the content of a file that holds this entry in its format."""
    name, text = _WRITERS[entry["format"]](entry)
    return name, text.encode()


def _api(entry: dict[str, Any]) -> tuple[str, str]:
    study = {
        "protocolSection": {
            "identificationModule": {"nctId": entry["id"], "briefTitle": entry["title"]},
            "statusModule": {"overallStatus": "RECRUITING", "lastUpdatePostDateStruct": {"date": "2026-05-14"}},
            "conditionsModule": {"conditions": ["Metastatic Breast Cancer"]},
            "eligibilityModule": {"eligibilityCriteria": entry["text"], "sex": "ALL"},
        }
    }
    return "study.json", json.dumps(study)


def _xml(entry: dict[str, Any]) -> tuple[str, str]:
    limits = "".join(
        f"<{tag}>{entry[key]}</{tag}>"
        for key, tag in (("sex", "gender"), ("youngest", "minimum_age"), ("oldest", "maximum_age"))
        if key in entry
    )
    return "study.xml", (
        f"<clinical_study><id_info><nct_id>{entry['id']}</nct_id></id_info><brief_title>{escape(entry['title'])}</brief_title>"
        f"<overall_status>Recruiting</overall_status><condition>Breast Cancer</condition><eligibility><criteria><textblock>\n"
        f"{escape(entry['text'])}</textblock></criteria>{limits}</eligibility></clinical_study>"
    )


def _fhir(entry: dict[str, Any]) -> tuple[str, str]:
    study = {
        "resourceType": "ResearchStudy",
        "identifier": [{"value": entry["id"]}],
        "title": entry["title"],
        "status": "active",
        "condition": [{"text": "Breast Cancer"}],
        "enrollment": [{"reference": "#group", "display": entry["text"]}],
    }
    return "study.json", json.dumps(study)


def _ctis(entry: dict[str, Any]) -> tuple[str, str]:
    sides = {
        f"principal{side}Criteria": [
            {"number": n, f"principal{side}Criteria": one} for n, one in enumerate(entry[side.lower()], 1)
        ]
        for side in ("Inclusion", "Exclusion")
    }
    conditions = [{"medicalCondition": "Advanced breast cancer"}]
    trial = {"ctNumber": entry["id"], "ctTitle": entry["title"], "part": {"medicalConditions": conditions, **sides}}
    return "trial.json", json.dumps(trial)


def _csv(entry: dict[str, Any]) -> tuple[str, str]:
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(["Trial number", "Title of the trial", "Medical conditions", "Inclusion criteria", "Exclusion criteria"])
    sides = ["\n".join(f"* {one}" for one in entry[side]) for side in ("inclusion", "exclusion")]
    rows.writerow([entry["id"], entry["title"], "Breast cancer", *sides])
    return "trials.csv", table.getvalue()


def _ctml(entry: dict[str, Any]) -> tuple[str, str]:
    trial = {
        "nct_id": entry["id"],
        "long_title": entry["title"],
        "treatment_list": {"step": [{"match": entry["match"]}]},
    }
    return "trial.json", json.dumps(trial)


_WRITERS = {"api": _api, "xml": _xml, "fhir": _fhir, "ctis": _ctis, "csv": _csv, "ctml": _ctml}
