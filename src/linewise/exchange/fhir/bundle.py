"""Envelopes and people: from a bundle, an array, lines or a single resource to the resources of each person.

Resources that appear twice are taken once, of several versions the latest; references are followed by id, by full address
and by identifier. Which person a resource is about is never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from linewise.errors import RecordError
from linewise.exchange.fhir.node import Node, bare_codes, node, nodes, text
from linewise.exchange.source import TWICE

# Resources that belong to no one person, or that describe the file.
_SHARED = {
    "Medication", "Substance", "Organization", "Practitioner", "PractitionerRole", "Location", "Device", "Endpoint",
    "HealthcareService", "OperationOutcome", "Parameters", "Provenance", "Binary",
}  # fmt: skip
# Resources that R4 no longer has: their presence tells an older FHIR.
_OLDER = {
    "MedicationOrder", "DiagnosticOrder", "ProcedureRequest", "DeviceUseRequest", "ReferralRequest", "Conformance",
    "Sequence", "BodySite", "EligibilityRequest", "ExpansionProfile", "ImagingManifest",
}  # fmt: skip
_DEEPEST = 4  # a bundle may hold bundles (batch answers), hardly ever deeper


class Person(msgspec.Struct):
    """The resources of one person. `strays` could not be tied to anyone: they are not read, but listed."""

    key: str
    patient: Node | None
    resources: list[Node]
    strays: list[Node]


class Pool(msgspec.Struct):
    """Everything in the file, to follow references in: by type and id, by full address, by identifier."""

    by_key: dict[str, Node]

    def find(self, reference: Any, owner: Node) -> Node | None:
        """The resource that a reference names, also one contained in its owner; None where it is not in the file."""
        target = node(reference) if isinstance(reference, dict) else {"reference": reference}
        address = text(target.get("reference"))
        if address.startswith("#"):
            contained = nodes(owner.get("contained"))
            return next((item for item in contained if text(item.get("id")) == address[1:]), None)
        for key in _address_keys(address):
            if key in self.by_key:
                return self.by_key[key]
        value = text(node(target.get("identifier")).get("value"))
        return self.by_key.get(f"identifier:{value}") if value else None


def people(value: Any, name: str) -> tuple[list[Person], Pool]:
    """Every person in the file, in the order of their ids. Raises RecordError where there is none, or the FHIR is too old."""
    found = _latest(list(_resources(value, "", 0)), _is_history(value))
    if not found:
        raise RecordError(name, "there is no FHIR resource in it.")
    _check_version([resource for _, resource in found], name)
    pool = _pool(found)
    own = [resource for _, resource in found if text(resource.get("resourceType")) not in _SHARED]
    patients = [resource for resource in own if resource["resourceType"] == "Patient"]
    if patients:
        listed = _of_patients(patients, own, pool)
    else:
        listed = _of_references(own)
    if not listed:
        kinds = sorted({text(resource.get("resourceType")) for _, resource in found})
        what = f"it holds no person's record, only {', '.join(kinds[:5])}."
        raise RecordError(name, what, "A record has a Patient and Conditions, Observations or medicines.")
    for person in listed:
        person.resources += [inner for resource in person.resources for inner in held(resource)]
    return sorted(listed, key=lambda person: person.key), pool


def held(resource: Node) -> Iterator[Node]:
    """The results that a report holds in itself: they are the person's as those that stand beside it are."""
    if resource["resourceType"] != "DiagnosticReport":
        return
    for inner in nodes(resource.get("contained")):
        if text(inner.get("resourceType")) == "Observation":
            days = {name: resource[name] for name in ("effectiveDateTime", "effectivePeriod", "issued") if name in resource}
            own = any(name.startswith("effective") for name in inner)
            place = f"{text(resource.get('id'))}#{text(inner.get('id'))}"
            yield ({} if own else days) | inner | {"id": place, "subject": resource.get("subject")}


def _is_history(value: Any) -> bool:
    return text(node(value).get("type")) == "history"


