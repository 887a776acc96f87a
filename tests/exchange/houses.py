"""The people of example cases as record systems of many houses write them: one statement, many codings, a roll decides which.

Written without looking at the reader's tables, after how these systems and guides write: US Core and vendors of the US, mCODE, the
International Patient Summary, the German modules (oncology, pathology, molecular tumour board), exports of phones, records mapped from openEHR
and from HL7 v2. It measures what the reader takes from codings that nobody tuned it on.
"""

# fmt: off
from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from typing import Any

from exchange.house_words import (
    BRANDS,
    COMORBID,
    GRADE_WAYS,
    LABS,
    SITES,
    STOP_WORDS,
    SYMPTOM_WORDS,
    concept,
    german_drug,
)  # fmt: skip

Json = dict[str, Any]
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
LOCAL, PZN, NDC = "urn:oid:1.2.840.114350.1.13.5325.1.7", "http://fhir.de/CodeSystem/ifa/pzn", "http://hl7.org/fhir/sid/ndc"
RXNORM, ATC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://www.whocc.no/atc"
MII = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/"
_MONTH = 30.4375
WAYS = tuple(f"house-{number}" for number in range(9))


def bundle_of(profile: Json, as_of: dt.date, way: str) -> Json:
    """One person as one house writes; the way's number and the person's id decide the roll."""
    found = list(_Person(profile, as_of, random.Random(f"{way}/{profile.get('id')}")).resources())
    for number, one in enumerate(found):
        one.setdefault("id", f"r{number}")
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in found]}


def coded(system: str, code: str, display: str = "", text: str = "") -> Json:
    return concept(system, code, display, text)


