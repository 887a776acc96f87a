"""A record system as small as it can be: it sends one record to a trial server and shows the cards. To try, and to show the form of a call."""

from __future__ import annotations

import html
import uuid
from typing import Any

import httpx
import msgspec

from linewise.errors import LinewiseError, RecordError
from linewise.exchange import load
from linewise.exchange.source import parse


def ask(address: str, path: str) -> list[dict[str, Any]]:
    """The cards of a `patient-view` call with the record of a file as prefetch. Raises LinewiseError with what to do."""
    value, _ = parse(load(path), path)
    entries = value.get("entry") if isinstance(value, dict) else None
    resources = [one["resource"] for one in entries or [] if isinstance(one, dict) and isinstance(one.get("resource"), dict)]
    person = next((one for one in resources if one.get("resourceType") == "Patient" and one.get("id")), None)
    if person is None:
        raise RecordError(
            path, "it is no FHIR bundle with a Patient.", "A profile has no place in a record system; try a bundle."
        )
    base = address.rstrip("/")
    try:
        services = httpx.get(f"{base}/cds-services", trust_env=False, timeout=10).json()["services"]
        service = next(one for one in services if one["hook"] == "patient-view")
        body = {
            "hook": "patient-view",
            "hookInstance": str(uuid.uuid4()),
            "context": {"userId": "Practitioner/trial", "patientId": person["id"]},
            "prefetch": {name: _member(template, resources) for name, template in service["prefetch"].items()},
        }
        headers = {"Content-Type": "application/json"}
        answer = httpx.post(
            f"{base}/cds-services/{service['id']}",
            content=msgspec.json.encode(body),
            headers=headers,
            trust_env=False,
            timeout=30,
        )
    except (httpx.HTTPError, httpx.InvalidURL, KeyError, ValueError, StopIteration):
        raise LinewiseError(f"there is no trial server at {base}. Start one beside this: linewise clinic serve") from None
    if answer.status_code == 401:
        raise LinewiseError("this server wants signed calls; `try` is for a trial server: linewise clinic serve")
    if answer.status_code != 200:
        raise LinewiseError(f"the server refused ({answer.status_code}): {answer.json()['issue'][0].get('diagnostics', '')}")
    return list(answer.json()["cards"])


def _member(template: str, resources: list[dict[str, Any]]) -> dict[str, Any]:
    """What a template asks for: one resource, or a search."""
    kind = template.split("?")[0].split("/")[0]
    found = [one for one in resources if one.get("resourceType") == kind]
    if "?" not in template:
        return found[0]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": [{"resource": one} for one in found]}


def words(cards: list[dict[str, Any]]) -> str:
    """The cards as text."""
    if not cards:
        return "No card: nothing is urgent, missing or fitting on this record."
    parts = []
    for card in cards:
        detail = html.unescape(card.get("detail", "")).replace("**", "")
        parts.append(f"[{card['indicator']}] {card['summary']}\n{detail}")
        if card.get("suggestions"):
            parts.append("Suggestions: " + "; ".join(one["label"] for one in card["suggestions"]))
    return "\n\n".join(parts)
