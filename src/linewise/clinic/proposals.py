"""Options and tests as FHIR R4 proposals: never orders, never a dose. A person asks for them, Linewise writes them down."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from linewise import __version__
from linewise.exchange.codes import Codes
from linewise.exchange.fhir.conditions import is_there
from linewise.exchange.out import cancer_coding, drug_codings
from linewise.plan import Plan
from linewise.plan.model import Option, TestToAsk, TrialToAsk

from . import brief
from .brief import trial_words
from .keys import hashed

Resource = dict[str, Any]

SYSTEM = "urn:linewise:proposal"
_CITATION = "http://hl7.org/fhir/StructureDefinition/workflow-relatedArtifact"
_ROLE = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


class Proposals:
    """Writes proposals for one plan, in the name of one person of the team."""

    def __init__(self, plan: Plan, codes: Codes, resources: list[Resource], patient: str, by: str = "") -> None:
        self.plan, self.patient, self.by = plan, patient, by
        self._drugs = drug_codings(codes)
        self._reason = _reason(codes, resources)
        self._now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")

    def option(self, name: str) -> list[tuple[str, Resource]]:
        """The resources of one option with their addresses (`urn:uuid`), the leading one first."""
        option = self.plan.option(name)
        if not option.drugs and not option.partners:
            return [self._with_address(self._service(name, option.title, option.reason, brief.of(self.plan, option).sources))]
        single = len(option.drugs) == 1 and not option.partners
        if single:
            return [self._with_address(self._medicine(option, option.drugs[0], "proposal"))]
        return self._group(option)

    def for_order_entry(self, name: str) -> list[tuple[str, Resource]]:
        """The same for a place that knows no groups: a proposal a drug, held together by one identifier; a choice of partners is named."""
        option = self.plan.option(name)
        drugs = [*option.drugs, *(choice[0] for choice in option.partners if len(choice) == 1)]
        if not drugs:
            return self.option(name)
        choices = [" or ".join(map(self.plan.knowledge.label, choice)) for choice in option.partners if len(choice) > 1]
        made = [self._medicine(option, drug, "proposal") for drug in dict.fromkeys(drugs)]
        for one in made:
            if len(made) > 1 or choices:
                one["groupIdentifier"] = self._identifier(option.id, "")
            if choices:
                one["note"][0]["text"] = f"Together with {'; and '.join(choices)}.\n{one['note'][0]['text']}"
        return [self._with_address(one) for one in made]

    def test(self, test: TestToAsk) -> tuple[str, Resource]:
        """A test that could open options, as a request for a service."""
        return self._with_address(self._service(test.id, test.title, test.because, test.sources))

    def trial(self, trial: TrialToAsk) -> tuple[str, Resource]:
        """A trial to ask about, as a request for a service: whether a person may join it is for its team to say."""
        made = self._service(trial.id, f"Ask about the trial {trial.id}: {trial.title}", "", [])
        made["note"] = [{"text": trial_words(trial)}]
        artifact = {"type": "documentation", "display": trial.id, "url": trial.url}
        made["extension"] = [{"url": _CITATION, "valueRelatedArtifact": artifact}]
        return self._with_address(made)

    def transaction(self, names: list[str]) -> Resource:
        """The options as one transaction for the record system, each made at most once, with who proposed them."""
        made = [one for name in names for one in self.option(name)]
        entries = []
        for address, resource in made:
            value = resource["identifier"][0]
            request = {
                "method": "POST",
                "url": resource["resourceType"],
                "ifNoneExist": f"identifier={value['system']}|{value['value']}",
            }
            entries.append({"fullUrl": address, "resource": resource, "request": request})
        origin = self.provenance([address for address, _ in made])
        entries.append({"fullUrl": _address(), "resource": origin, "request": {"method": "POST", "url": "Provenance"}})
        return {"resourceType": "Bundle", "type": "transaction", "entry": entries}

    def provenance(self, addresses: list[str]) -> Resource:
        """Who proposed: the person as the author, Linewise with its medicine as the one that put it together."""
        agents = [
            {
                "type": _role("assembler"),
                "who": {"type": "Device", "display": f"Linewise {__version__}, {self.plan.knowledge.edition}"},
            }
        ]
        if self.by:
            agents.insert(0, {"type": _role("author"), "who": {"reference": self.by}})
        targets = [{"reference": address} for address in addresses]
        return {"resourceType": "Provenance", "target": targets, "recorded": self._now, "agent": agents}

    # One resource

    def _medicine(self, option: Option, drug: str, intent: str) -> Resource:
        concept: Resource = {"text": self.plan.knowledge.label(drug)}
        if drug in self._drugs:
            concept = {"coding": self._drugs[drug], **concept}
        found: Resource = {
            "resourceType": "MedicationRequest",
            "identifier": [self._identifier(option.id, drug)],
            "status": "draft",
            "intent": intent,
            "medicationCodeableConcept": concept,
            "subject": {"reference": f"Patient/{self.patient}"},
            "authoredOn": self._now,
            **self._asked_by("requester"),
            **self._reason,
        }
        if intent == "proposal":
            found |= self._grounds(option)
        return found

    def _group(self, option: Option) -> list[tuple[str, Resource]]:
        """Several drugs belong together; where a partner may be chosen, exactly one of the choices is taken."""
        made: list[tuple[str, Resource]] = []

        def action(drug: str) -> Resource:
            made.append(self._with_address(self._medicine(option, drug, "option")))
            return {"title": self.plan.knowledge.label(drug), "resource": {"reference": made[-1][0]}}

        actions = [action(drug) for drug in option.drugs]
        for choice in option.partners:
            if len(choice) == 1:
                actions.append(action(choice[0]))
            elif choice:
                parts = [action(drug) for drug in choice]
                title = " or ".join(part["title"] for part in parts)
                actions.append({"title": title, "selectionBehavior": "exactly-one", "action": parts})
        group: Resource = {
            "resourceType": "RequestGroup",
            "identifier": [self._identifier(option.id, "")],
            "status": "draft",
            "intent": "proposal",
            "subject": {"reference": f"Patient/{self.patient}"},
            "authoredOn": self._now,
            **self._asked_by("author"),
            **self._reason,
            **self._grounds(option),
            "action": actions,
        }
        return [self._with_address(group), *made]

    def _service(self, name: str, title: str, because: str, sources: list[str]) -> Resource:
        found: Resource = {
            "resourceType": "ServiceRequest",
            "identifier": [self._identifier(name, "")],
            "status": "draft",
            "intent": "proposal",
            "code": {"text": title},
            "subject": {"reference": f"Patient/{self.patient}"},
            "authoredOn": self._now,
            **self._asked_by("requester"),
            **self._reason,
        }
        if because:
            found["note"] = [{"text": because}]
        cited = self._cited(sources)
        return found | ({"extension": cited} if cited else {})

    def _grounds(self, option: Option) -> Resource:
        """Why: status, reason, standing with its grade, and the sources with their addresses."""
        line = brief.of(self.plan, option)
        said = [f"{brief.STATUS[line.status].capitalize()}. {line.reason}", *line.standing, *line.evidence, *line.cautions]
        if line.unconfirmed:
            said.append(f"The statements are {line.unconfirmed}.")
        found: Resource = {"note": [{"text": "\n".join([*said, self.plan.disclaimer])}]}
        cited = self._cited(line.sources)
        return found | ({"extension": cited} if cited else {})

    def _cited(self, ids: list[str]) -> list[Resource]:
        found = []
        for one in brief.cited(self.plan, ids).values():
            artifact = {
                "type": "citation",
                "display": ", ".join(str(one[key]) for key in ("title", "publisher", "date") if key in one),
            }
            found.append({"url": _CITATION, "valueRelatedArtifact": artifact | ({"url": one["url"]} if "url" in one else {})})
        return found

    def _identifier(self, *what: str) -> Resource:
        return {"system": SYSTEM, "value": hashed(self.patient, *what, self.plan.as_of)[:32]}

    def _asked_by(self, member: str) -> Resource:
        return {member: {"reference": self.by}} if _is_person(self.by) else {}

    def _with_address(self, resource: Resource) -> tuple[str, Resource]:
        return _address(), resource


def _is_person(reference: str) -> bool:
    parts = reference.rstrip("/").split("/")
    return len(parts) >= 2 and parts[-2] in ("Practitioner", "PractitionerRole")


def _address() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


def _role(code: str) -> Resource:
    return {"coding": [{"system": _ROLE, "code": code}]}


def _reason(codes: Codes, resources: list[Resource]) -> Resource:
    """The cancer that the proposal is for: the record's own Condition where it stands, else the code of the illness."""
    for one in resources:
        said = one.get("code") if one.get("resourceType") == "Condition" and is_there(one) else None
        coding = said.get("coding") if isinstance(said, dict) else None
        for each in coding if isinstance(coding, list) else []:
            meaning = codes.meaning(str(each.get("system")), str(each.get("code"))) if isinstance(each, dict) else None
            if meaning is not None and meaning.cancer == "breast" and one.get("id"):
                return {"reasonReference": [{"reference": f"Condition/{one['id']}"}]}
    coding = cancer_coding(codes)
    return {"reasonCode": [{"coding": [coding]}]} if coding else {}
