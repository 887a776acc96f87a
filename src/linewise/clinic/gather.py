"""One patient's record for one call: what the record system sent along, and what is fetched where that was not all.

A member that is absent is not empty: it is fetched, or there is no answer (412). `null` is empty. What failed or was cut off makes the record one that was
read in part, and that is said: a result that is absent and one that was not read must not look alike.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from typing import Any
from urllib.parse import urljoin

import msgspec

from .outside import Outside, OutsideError
from .refused import Refused
from .settings import Settings, origin_of, same_base

Resource = dict[str, Any]

TEMPLATES: dict[str, str] = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": "Condition?patient={{context.patientId}}",
    "observations": "Observation?patient={{context.patientId}}",
    "procedures": "Procedure?patient={{context.patientId}}",
    "medicationStatements": "MedicationStatement?patient={{context.patientId}}",
    "medicationRequests": "MedicationRequest?patient={{context.patientId}}",
    "medicationAdministrations": "MedicationAdministration?patient={{context.patientId}}",
    "allergies": "AllergyIntolerance?patient={{context.patientId}}",
    "specimens": "Specimen?patient={{context.patientId}}",
}
"""What a plan needs, asked by type and patient alone: not by category, which many results lack, and without chains, which many servers lack."""
_TYPES = {name: re.split(r"[/?]", path)[0] for name, path in TEMPLATES.items()}
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_PAGE = 200
_MOST_MEDICINES = 60
_TRIES = 3  # of one address


class Gathered(msgspec.Struct):
    """The resources of one patient, what could not be read, and what was about somebody else."""

    patient: str
    resources: list[Resource] = []
    partial: list[str] = []
    strangers: list[str] = []

    def failed(self, what: str) -> None:
        if what not in self.partial:
            self.partial.append(what)


class Access(msgspec.Struct, frozen=True):
    """The FHIR server of a known hospital, with the token for this call."""

    base: str
    token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        found = {"Accept": "application/fhir+json"}
        return found | ({"Authorization": f"Bearer {self.token}"} if self.token else {})


def check_id(value: object) -> str:
    """A FHIR id as it may stand in an address. Raises Refused."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Refused(400, "context.patientId must be the id of a FHIR Patient.")
    return value


