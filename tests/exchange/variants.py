"""The people of example cases as FHIR bundles, in the codings and the words of real systems: to measure what the reader takes from them.

Four ways to write the same person: `us` (SNOMED CT, LOINC, RxNorm names), `words` (a hospital that sends names and results as text), `icd` (ICD-10-CM
problem lists with titles, results as text) and `de` (German words, ICD-10-GM, the German oncology module).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
WAYS = ("us", "words", "icd", "de")
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
ICD = {"icd": "http://hl7.org/fhir/sid/icd-10-cm", "de": "http://fhir.de/CodeSystem/bfarm/icd-10-gm"}
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_MONTH = 30.4375

SITES = {  # SNOMED CT, ICD-10-CM and its title, words, German words
    "bone": ("94222008", "C79.51", "Secondary malignant neoplasm of bone", "Bone metastases", "Knochenmetastasen"),
    "liver": ("94381002", "C78.7", "Secondary malignant neoplasm of liver and intrahepatic bile duct", "Metastatic disease to liver", "Lebermetastasen"),
    "lung": ("94391008", "C78.00", "Secondary malignant neoplasm of unspecified lung", "Lung mets", "Lungenmetastasen"),
    "brain": ("94225005", "C79.31", "Secondary malignant neoplasm of brain", "Brain metastases", "Hirnmetastasen"),
    "skin": ("94579000", "C79.2", "Secondary malignant neoplasm of skin", "Skin metastases", "Hautmetastasen"),
    "pleura": ("94493005", "C78.2", "Secondary malignant neoplasm of pleura", "Malignant pleural effusion", "Pleurakarzinose"),
    "lymph-node": ("", "C77.1", "Secondary and unspecified malignant neoplasm of intrathoracic lymph nodes", "Mediastinal lymph node metastases", "Mediastinale Lymphknotenmetastasen"),
    "peritoneum": ("94627008", "C78.6", "Secondary malignant neoplasm of retroperitoneum and peritoneum", "Peritoneal metastases", "Peritonealkarzinose"),
    "adrenal": ("94161006", "C79.70", "Secondary malignant neoplasm of unspecified adrenal gland", "Adrenal metastasis", "Nebennierenmetastase"),
    "leptomeninges": ("", "C79.32", "Secondary malignant neoplasm of cerebral meninges", "Leptomeningeal metastases", "Meningeosis carcinomatosa"),
    "pericardium": ("", "", "", "Malignant pericardial effusion", "maligner Perikarderguss"),
}  # fmt: skip
ECOG = {0: "425389002", 1: "422512005", 2: "422894000", 3: "423053003", 4: "423237006"}
MENOPAUSE = {"postmenopausal": "76498008", "premenopausal": "22636003", "perimenopausal": "161541000119104"}
LABS = {  # LOINC, name, unit, and the limit where it counts in multiples of it
    "lvef_percent": ("10230-1", "LVEF", "%", 0), "qtcf_ms": ("8636-3", "QTc", "ms", 0), "creatinine_clearance_ml_min": ("62238-1", "eGFR", "mL/min/{1.73_m2}", 0),
    "hba1c_percent": ("4548-4", "HbA1c", "%", 0), "neutrophils_10e9_l": ("751-8", "Neutrophils", "10*3/uL", 0), "platelets_10e9_l": ("777-3", "Platelets", "10*3/uL", 0),
    "haemoglobin_g_dl": ("718-7", "Hemoglobin", "g/dL", 0), "bilirubin_x_uln": ("1975-2", "Bilirubin", "mg/dL", 1.2), "alt_x_uln": ("1742-6", "ALT", "U/L", 40), "ast_x_uln": ("1920-8", "AST", "U/L", 40),
    "calcium_mmol_l": ("17861-6", "Calcium", "mmol/L", 0),
}  # fmt: skip
GENES = {"mutated": "Pathogenic mutation detected", "wild-type": "No mutation detected", "altered": "Alteration detected", "fusion": "Fusion detected",
         "germline-pathogenic": "Germline pathogenic variant detected", "somatic-pathogenic": "Somatic pathogenic variant detected"}  # fmt: skip


def bundle_of(profile: Json, as_of: dt.date, way: str) -> Json:
    """One person in one way of writing."""
    found = list(_Person(profile, as_of, way).resources())
    for number, one in enumerate(found):
        one.setdefault("id", f"r{number}")
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in found]}


class _Person:
    def __init__(self, profile: Json, as_of: dt.date, way: str) -> None:
        self.profile, self.as_of, self.way = profile, as_of, way
        months = sum((line.get("months") or 3) + 0.5 for line in profile.get("metastatic_lines") or ())
        self.spread = as_of - dt.timedelta(days=round((months + 1) * _MONTH))

    def resources(self) -> Iterator[Json]:
        who = self.profile
        born = self.as_of.year - int(who.get("age", 60))
        yield {"resourceType": "Patient", "id": "p", "gender": who["sex"], "birthDate": f"{born}-01-01"}
        yield self.condition(
            (
                "254837009",
                "C50.911",
                "Malignant neoplasm of unspecified site of right female breast",
                "Breast cancer",
                "Mammakarzinom rechts",
            ),
            self.found,
        )
        for site in who.get("metastatic_sites") or ():
            yield self.condition(SITES.get(site, ("", "", "", f"{site} metastases", f"{site} metastases")), self.spread)
        yield from self.receptors()
        yield from self.tests()
        yield from self.person()
        for line in self.courses():
            yield from line
        for name in who.get("medications") or ():
            yield self.medicine(name.replace("-", " "), self.as_of - dt.timedelta(days=60), None, None)
        for name in who.get("comorbidities") or ():
            yield self.condition(
                ("", "", "", name.replace("-", " "), name.replace("-", " ")),
                self.as_of - dt.timedelta(days=60 if name.endswith("recent") else 400),
            )
        for one in who.get("reactions") or ():
            yield {"resourceType": "AdverseEvent", "actuality": "actual", "subject": {"reference": "Patient/p"}, "event": {"text": one["effect"].replace("-", " ")},
                   "date": (self.as_of - dt.timedelta(days=100)).isoformat(), "suspectEntity": [{"instance": {"reference": "#m"}}],
                   "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": one["drug"].replace("-", " ")}}],
                   **({"extension": [{"url": "http://hl7.org/fhir/us/ctcae/StructureDefinition/ctcae-grade", "valueCodeableConcept": {"text": f"Grade {one['grade']}"}}]} if "grade" in one else {})}  # fmt: skip
        for one in who.get("symptoms") or ():
            words = one["name"].replace("-", " ") + (f", grade {one['grade']}" if "grade" in one else "")
            yield self.condition(("", "", "", words, words), self.as_of - dt.timedelta(days=round(one.get("since_days", 1))))

    @property
    def found(self) -> dt.date:
        """The day of the first diagnosis."""
        if self.profile.get("de_novo") or not (self.profile.get("adjuvant") or self.profile.get("disease_free_interval_months")):
            return self.spread
        return self.spread - dt.timedelta(days=round((self.profile.get("disease_free_interval_months") or 72) * _MONTH))

    def condition(self, codes: tuple[str, str, str, str, str], on: dt.date) -> Json:
        snomed, icd, title, words, german = codes
        code: Json = {"text": german if self.way == "de" else words}
        if self.way == "us" and snomed:
            code = {"coding": [{"system": SNOMED, "code": snomed}]}
        elif self.way in ICD and icd:
            code = {"coding": [{"system": ICD[self.way], "code": icd} | ({"display": title} if self.way == "icd" else {})]}
        return {"resourceType": "Condition", "subject": {"reference": "Patient/p"}, "code": code, "onsetDateTime": on.isoformat(),
                "clinicalStatus": {"coding": [{"system": _CLINICAL, "code": "active"}]}}  # fmt: skip

    def observation(self, loinc: str, name: str, german: str, on: dt.date | None = None, **value: Any) -> Json:
        coded = self.way == "us" and loinc
        code: Json = {"coding": [{"system": LOINC, "code": loinc}]} if coded else {"text": german if self.way == "de" else name}
        on = on or self.as_of - dt.timedelta(days=5)
        return {
            "resourceType": "Observation",
            "status": "final",
            "subject": {"reference": "Patient/p"},
            "code": code,
            "effectiveDateTime": on.isoformat(),
            **value,
        }

    def receptors(self) -> Iterator[Json]:
        on = max(self.spread, dt.date(1990, 1, 1))
        for fact, loinc, name, german in (
            ("er", "85337-4", "ER, IHC", "Östrogenrezeptor"),
            ("pr", "85339-0", "PgR, IHC", "Progesteronrezeptor"),
        ):
            one = self.profile.get(fact) or {}
            if not one:
                continue
            percent, status = (
                one.get("percent"),
                one.get("status") or ("positive" if (one.get("percent") or 0) >= 1 else "negative"),
            )
            if self.way == "us":
                code = {"positive": "10828004", "negative": "260385009", "low": "62482003"}[status]
                yield self.observation(
                    loinc, name, german, on, valueCodeableConcept={"coding": [{"system": SNOMED, "code": code}]}
                )
                if percent is not None:
                    yield self.observation(
                        "14228-1" if fact == "er" else "14230-7",
                        name,
                        german,
                        on,
                        valueQuantity={"value": percent, "unit": "%", "code": "%"},
                    )
                continue
            word = (
                {"positive": "positiv", "negative": "negativ", "low": "low positive"}[status]
                if self.way == "de"
                else {"low": "low positive"}.get(status, status).capitalize()
            )
            yield self.observation(loinc, name, german, on, valueString=word + (f" ({percent} %)" if percent is not None else ""))
        her2 = self.profile.get("her2") or {}
        if "ihc" in her2:
            yield self.observation("85319-2", "HER2 by IHC", "HER2/neu (IHC)", on, valueString=str(her2["ihc"]))
        if "ish" in her2:
            word = {"positive": "amplified", "negative": "not amplified"}[her2["ish"]]
            yield self.observation("85318-4", "HER2 FISH", "HER2 FISH", on, valueString=word)
        if "status" in her2 and "ihc" not in her2:
            yield self.observation("48676-1", "HER2", "HER2", on, valueString=her2["status"])

    def tests(self) -> Iterator[Json]:
        for gene, value in (self.profile.get("variants") or {}).items():
            on = self.as_of - dt.timedelta(days=20)
            if gene == "MSI":
                yield self.observation(
                    "", "Microsatellite status", "MSI", on, valueString={"high": "MSI-high", "stable": "stable"}.get(value, value)
                )
            elif gene == "TMB":
                yield self.observation("94076-7", "TMB", "TMB", on, valueQuantity={"value": value, "unit": "mut/Mb"})
            elif value in GENES:
                yield self.observation("", f"{gene} gene analysis", f"{gene}-Mutationsanalyse", on, valueString=GENES[value])
        for kind, value in (self.profile.get("pdl1") or {}).items():
            name = "PD-L1 (22C3), combined positive score" if kind == "cps" else "PD-L1 (SP142), IC score"
            yield self.observation("", name, name, valueQuantity={"value": value, "unit": "CPS" if kind == "cps" else "%"})
        for name, value in (self.profile.get("labs") or {}).items():
            if name in ("dpyd", "ugt1a1"):
                word = {
                    "deficient": "Poor metabolizer",
                    "partial": "Intermediate metabolizer",
                    "normal": "Normal metabolizer",
                    "poor": "Poor metabolizer",
                }.get(value, value)
                yield self.observation("", f"{name.upper()} gene", f"{name.upper()}-Genotyp", valueCodeableConcept={"text": word})
            elif name in LABS:
                loinc, label, unit, limit = LABS[name]
                amount = value * limit if limit else value
                ranged = {"referenceRange": [{"high": {"value": limit, "unit": unit, "code": unit}}]} if limit else {}
                yield self.observation(loinc, label, label, valueQuantity={"value": amount, "unit": unit, "code": unit}, **ranged)

    def person(self) -> Iterator[Json]:
        who = self.profile
        status = who.get("menopausal_status")
        if status and who["sex"] == "female":
            if self.way == "us":
                yield {"resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/p"}, "effectiveDateTime": self.as_of.isoformat(),
                       "code": {"coding": [{"system": SNOMED, "code": "161712005"}]}, "valueCodeableConcept": {"coding": [{"system": SNOMED, "code": MENOPAUSE[status]}]}}  # fmt: skip
            else:
                yield self.observation("", "Menopausal status", "Menopausenstatus", valueString=status.capitalize())
        if "ecog" in who:
            value: Json = (
                {"valueCodeableConcept": {"coding": [{"system": SNOMED, "code": ECOG[who["ecog"]]}]}}
                if self.way == "us"
                else {"valueInteger": who["ecog"]}
            )
            yield self.observation("89247-1", "ECOG performance status", "ECOG-Status", **value)
        if "pregnant" in who:
            yield self.observation(
                "82810-3",
                "Pregnancy status",
                "Schwangerschaft",
                valueCodeableConcept={"text": "Pregnant" if who["pregnant"] else "Not pregnant"},
            )
        if "gestational_week" in who:
            yield self.observation(
                "11884-4",
                "Gestational age",
                "Gestationsalter",
                valueQuantity={"value": who["gestational_week"], "unit": "wk", "code": "wk"},
            )
        if "visceral_crisis" in who:
            yield self.observation("", "Visceral crisis", "Viszerale Krise", valueBoolean=who["visceral_crisis"])

    def courses(self) -> Iterator[Iterator[Json]]:
        lines = self.profile.get("metastatic_lines") or []
        end = self.as_of - dt.timedelta(days=4)
        for number, line in reversed(list(enumerate(lines))):
            start = end - dt.timedelta(days=round((line.get("months") or 3) * _MONTH))
            going = number == len(lines) - 1 and "stopped_for" not in line
            yield self.course(line, start, None if going else end)
            end = start - dt.timedelta(days=12)
        for line in self.profile.get("adjuvant") or []:  # its months count to the relapse
            end = self.spread - dt.timedelta(days=max(1, round(line.get("months_since_end", 24) * _MONTH)))
            yield self.course(line, end - dt.timedelta(days=round((line.get("months") or 6) * _MONTH)), end)

    def course(self, line: Json, start: dt.date, end: dt.date | None) -> Iterator[Json]:
        why = {
            "progression": "Progressive disease",
            "toxicity": "Not tolerated",
            "completion": "Planned course completed",
            "choice": "Patient choice",
        }
        for drug in line["drugs"]:
            yield self.medicine(drug.replace("-", " "), start, end, why.get(line.get("stopped_for", "")))

    def medicine(self, name: str, start: dt.date, end: dt.date | None, why: str | None) -> Json:
        return {"resourceType": "MedicationStatement", "status": "stopped" if end else "active", "subject": {"reference": "Patient/p"},
                "medicationCodeableConcept": {"text": name}, "effectivePeriod": {"start": start.isoformat()} | ({"end": end.isoformat()} if end else {}),
                **({"statusReason": [{"text": why}]} if why and end else {})}  # fmt: skip