def _resources(value: Any, address: str, depth: int) -> Iterator[tuple[str, Node]]:
    """Every resource with its full address, bundles opened, in any envelope."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _resources(item, "", depth + 1)
    elif isinstance(value, dict):
        kind = value.get("resourceType")
        if kind == "Bundle":
            for entry in nodes(value.get("entry")):
                if text(node(entry.get("request")).get("method")).upper() != "DELETE":
                    yield from _resources(entry.get("resource"), text(entry.get("fullUrl")), depth + 1)
        elif isinstance(kind, str) and kind:
            yield address, _told(value)
        elif "resource" in value:  # an entry without its bundle
            yield from _resources(value["resource"], text(value.get("fullUrl")), depth + 1)


def _told(resource: Node) -> Node:
    """A resource in which a member stands twice with different values says nothing for certain; whose it is and what it is about stays."""
    twice = sorted(set(_twice(resource)))
    if not twice:
        return resource
    kept = {
        name: resource[name]
        for name in ("resourceType", "id", "subject", "patient", "code", "status", "meta", "vaccineCode")
        if name in resource
    }
    kept = {name: value for name, value in kept.items() if not list(_twice(value))}
    return kept | {"valueString": f"“{', '.join(twice)}” stands twice with different values", TWICE: twice}


def _twice(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value.get(TWICE, ())
        for part in value.values():
            yield from _twice(part)
    elif isinstance(value, list):
        for part in value:
            if isinstance(part, dict | list):
                yield from _twice(part)


def _latest(found: list[tuple[str, Node]], history: bool) -> list[tuple[str, Node]]:
    """Each resource once: copies fall together, and of versions with one id the latest stays."""
    kept: dict[str, tuple[tuple[str, ...], str, Node]] = {}
    for address, resource in found:
        content = _content(resource)
        identity = text(resource.get("id"))
        kind = resource["resourceType"]
        key = f"{kind}/{identity}" if identity else address if address and history else content
        if (
            identity
            and address.startswith(("http:", "https:"))
            and address.split("/_history/")[0].endswith(f"/{kind}/{identity}")
        ):
            key = address.split("/_history/")[0]  # two servers may give the same id to different things
        meta = node(resource.get("meta"))
        rank = (text(meta.get("lastUpdated")), text(meta.get("versionId")).zfill(12), content)
        if key not in kept or rank > kept[key][0]:
            kept[key] = (rank, address, resource)
    return [(address, resource) for _, address, resource in kept.values()]


def _content(resource: Node) -> str:
    return msgspec.json.encode(resource, order="deterministic").decode(errors="replace")


def _check_version(resources: list[Node], name: str) -> None:
    kinds = {text(resource.get("resourceType")) for resource in resources} & _OLDER
    conditions = [r["clinicalStatus"] for r in resources if r["resourceType"] == "Condition" and "clinicalStatus" in r]
    if kinds or (conditions and all(isinstance(status, str) for status in conditions)):
        sign = f" (it has {', '.join(sorted(kinds))})" if kinds else ""
        what = f"this is an older FHIR, DSTU2 or STU3{sign}; only R4 can be read."
        raise RecordError(name, what, "Ask for an export in FHIR R4.")


def _pool(found: list[tuple[str, Node]]) -> Pool:
    by_key: dict[str, Node] = {}
    for address, resource in sorted(found, key=lambda pair: _content(pair[1])):
        kind, identity = text(resource.get("resourceType")), text(resource.get("id"))
        keys = [*_address_keys(address)]
        if identity:
            keys += [f"{kind}/{identity}", f"urn:uuid:{identity}"]
        keys += [f"identifier:{text(item.get('value'))}" for item in nodes(resource.get("identifier"))]
        for key in keys:
            by_key.setdefault(key, resource)
    return Pool(by_key)


def _address_keys(address: str) -> list[str]:
    """The forms under which an address is looked up: whole, and as type and id at its end, without a version."""
    if not address:
        return []
    plain = address.split("/_history/")[0].split("|")[0].rstrip("/")
    parts = plain.split("/")
    return [plain, "/".join(parts[-2:])] if len(parts) > 1 else [plain]


def subject_of(resource: Node) -> Any:
    """The reference to the person a resource is about."""
    return resource.get("subject") or resource.get("patient") or resource.get("beneficiary")


def _of_patients(patients: list[Node], own: list[Node], pool: Pool) -> list[Person]:
    listed = {id(patient): Person(_patient_key(patient), patient, [], []) for patient in patients}
    for resource in own:
        if resource["resourceType"] == "Patient":
            continue
        reference = subject_of(resource)
        target = pool.find(reference, resource) if reference else None
        if target is not None and id(target) in listed:
            listed[id(target)].resources.append(resource)
        elif reference is None and len(patients) == 1:
            listed[id(patients[0])].resources.append(resource)
        else:
            for person in listed.values():
                person.strays.append(resource)
    return list(listed.values())


def _patient_key(patient: Node) -> str:
    identifiers = (text(item.get("value")) for item in nodes(patient.get("identifier")))
    return text(patient.get("id")) or next((value for value in identifiers if value), "")


_ABOUT_PEOPLE = {
    "Condition", "Observation", "Procedure", "MedicationRequest", "MedicationStatement", "MedicationAdministration",
    "MedicationDispense", "AllergyIntolerance", "AdverseEvent", "DiagnosticReport", "Specimen", "Encounter",
    "Immunization", "DocumentReference", "FamilyMemberHistory", "BodyStructure", "CarePlan",
}  # fmt: skip


def _of_references(own: list[Node]) -> list[Person]:
    """Without Patient resources (an export has one file a type), the references tell the people apart."""
    listed: dict[str, Person] = {}
    for resource in own:
        if resource["resourceType"] not in _ABOUT_PEOPLE:
            continue
        reference = node(subject_of(resource))
        key = text(reference.get("reference")) or text(node(reference.get("identifier")).get("value"))
        key = key.split("/")[-1].removeprefix("urn:uuid:")
        listed.setdefault(key, Person(key, None, [], [])).resources.append(resource)
    return list(listed.values())


def in_error(resource: Node) -> bool:
    """Whether the resource says of itself that it was entered in error or taken back."""
    said = bare_codes(resource.get("status")) | bare_codes(resource.get("verificationStatus"))
    return bool(said & {"entered-in-error", "cancelled"})