class _Person:
    def __init__(self, profile: Json, as_of: dt.date, roll: random.Random) -> None:
        self.who, self.as_of, self.roll = profile, as_of, roll
        months = sum((line.get("months") or 3) + 0.5 for line in profile.get("metastatic_lines") or ())
        self.spread = as_of - dt.timedelta(days=round((months + 1) * _MONTH))
        self.german = roll.random() < 0.25

    # What stands in a record

    def resources(self) -> Iterator[Json]:
        who = self.who
        yield {"resourceType": "Patient", "id": "p", "gender": who["sex"], "birthDate": f"{self.as_of.year - int(who.get('age', 60))}-01-01"}
        yield self.condition(self.one_of([
            coded("http://hl7.org/fhir/sid/icd-10-cm", "C50.411", "Malignant neoplasm of upper-outer quadrant of right female breast"),
            {"coding": [{"system": SNOMED, "code": "254837009", "display": "Malignant neoplasm of breast (disorder)"}, {"system": LOCAL, "code": "11793"}], "text": "Malignant neoplasm of right breast in female (HCC)"},
            coded("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "C50.4", text="Mammakarzinom rechts, oberer äußerer Quadrant"),
            coded("http://hl7.org/fhir/sid/icd-10", "C50.9", "Breast, unspecified"),
            {"text": "Invasive ductal carcinoma of right breast"} if who.get("histology") in (None, "ductal") else {"text": "Carcinoma of right breast"},
            {"text": "Invasives Mammakarzinom rechts"},
        ]), self.found)  # fmt: skip
        for site in who.get("metastatic_sites") or ():
            yield self.site(site)
        if who.get("metastatic_sites") == [] and (who.get("metastatic_lines") or who.get("de_novo")):
            yield self.observation(self.one_of([coded(LOINC, "21908-9", "Stage group.clinical Cancer"), {"text": "Clinical stage"}]), self.spread, valueCodeableConcept={"text": "Stage IV"})
        yield from self.receptors()
        yield from self.genes()
        yield from self.pdl1()
        yield from self.labs()
        yield from self.person()
        yield from self.brain()
        for resource in self.courses():
            yield from resource
        for name in who.get("medications") or ():
            yield from self.drug(name, self.as_of - dt.timedelta(days=60), None, None)
        for name in who.get("comorbidities") or ():
            days = 60 if name.endswith("recent") else 400
            yield self.condition(self.one_of(COMORBID.get(name) or [{"text": name.replace("-", " ")}]), self.as_of - dt.timedelta(days=days))
        for one in who.get("reactions") or ():
            yield from self.reaction(one)
        for one in who.get("symptoms") or ():
            yield from self.symptom(one)
        yield from self.wishes()
        if "histology" in who:
            yield self.observation(self.one_of([coded(LOINC, "59847-4", "Histology and Behavior ICD-O-3 Cancer"), {"text": "Histologic type"}, {"text": "Histology"}]),
                                   self.spread, valueCodeableConcept={"text": {"ductal": "Invasive ductal carcinoma", "lobular": "Invasive lobular carcinoma", "secretory": "Secretory carcinoma", "metaplastic": "Metaplastic carcinoma"}.get(who["histology"], who["histology"])})  # fmt: skip

    def one_of(self, forms: list[Any]) -> Any:
        return self.roll.choice(forms)

    @property
    def found(self) -> dt.date:
        who = self.who
        if who.get("de_novo") or not (who.get("adjuvant") or who.get("disease_free_interval_months")):
            return self.spread
        return self.spread - dt.timedelta(days=round((who.get("disease_free_interval_months") or 72) * _MONTH))

    # Shapes

    def condition(self, code: Json, on: dt.date, **members: Any) -> Json:
        date = self.one_of([{"onsetDateTime": on.isoformat()}, {"onsetPeriod": {"start": on.isoformat()}}, {"onsetDateTime": f"{on.isoformat()}T09:00:00+01:00", "recordedDate": self.as_of.isoformat()}])
        return {"resourceType": "Condition", "subject": {"reference": "Patient/p"}, "code": code,
                "clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
                **self.one_of([{}, {"verificationStatus": coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed")}]), **date, **members}  # fmt: skip

    def observation(self, code: Json, on: dt.date | None = None, **value: Any) -> Json:
        on = on or self.as_of - dt.timedelta(days=5)
        date = self.one_of([{"effectiveDateTime": on.isoformat()}, {"effectiveDateTime": f"{on.isoformat()}T08:15:00Z", "issued": f"{on.isoformat()}T18:00:00Z"}, {"effectivePeriod": {"start": on.isoformat(), "end": on.isoformat()}}])
        return {"resourceType": "Observation", "status": self.one_of(["final", "final", "amended", "corrected"]), "subject": {"reference": "Patient/p"}, "code": code, **date, **value}  # fmt: skip

    def answer(self, *forms: str | Json) -> Json:
        """One answer, as a text, a text of a concept or a coded concept."""
        form = self.one_of(list(forms))
        if isinstance(form, dict):
            return {"valueCodeableConcept": form}
        return self.one_of([{"valueString": form}, {"valueCodeableConcept": {"text": form}}])

    # The cancer

    def site(self, name: str) -> Json:
        way = self.roll.randrange(4)
        if way == 0 and name in ("bone", "liver", "lung", "brain", "skin", "pleura", "peritoneum", "adrenal"):
            mark = {"bone": "OSS", "liver": "HEP", "lung": "PUL", "brain": "BRA", "skin": "SKI", "pleura": "PLE", "peritoneum": "PER", "adrenal": "ADR"}[name]
            return self.observation(coded(SNOMED, "385421009", "Site of distant metastasis (observable entity)"), self.spread, valueCodeableConcept=coded(MII + "mii-cs-onko-fernmetastasen", mark))
        places = {"bone": ("272673000", "Bone structure"), "liver": ("10200004", "Liver structure"), "lung": ("39607008", "Lung structure"), "brain": ("12738006", "Brain structure")}
        if way == 1 and name in places:
            where = coded(SNOMED, *places[name])
            return self.condition(self.one_of([coded(SNOMED, "128462008", "Secondary malignant neoplastic disease (disorder)"), {"text": "Metastatic breast cancer"}]), self.spread, bodySite=[where],
                                  meta={"profile": ["http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-secondary-cancer-condition"]})  # fmt: skip
        return self.condition(self.one_of(SITES[name]), self.spread)

    def receptors(self) -> Iterator[Json]:
        on = self.spread
        for fact, word, german, asked, percent_code, disorder in (
            ("er", "Estrogen receptor", "Östrogenrezeptor", ["16112-5", "40556-3", "85337-4"], ["85329-1", "14228-1"], {"positive": "416053008", "negative": "441117001"}),
            ("pr", "Progesterone receptor", "Progesteronrezeptor", ["16113-3", "40557-1", "85339-0"], ["85325-9", "14230-7"], {"positive": "416561008", "negative": "441118006"}),
        ):  # fmt: skip
            one = self.who.get(fact) or {}
            if not one:
                continue
            percent = one.get("percent")
            status = one.get("status") or ("positive" if (percent or 0) >= 1 else "negative")
            short = "ER" if fact == "er" else "PR"
            said = {"positive": ["Positive", "POSITIVE", "positive, strong staining"], "negative": ["Negative", "NEG", "negative (0%)" if not percent else "negative"], "low": ["Low positive", "ER Low Positive"]}[status]
            tail = f" ({percent:g}%)" if percent is not None else ""
            known = coded(SNOMED, {"positive": "10828004", "negative": "260385009", "low": "62482003"}[status], {"positive": "Positive (qualifier value)", "negative": "Negative (qualifier value)", "low": "Low"}[status])
            answer = coded(LOINC, {"positive": "LA6576-8", "negative": "LA6577-6", "low": "LA6576-8"}[status])
            way = self.roll.randrange(7)
            names = [{"text": f"{short} status"}, {"text": f"{word} {short}, IHC"}, {"text": f"{word}s" if fact == "er" else word}, {"text": f"{german} (IHC)"}, coded(LOINC, self.one_of(asked), text=f"{word} status")]
            if way == 0:
                yield self.observation(coded(LOINC, self.one_of(asked)), on, valueCodeableConcept=known)
                if percent is not None:
                    yield self.observation(coded(LOINC, self.one_of(percent_code)), on, valueQuantity={"value": percent, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"})
            elif way == 1:
                yield self.observation(self.one_of(names), on, valueString=self.one_of(said) + tail)
            elif way == 2 and status != "low":
                parts = [{"code": {"text": f"{short} interpretation"}, "valueCodeableConcept": answer}]
                if percent is not None:
                    parts.append({"code": {"text": f"{short} percent positive"}, "valueQuantity": {"value": percent, "unit": "%"}})
                yield self.observation({"text": f"{word} by immunohistochemistry"}, on, component=parts)
            elif way == 3 and status != "low":
                yield self.observation(coded(SNOMED, {"er": "445028008", "pr": "445029000"}[fact], f"Presence of {word.lower()} in neoplasm (observable entity)"), on, valueCodeableConcept=coded(SNOMED, disorder[status]))
                if percent is not None:
                    yield self.observation({"text": f"{short} (% of tumor cells)"}, on, valueQuantity={"value": percent, "unit": "%"})
            elif way == 4 and percent is not None:
                mark = {"positive": "POS", "low": "POS", "negative": "NEG"}[status]
                yield self.observation(self.one_of(names), on, valueQuantity={"value": percent, "unit": "%", "code": "%"}, interpretation=[coded("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", mark)])
            elif way == 5:
                word_de = {"positive": "positiv", "negative": "negativ", "low": "schwach positiv"}[status]
                yield self.observation({"text": german}, on, valueString=f"{word_de}, {percent:g} % der Tumorzellkerne" if percent is not None else word_de)
            else:
                yield self.observation(coded(LOINC, self.one_of(asked), text=short), on, **self.answer(self.one_of(said) + tail))
        yield from self.her2(on)

    def her2(self, on: dt.date) -> Iterator[Json]:
        her2 = self.who.get("her2") or {}
        if "ihc" in her2:
            score = her2["ihc"]
            if her2.get("status") == "ultralow":
                yield self.observation({"text": "HER2 status"}, on, **self.answer("Ultralow", "HER2 ultralow"))
            word = {"0": "Negative (0)", "1+": "Negative (1+)", "2+": "Equivocal (2+)", "3+": "Positive (3+)"}[score]
            names = [coded(LOINC, "85319-2"), coded(LOINC, "18474-7", text="HER2 IHC"), {"text": "HER2 (IHC)"}, {"text": "HER-2/neu, immunohistochemistry"}, {"text": "HER2 IHC score"}, {"text": "HER2-Status (IHC)"}]
            yield self.observation(self.one_of(names), on, **self.answer(word, score, f"Score {score}", f"IHC {score}"))
        if "ish" in her2 or (her2.get("ihc") == "2+" and her2.get("status") in ("positive", "negative")):
            positive = (her2.get("ish") or her2.get("status")) == "positive"
            names = [coded(LOINC, "85318-4"), coded(LOINC, "31150-6", text="HER2 FISH"), {"text": "HER2 gene amplification (FISH)"}, {"text": "ERBB2 (HER2) FISH"}, {"text": "HER2 ISH"}, {"text": "HER2-FISH"}]
            yield self.observation(self.one_of(names), on, **self.answer(*(["Amplified", "Positive", "HER2 amplification detected"] if positive else ["Not amplified", "Negative", "No amplification", "nicht amplifiziert"])))
        elif "status" in her2 and "ihc" not in her2:
            yield self.observation(self.one_of([coded(LOINC, "48676-1"), {"text": "HER2 status"}, {"text": "HER2 overall interpretation"}]), on, **self.answer(her2["status"].capitalize()))

    def genes(self) -> Iterator[Json]:
        hgnc = {"BRCA1": "1100", "BRCA2": "1101", "PALB2": "26144", "ESR1": "3467", "PIK3CA": "8975", "AKT1": "391", "PTEN": "9588", "ERBB2": "3430", "CHEK2": "16627", "ATM": "795", "TP53": "11998", "RET": "9967", "BRAF": "1097"}
        change = {"ESR1": "p.Asp538Gly", "PIK3CA": "p.His1047Arg", "AKT1": "p.Glu17Lys", "BRCA1": "c.68_69delAG", "BRCA2": "c.5946delT", "BRAF": "p.Val600Glu", "ERBB2": "p.Leu755Ser", "PTEN": "p.Arg130Ter", "PALB2": "c.3113G>A"}
        on = self.as_of - dt.timedelta(days=20)
        for gene, value in (self.who.get("variants") or {}).items():
            if gene == "MSI":
                high = value == "high"
                yield self.observation(self.one_of([coded(LOINC, "81695-9"), {"text": "Microsatellite instability (MSI)"}, {"text": "MSI status"}]), on,
                                       **self.answer(*(["MSI-High", "MSI-H", coded(LOINC, "LA26203-2", "MSI-H")] if high else ["MSS", "Stable", coded(LOINC, "LA14122-8", "Stable")])))  # fmt: skip
                continue
            if gene == "TMB":
                yield self.observation(self.one_of([coded(LOINC, "94076-7"), {"text": "Tumor mutational burden"}, {"text": "TMB"}]), on,
                                       **self.one_of([{"valueQuantity": {"value": value, "unit": "mutations/Mb", "code": "1/1000000{Base}"}}, {"valueString": f"{value} mut/Mb"}]))  # fmt: skip
                continue
            found = value != "wild-type"
            germline = value.startswith("germline")
            way = self.roll.randrange(4)
            if way == 0 and gene in hgnc and value != "fusion":
                parts = [{"code": coded(LOINC, "48018-6"), "valueCodeableConcept": coded("http://www.genenames.org/geneId", f"HGNC:{hgnc[gene]}", gene)}]
                if found:
                    parts.append({"code": coded(LOINC, "48004-6" if change.get(gene, "").startswith("c.") else "48005-3"), "valueCodeableConcept": {"coding": [{"system": "http://varnomen.hgvs.org", "code": change.get(gene, "p.Arg100Ter")}]}})
                if germline or value.startswith("somatic") or gene in ("ESR1", "PIK3CA", "AKT1"):
                    parts.append({"code": coded(LOINC, "48002-0"), "valueCodeableConcept": coded(LOINC, "LA6683-2" if germline else "LA6684-0", "Germline" if germline else "Somatic")})
                if "pathogenic" in value:
                    parts.append({"code": coded(LOINC, "53037-8"), "valueCodeableConcept": coded(LOINC, "LA6668-3", "Pathogenic")})
                if "uncertain" in value:
                    parts += [{"code": coded(LOINC, "53037-8"), "valueCodeableConcept": coded(LOINC, "LA26333-7", "Uncertain significance")}]
                yield self.observation(coded(LOINC, "69548-6", "Genetic variant assessment"), on, valueCodeableConcept=coded(LOINC, "LA9633-4" if found else "LA9634-2", "Present" if found else "Absent"), component=parts)
                continue
            names = [{"text": f"{gene} mutation"}, {"text": f"{gene} gene, NGS"}, {"text": f"{gene} mutation status"}, {"text": f"{gene} (NGS panel)"}, {"text": f"{gene}-Mutation"}]
            if germline or (not found and gene.startswith(("BRCA", "PALB"))):
                names += [{"text": f"{gene} germline testing"}, {"text": f"Germline {gene}"}]
            if gene in ("NTRK", "RET"):
                names = [{"text": f"{gene} fusion"}, {"text": f"{gene} gene rearrangement"}, {"text": f"{gene} fusion analysis (RNA NGS)"}]
            special = change.get(gene, "p.Arg100Ter")
            said = {
                "mutated": [f"Mutation detected: {special}", f"{special} detected", "Detected", "Mutated", f"POSITIVE - {special} (VAF 12%)", "Mutation nachgewiesen"],
                "altered": ["Loss detected", "Alteration detected", f"{special} detected"],
                "fusion": ["Detected", "Fusion detected", f"{'ETV6-NTRK3' if gene == 'NTRK' else 'CCDC6-RET'} fusion detected"],
                "wild-type": ["Not detected", "No mutation detected", "Wild type", "Negative", "No pathogenic variant detected", "keine Mutation nachgewiesen"],
                "germline-pathogenic": [f"Pathogenic germline variant {special}", f"Germline pathogenic variant detected: {special}", f"Pathogenic variant detected, germline ({special})", "Pathogene Keimbahnmutation nachgewiesen"],
                "somatic-pathogenic": [f"Somatic pathogenic variant {special}", "Pathogenic variant detected, somatic"],
                "variant-of-uncertain-significance": ["Variant of uncertain significance", "VUS detected"],
            }.get(value, [str(value)])  # fmt: skip
            if gene in ("NTRK", "RET") and not found:
                said = ["Not detected", "No fusion detected", "Negative"]
            yield self.observation(self.one_of(names), on, **self.answer(*said))

    def pdl1(self) -> Iterator[Json]:
        for kind, value in (self.who.get("pdl1") or {}).items():
            if kind == "cps":
                names = ["PD-L1 22C3 CPS", "PD-L1 (22C3 pharmDx) Combined Positive Score", "PD-L1 IHC 22C3 - CPS", "Combined Positive Score (CPS), PD-L1 clone 22C3", "PD-L1-Expression (22C3), CPS"]
                value_of: list[Json] = [{"valueQuantity": {"value": value}}, {"valueInteger": int(value)} if float(value).is_integer() else {"valueQuantity": {"value": value}}, {"valueString": f"CPS {value:g}"}, {"valueString": f"{value:g}"}, {"valueQuantity": {"value": value, "unit": "{score}", "code": "{score}"}}]
            else:
                names = ["PD-L1 SP142 IC", "PD-L1 (SP142) immune cell score", "PD-L1 IHC SP142, tumor-infiltrating immune cells (IC)"]
                value_of = [{"valueQuantity": {"value": value, "unit": "%"}}, {"valueString": f"IC {value:g}%"}]
            yield self.observation({"text": self.one_of(names)}, **self.one_of(value_of))

    def labs(self) -> Iterator[Json]:
        for name, value in (self.who.get("labs") or {}).items():
            if name in ("dpyd", "ugt1a1", "cyp2d6"):
                words = {"deficient": "Poor", "partial": "Intermediate", "normal": "Normal", "poor": "Poor", "intermediate": "Intermediate"}
                said = [f"{words[value]} Metabolizer", f"{name.upper()} {words[value].lower()} metabolizer"] if value in words else [f"{name.upper()} {value}", str(value)]
                yield self.observation({"text": self.one_of([f"{name.upper()} genotype", f"{name.upper()} phenotype", f"{name.upper()} metabolizer status", f"{name.upper()} gene analysis"])}, **self.answer(*said))
            elif name in LABS:
                forms, limit, units = LABS[name]
                code, (unit, factor) = self.one_of(forms), self.one_of(units)
                amount = round(value * (limit or 1) * factor, 4)
                ranged = {"referenceRange": [{"high": {"value": round(limit * factor, 4), "unit": unit, "code": unit}}]} if limit else {}
                on = self.as_of - dt.timedelta(days=95) if name.endswith("previous_percent") else None
                if unit and not limit and self.roll.random() < 0.25:
                    yield self.observation(code, on, valueString=f"{amount:g} {unit}")
                else:
                    yield self.observation(code, on, valueQuantity={"value": amount, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}, **ranged)

    # The person

    def person(self) -> Iterator[Json]:
        who = self.who
        status = who.get("menopausal_status")
        if status and who["sex"] == "female":
            yield self.menopause(status)
        if "ecog" in who:
            yield self.ecog(int(who["ecog"]))
        if who.get("pregnant") is not None:
            yes = who["pregnant"]
            yield self.observation(self.one_of([coded(LOINC, "82810-3"), {"text": "Pregnancy status"}]), **self.answer(coded(LOINC, "LA15173-0" if yes else "LA26683-5"), coded(SNOMED, "77386006" if yes else "60001007"), "Pregnant" if yes else "Not pregnant"))
        if "gestational_week" in who:
            yield self.observation(self.one_of([coded(LOINC, "18185-9"), coded(LOINC, "49051-6"), {"text": "Gestational age"}]), valueQuantity={"value": who["gestational_week"], "unit": "weeks", "code": "wk"})
        if who.get("visceral_crisis") is not None:
            yes = who["visceral_crisis"]
            yield self.observation({"text": self.one_of(["Visceral crisis", "Visceral crisis present", "Viszerale Krise"])}, **self.one_of([{"valueBoolean": yes}, {"valueString": "Yes" if yes else "No"}, {"valueString": "Present" if yes else "Absent"}, {"valueCodeableConcept": coded(SNOMED, "373066001" if yes else "373067005")}, {"valueString": "ja" if yes else "nein"}]))
        if "frail" in who:
            yield self.observation({"text": "Frailty"}, valueBoolean=who["frail"])
        if "endocrine_therapy_suitable" in who:
            yield self.observation({"text": "Suitable for endocrine therapy"}, valueBoolean=who["endocrine_therapy_suitable"])
        for name in who.get("planned") or ():
            yield {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": {"reference": "Patient/p"}, "authoredOn": self.as_of.isoformat(), "code": {"text": name.replace("-", " ").capitalize()}}  # fmt: skip

    def menopause(self, status: str) -> Json:
        word = {"postmenopausal": "Postmenopausal", "premenopausal": "Premenopausal", "perimenopausal": "Perimenopausal"}[status]
        german = {"postmenopausal": "postmenopausal", "premenopausal": "prämenopausal", "perimenopausal": "perimenopausal"}[status]
        code = {"postmenopausal": "76498008", "premenopausal": "22636003", "perimenopausal": "161541000119104"}[status]
        if status == "postmenopausal" and self.roll.random() < 0.3:
            return self.condition(self.one_of([coded("http://hl7.org/fhir/sid/icd-10-cm", "Z78.0", "Asymptomatic menopausal state"), coded(SNOMED, "76498008", "Postmenopausal state (finding)"), {"text": "Postmenopausal"}]), self.as_of - dt.timedelta(days=300))
        names = [coded(SNOMED, "161712005", "Menopause, function"), {"text": "Menopausal status"}, {"text": "Menopause status at diagnosis"}, {"text": "Menopausenstatus"}, coded(LOCAL, "30401", text="Menopausal Status")]
        return self.observation(self.one_of(names), **self.answer(coded(SNOMED, code), word, word.replace("menopausal", "-menopausal"), german))

    def ecog(self, grade: int) -> Json:
        words = ["Fully active", "Restricted in physically strenuous activity but ambulatory", "Ambulatory and capable of all selfcare", "Capable of only limited selfcare", "Completely disabled"]
        question = self.one_of([coded(LOINC, "89247-1"), coded(SNOMED, "423740007", "Eastern Cooperative Oncology Group performance status (observable entity)"), {"text": "ECOG performance status"}, {"text": "ECOG PS"}, {"text": "ECOG Score"}, {"text": "Allgemeinzustand (ECOG)"}, coded(LOCAL, "31000", text="ECOG Performance Status")])
        return self.observation(question, **self.one_of([
            {"valueInteger": grade}, {"valueQuantity": {"value": grade, "unit": "{score}", "code": "{score}"}}, {"valueString": str(grade)}, {"valueString": f"ECOG {grade}"},
            {"valueString": f"{grade} - {words[grade]}"}, {"valueCodeableConcept": {"text": f"Grade {grade}"}},
            {"valueCodeableConcept": coded(LOINC, ["LA9622-7", "LA9623-5", "LA9624-3", "LA9625-0", "LA9626-8"][grade])},
            {"valueCodeableConcept": coded(SNOMED, ["425389002", "422512005", "422894000", "423053003", "423237006"][grade])},
            {"valueCodeableConcept": coded(MII + "mii-cs-onko-allgemeiner-leistungszustand-ecog", str(grade))},
        ]))  # fmt: skip

    def brain(self) -> Iterator[Json]:
        brain = self.who.get("brain") or {}
        status = brain.get("status")
        if status == "none":
            yield self.observation({"text": "Brain metastases"}, **self.answer("None", "Absent", "No"))
        elif status:
            yield self.observation({"text": self.one_of(["Brain metastases status", "Status of brain metastases"])}, **self.answer(status.capitalize()))
        for member, name in (("count", "Number of brain metastases"), ("largest_mm", "Largest brain metastasis")):
            if member in brain:
                yield self.observation({"text": name}, valueQuantity={"value": brain[member], "unit": "mm", "code": "mm"}) if member == "largest_mm" else self.observation({"text": name}, valueInteger=brain[member])
        for member, name in (("mass_effect", "Mass effect"), ("symptomatic", "Symptomatic brain metastases")):
            if member in brain:
                yield self.observation({"text": name}, valueBoolean=brain[member])
        if "extracranial" in brain:
            yield self.observation({"text": "Extracranial disease"}, **self.answer(brain["extracranial"].capitalize()))
        if "lesion_count" in self.who:
            yield self.observation({"text": "Number of metastases"}, valueInteger=self.who["lesion_count"])
        bone = self.who.get("bone") or {}
        if bone.get("cord_compression"):
            said = bone["cord_compression"]
            yield self.observation({"text": "Spinal cord compression"}, **self.answer(said.capitalize()))
        for member, name in (("primary_in_place", "Primary tumor in place"), ("ulcerated_primary", "Ulcerated primary tumor")):
            if member in self.who:
                yield self.observation({"text": name}, valueBoolean=self.who[member])
        if "impending_fracture" in bone:
            yield self.observation({"text": "Impending fracture"}, valueBoolean=bone["impending_fracture"])

    def symptom(self, one: Json) -> Iterator[Json]:
        on = self.as_of - dt.timedelta(days=round(one.get("since_days", 1)))
        if "celsius" in one:
            value = one["celsius"]
            yield self.observation(self.one_of([coded(LOINC, "8310-5"), {"text": "Body temperature"}, {"text": "Temp"}]), self.as_of, valueQuantity=self.one_of([{"value": value, "unit": "Cel", "code": "Cel"}, {"value": round(value * 1.8 + 32, 1), "unit": "degF", "code": "[degF]"}]))
            if one["name"] == "fever" and "grade" not in one and self.roll.random() < 0.5:
                return
        words = self.one_of(SYMPTOM_WORDS.get(one["name"]) or [one["name"].replace("-", " ")])
        grade = one.get("grade")
        if grade is None:
            yield self.condition({"text": words}, on)
            return
        way: Callable[[str, int], Json] = self.one_of(GRADE_WAYS)
        made = way(words, grade)
        if made["resourceType"] == "Condition":
            yield self.condition(made.pop("code"), on, **made)
        else:
            yield self.observation(made.pop("code"), on, **{name: part for name, part in made.items() if name != "resourceType"})

    def wishes(self) -> Iterator[Json]:
        for what in (self.who.get("preferences") or {}).get("declines") or ():
            words = what.replace("-", " ").replace("all anticancer", "all anticancer")
            way = self.roll.randrange(3)
            if way == 0:
                yield self.observation({"text": self.one_of([f"Patient declines {words}", f"Declines {words}"])}, valueBoolean=True)
            elif way == 1:
                yield {"resourceType": "Procedure", "status": "not-done", "subject": {"reference": "Patient/p"}, "performedDateTime": self.as_of.isoformat(), "code": {"text": words.capitalize()},
                       "statusReason": self.one_of([coded(SNOMED, "443390004", "Refused (qualifier value)"), {"text": "Patient declined"}, coded(SNOMED, "105480006", "Refusal of treatment by patient (situation)")])}  # fmt: skip
            else:
                yield self.condition({"text": self.one_of([f"Patient declines {words}", f"Refusal of {words} by patient"])}, self.as_of)
        for what in (self.who.get("preferences") or {}).get("prefers") or ():
            yield self.observation({"text": "Treatment preference"}, valueString=what.replace("-", " ").capitalize())

    # Treatment

    def courses(self) -> Iterator[Iterator[Json]]:
        lines = self.who.get("metastatic_lines") or []
        end = self.as_of - dt.timedelta(days=4)
        for number, line in reversed(list(enumerate(lines))):
            start = end - dt.timedelta(days=round((line.get("months") or 3) * _MONTH))
            going = number == len(lines) - 1 and "stopped_for" not in line
            yield self.course(line, start, None if going else end)
            end = start - dt.timedelta(days=12)
        for line in self.who.get("adjuvant") or []:  # its months count to the relapse
            end = self.spread - dt.timedelta(days=max(1, round(line.get("months_since_end", 24) * _MONTH)))
            yield self.course(line, end - dt.timedelta(days=round((line.get("months") or 6) * _MONTH)), end)

    def course(self, line: Json, start: dt.date, end: dt.date | None) -> Iterator[Json]:
        why = line.get("stopped_for", "")
        status_alone = why == "progression" and end is not None and self.roll.random() < 0.3
        if status_alone and end is not None:
            yield self.observation(self.one_of([coded(LOINC, "97509-4"), coded(LOINC, "88040-1"), {"text": "Cancer disease status"}]), end, valueCodeableConcept=self.one_of([coded(SNOMED, "271299001", "Patient's condition worsened"), {"text": "Progressive disease"}]))
        if line.get("best_response") in ("CR", "PR", "SD"):
            word = {"CR": "Complete response", "PR": "Partial response", "SD": "Stable disease"}[line["best_response"]]
            yield self.observation(self.one_of([coded(LOINC, "97509-4"), {"text": "Response to treatment"}, {"text": "RECIST overall response"}]), start + ((end or self.as_of) - start) / 2, valueCodeableConcept={"text": word})
        for drug in line["drugs"]:
            if ":" in drug:
                yield {"resourceType": "Procedure", "status": "completed", "subject": {"reference": "Patient/p"}, "performedPeriod": {"start": start.isoformat(), "end": (end or self.as_of).isoformat()}, "code": {"text": f"External beam radiotherapy to {drug.split(':')[1]}"}}  # fmt: skip
            else:
                yield from self.drug(drug, start, end, "?" if status_alone else why)

    def drug(self, name: str, start: dt.date, end: dt.date | None, why: str | None) -> Iterator[Json]:
        plain = name.replace("-", " ")
        brand = BRANDS.get(name, "")
        forms: list[Json] = [{"text": plain}, {"text": plain.upper()}, coded(RXNORM, "9" * 7, f"{plain} 100 MG"), coded(NDC, "0078-0249-15", text=f"{plain} 2.5 mg tablet"), {"text": german_drug(plain)}]
        if brand:
            forms += [{"text": brand}, {"text": f"{plain} ({brand.upper()})"}, coded(PZN, "01234567", f"{brand} 2,5 mg Filmtabletten"), coded(RXNORM, "8" * 7, f"{plain} 2.5 MG Oral Tablet [{brand}]")]
        code = self.one_of(forms)
        reason = self.one_of(STOP_WORDS[why]) if why in STOP_WORDS and end else None
        who = {"subject": {"reference": "Patient/p"}}
        way = self.roll.randrange(5)
        span = {"start": start.isoformat()} | ({"end": end.isoformat()} if end else {})
        told = {"statusReason": reason} if reason else {}
        if way == 0:
            yield {"resourceType": "MedicationRequest", "status": "stopped" if end else "active", "intent": "order", **who, "medicationCodeableConcept": code, "authoredOn": start.isoformat(),
                   "dispenseRequest": {"validityPeriod": span}, **told}  # fmt: skip
        elif way == 1:
            yield {"resourceType": "MedicationStatement", "status": self.one_of(["completed", "stopped"]) if end else "active", **who, "contained": [{"resourceType": "Medication", "id": "m", "code": code}],
                   "medicationReference": {"reference": "#m"}, "effectivePeriod": span, **({"statusReason": [reason]} if reason else {})}  # fmt: skip
        elif way == 2:
            yield {"resourceType": "MedicationStatement", "status": "stopped" if end else "active", **who, "medicationReference": {"display": code.get("text") or code["coding"][0].get("display") or plain}, "effectivePeriod": span, **({"statusReason": [reason]} if reason else {})}  # fmt: skip
        elif way == 3 and end and not why:
            day = start
            while day <= end:
                yield {"resourceType": "MedicationAdministration", "status": "completed", **who, "medicationCodeableConcept": code, "effectiveDateTime": day.isoformat()}
                day += dt.timedelta(days=21)
        else:
            yield {"resourceType": "MedicationStatement", "status": "completed" if end else "active", **who, "medicationCodeableConcept": code, "effectivePeriod": span, **({"statusReason": [reason]} if reason else {})}  # fmt: skip

    def reaction(self, one: Json) -> Iterator[Json]:
        on, drug = self.as_of - dt.timedelta(days=100), one["drug"].replace("-", " ")
        effect = {"ild": "Interstitial lung disease", "vte": "Venous thromboembolism"}.get(one["effect"], one["effect"].replace("-", " ").capitalize())
        grade = one.get("grade")
        outcome = {"outcome": coded("http://terminology.hl7.org/CodeSystem/adverse-event-outcome", "ongoing" if one["ongoing"] else "resolved")} if "ongoing" in one else {}
        way = self.roll.randrange(3)
        if way == 0 and "ongoing" not in one and (grade is None or grade == 3):
            yield {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/p"}, "code": {"text": drug}, "recordedDate": on.isoformat(),
                   "clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active"),
                   "reaction": [{"manifestation": [{"text": effect}], **({"severity": "severe"} if grade else {})}]}  # fmt: skip
            return
        graded = {"extension": [{"url": "http://hl7.org/fhir/us/ctcae/StructureDefinition/ctcae-grade", "valueCodeableConcept": coded("http://hl7.org/fhir/us/ctcae/CodeSystem/ctcae-grade-code-system", str(grade), f"Grade {grade}")}]} if grade else {}
        if way == 1 and "ongoing" not in one:
            words = f"{effect}{f', grade {grade}' if grade else ''}, due to {drug}"
            yield {"resourceType": "AdverseEvent", "actuality": "actual", "subject": {"reference": "Patient/p"}, "event": {"text": words}, "date": on.isoformat(), "suspectEntity": [{"instance": {"display": drug}}]}  # fmt: skip
            return
        yield {"resourceType": "AdverseEvent", "actuality": "actual", "subject": {"reference": "Patient/p"}, "event": {"text": effect}, "date": on.isoformat(), **graded, **outcome,
               "contained": [{"resourceType": "MedicationStatement", "id": "m", "status": "completed", "subject": {"reference": "Patient/p"}, "medicationCodeableConcept": {"text": drug}}],
               "suspectEntity": [{"instance": {"reference": "#m"}}]}  # fmt: skip