class Gather:
    """Reads one patient's record, within the time and the amount that the settings allow."""

    def __init__(self, outside: Outside, settings: Settings, access: Access | None, homes: tuple[str, ...] = ()) -> None:
        """`homes`: the servers of the hospital, where they are known: a Patient with a whole address on another is somebody else."""
        self.outside, self.settings, self.access = outside, settings, access
        self.homes = homes or ((access.base,) if access else ())
        self._deadline = asyncio.get_running_loop().time() + settings.fetch_seconds
        self._pages = 0
        self._count = 0
        self.denied = False  # the server did not take the token

    async def all(self, patient: str, prefetch: dict[str, Any], in_part: bool = False) -> Gathered:
        """Every member of the templates, from what was sent or from the server. Raises Refused (400, 412).

        With `in_part`, for a page that a person looks at, a member that cannot be read is named instead; only the Patient must be there.
        """
        found = Gathered(patient, [], [], [])
        results = await asyncio.gather(*(self._member(name, patient, prefetch, found) for name in TEMPLATES))
        lost = [name for name, got in zip(TEMPLATES, results, strict=True) if got is None]
        for name in lost if in_part else []:
            found.failed(f"{name}: it could not be read")
        if lost and not in_part:
            raise Refused(412, f"Not sent, and it could not be fetched: {', '.join(lost)}.")
        resources = [one for got in results if got is not None for one in got]
        person = [one for one in resources if one.get("resourceType") == "Patient"]
        if not person:
            raise Refused(412, "The Patient was not sent, and it could not be fetched.")
        if any(str(one.get("id")) != patient for one in person):
            raise Refused(400, "The Patient that was sent is not the one of the context.")
        for one in resources:
            if self.homes and _elsewhere(one, self.homes):
                found.failed(f"{one.get('resourceType')}: an entry is about a patient on another server")
            elif about_another(one, patient):
                found.strangers.append(str(one.get("resourceType")))
            else:
                found.resources.append(one)
        await self._medicines(found)
        return found

    async def _member(self, name: str, patient: str, prefetch: dict[str, Any], found: Gathered) -> list[Resource] | None:
        """The resources of one member; None where nobody can say."""
        if name in prefetch:
            value = prefetch[name]
            if value is None:
                return []
            if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
                raise Refused(400, f"prefetch.{name} must be a FHIR resource, or null.")
            if value["resourceType"] == "OperationOutcome":
                found.failed(f"{name}: the record system could not read it")
                return []
            if not self._old(value):
                return await self._bundle(name, value, found)
            if self.access is None:
                found.failed(f"{name}: what was sent is of {str(_stamp(value))[:10]}")
                return await self._bundle(name, value, found)
        if self.access is None:
            return None
        path = TEMPLATES[name].replace("{{context.patientId}}", patient)
        address = f"{self.access.base.rstrip('/')}/{path}" + (f"&_count={_PAGE}" if "?" in path else "")
        try:
            value = await self._get(address)
        except OutsideError:
            return None
        if not isinstance(value.get("resourceType"), str) or value["resourceType"] == "OperationOutcome":
            return None
        return await self._bundle(name, value, found)

    async def _bundle(self, name: str, first: Resource, found: Gathered) -> list[Resource]:
        """The resources of a search, every page of it. What cannot be read in it is told: it never counts as nothing."""
        if first.get("resourceType") != "Bundle":
            if first["resourceType"] != _TYPES[name]:
                found.failed(f"{name}: a resource of another type was sent")
            return [first]
        resources: list[Resource] = []
        page, seen, matches = first, set[str](), 0
        total = first.get("total")
        if total is not None and (not isinstance(total, int) or isinstance(total, bool) or total < 0):
            found.failed(f"{name}: how many there are cannot be read")
        while True:
            entries = page.get("entry", [])
            if not isinstance(entries, list):
                found.failed(f"{name}: its entries are no list")
            for entry in entries if isinstance(entries, list) else []:
                one = entry.get("resource") if isinstance(entry, dict) else None
                if not isinstance(one, dict) or not isinstance(one.get("resourceType"), str):
                    found.failed(f"{name}: an entry holds no resource")
                    continue
                if one["resourceType"] == "OperationOutcome":
                    if _is_error(one):
                        found.failed(f"{name}: the record system could not read all of it")
                    continue
                if one["resourceType"] == "Bundle":  # a search inside of a search: whose, and how much of it, is not known
                    found.failed(f"{name}: an entry holds another search")
                    continue
                search = entry.get("search")
                matches += not (isinstance(search, dict) and search.get("mode") == "include")
                resources.append(one)
                self._count += 1
            address = _next(page)
            if address == "":
                found.failed(f"{name}: a further page has no address")
            if not address:
                if isinstance(total, int) and not isinstance(total, bool) and total > matches:
                    found.failed(f"{name}: {matches} of {total} entries were given")
                return resources
            if self._count > self.settings.most_resources or self._pages >= self.settings.most_pages or address in seen:
                found.failed(f"{name}: more pages than are read")
                return resources
            seen.add(address)
            try:
                page = await self._page(address)
            except OutsideError as fault:
                found.failed(f"{name}: a further page was not read ({fault.what})")
                return resources
            if page.get("resourceType") != "Bundle":
                found.failed(f"{name}: a further page was not read (no Bundle)")
                return resources

    async def _page(self, address: str) -> Resource:
        if self.access is None:
            raise OutsideError(0, "no access was given")
        whole = urljoin(self.access.base.rstrip("/") + "/", address)
        if origin_of(whole) != origin_of(self.access.base):
            raise OutsideError(0, "it is on another server")
        self._pages += 1
        return await self._get(whole)

    async def _get(self, address: str) -> Resource:
        assert self.access is not None
        for tries in range(_TRIES):
            left = self._deadline - asyncio.get_running_loop().time()
            if left <= 0:
                break
            try:
                async with asyncio.timeout(left):
                    return await self.outside.json("GET", address, headers=self.access.headers)
            except TimeoutError:
                break
            except OutsideError as fault:
                self.denied |= fault.status == 401
                # A server that is busy says when to come again: once more, where the time is there.
                left = self._deadline - asyncio.get_running_loop().time()
                if fault.status not in (429, 503) or fault.wait is None or fault.wait >= left or tries == _TRIES - 1:
                    raise
                await asyncio.sleep(fault.wait)
        raise OutsideError(0, "it took too long")

    def _old(self, value: Resource) -> bool:
        stamp = _stamp(value)
        if value.get("resourceType") != "Bundle" or stamp is None:
            return False
        return dt.datetime.now(dt.UTC) - stamp > dt.timedelta(hours=self.settings.prefetch_hours)

    async def _medicines(self, found: Gathered) -> None:
        """The Medication resources that are referred to and were not sent: without them nobody knows which drug it was."""
        here = {f"{one.get('resourceType')}/{one.get('id')}" for one in found.resources}
        wanted: dict[str, None] = {}
        for one in found.resources:
            reference = one.get("medicationReference")
            address = reference.get("reference") if isinstance(reference, dict) else None
            if isinstance(address, str) and re.fullmatch(r"Medication/[A-Za-z0-9\-.]{1,64}", address) and address not in here:
                wanted[address] = None
        if not wanted or self.access is None:
            return
        base = self.access.base.rstrip("/")
        answers = await asyncio.gather(
            *(self._get(f"{base}/{name}") for name in list(wanted)[:_MOST_MEDICINES]), return_exceptions=True
        )
        for answer in answers:
            if isinstance(answer, dict) and answer.get("resourceType") == "Medication":
                found.resources.append(answer)
            elif isinstance(answer, BaseException) and not isinstance(answer, OutsideError):
                raise answer
            else:  # which drug it was is not known: then nothing may be suggested beside it
                found.failed("medicines: one that is referred to could not be read")
        if len(wanted) > _MOST_MEDICINES:
            found.failed("medicines: more are referred to than are fetched")


def about_another(resource: Resource, patient: str) -> bool:
    """Whether a resource says that it is about another patient."""
    about = resource.get("subject") or resource.get("patient")
    address = about.get("reference") if isinstance(about, dict) else None
    if not isinstance(address, str):
        return False
    parts = address.split("/_history/")[0].rstrip("/").split("/")
    return len(parts) >= 2 and parts[-2] == "Patient" and parts[-1] != patient


def _elsewhere(resource: Resource, homes: tuple[str, ...]) -> bool:
    """Whether a resource is about a Patient whose whole address is on another server than the hospital's."""
    about = resource.get("subject") or resource.get("patient")
    address = about.get("reference") if isinstance(about, dict) else None
    if not isinstance(address, str) or not address.startswith(("http://", "https://")) or "/Patient/" not in address:
        return False
    base = address.rsplit("/Patient/", 1)[0]
    return not same_base(base, homes[0]) and origin_of(base) not in {origin_of(one) for one in homes[1:]}


def _next(page: Resource) -> str | None:
    """The address of the next page; None where this is the last, and empty where there is one without an address."""
    links = page.get("link")
    for one in links if isinstance(links, list) else []:
        if isinstance(one, dict) and one.get("relation") == "next":
            return one["url"] if isinstance(one.get("url"), str) else ""
    return None


def _is_error(outcome: Resource) -> bool:
    issues = outcome.get("issue")
    listed = issues if isinstance(issues, list) else []
    return not listed or any(isinstance(one, dict) and one.get("severity") in ("error", "fatal") for one in listed)


def _stamp(value: Resource) -> dt.datetime | None:
    meta = value.get("meta")
    said = value.get("timestamp") or (meta.get("lastUpdated") if isinstance(meta, dict) else None)
    try:
        found = dt.datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
