"""Words and codes in which the houses of `houses` write illnesses, symptoms, places of spread, measurements and reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
CM, GM = "http://hl7.org/fhir/sid/icd-10-cm", "http://fhir.de/CodeSystem/bfarm/icd-10-gm"


def concept(system: str, code: str, display: str = "", text: str = "") -> Json:
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]} | ({"text": text} if text else {})


def _forms(snomed: str, display: str, icd: str, title: str, *words: str) -> list[Json]:
    found: list[Json] = [{"text": word} for word in words]
    if snomed:
        found += [concept(SNOMED, snomed, display)]
    if icd:
        found += [concept(CM, icd, title)] + ([concept(GM, icd[:5])] if icd[:5] not in ("E83.5", "I45.8", "E78.0") else [])
    return found


SITES = {
    "bone": _forms("94222008", "Secondary malignant neoplasm of bone (disorder)", "C79.51", "Secondary malignant neoplasm of bone", "Bone metastasis", "Metastasis to bone (HCC)", "Metastatic breast cancer to bone", "Osseous metastatic disease", "multiple Knochenmetastasen"),
    "liver": _forms("94381002", "Secondary malignant neoplasm of liver (disorder)", "C78.7", "Secondary malignant neoplasm of liver and intrahepatic bile duct", "Liver metastases", "Hepatic metastases (HCC)", "Metastasis to liver", "hepatische Metastasen"),
    "lung": _forms("94391008", "Secondary malignant neoplasm of lung (disorder)", "C78.01", "Secondary malignant neoplasm of right lung", "Pulmonary metastases", "Metastasis to lung", "pulmonale Metastasen"),
    "brain": _forms("94225005", "Secondary malignant neoplasm of brain (disorder)", "C79.31", "Secondary malignant neoplasm of brain", "Brain metastasis", "Metastasis to brain (HCC)", "Cerebral metastases", "zerebrale Metastasen"),
    "skin": _forms("94579000", "Secondary malignant neoplasm of skin (disorder)", "C79.2", "Secondary malignant neoplasm of skin", "Cutaneous metastases", "Metastasis to skin"),
    "pleura": _forms("94493005", "Secondary malignant neoplasm of pleura (disorder)", "C78.2", "Secondary malignant neoplasm of pleura", "Pleural metastases", "Malignant pleural effusion (HCC)"),
    "lymph-node": _forms("", "", "C77.1", "Secondary and unspecified malignant neoplasm of intrathoracic lymph nodes", "Metastasis to mediastinal lymph node", "Distant lymph node metastases", "Retroperitoneal lymph node metastases"),
    "peritoneum": _forms("", "", "C78.6", "Secondary malignant neoplasm of retroperitoneum and peritoneum", "Peritoneal carcinomatosis", "Peritonealkarzinose"),
    "adrenal": _forms("", "", "C79.71", "Secondary malignant neoplasm of right adrenal gland", "Adrenal metastases", "Metastasis to adrenal gland"),
    "leptomeninges": _forms("", "", "C79.32", "Secondary malignant neoplasm of cerebral meninges", "Leptomeningeal disease", "Leptomeningeal carcinomatosis", "Meningeosis carcinomatosa"),
    "pericardium": [{"text": "Pericardial metastasis"}, {"text": "Malignant pericardial effusion"}],
    "other": [{"text": "Metastasis to ovary"}, concept(CM, "C79.61", "Secondary malignant neoplasm of right ovary")],
}  # fmt: skip

COMORBID = {
    "heart-failure": _forms("84114007", "Heart failure (disorder)", "I50.9", "Heart failure, unspecified", "Chronic systolic congestive heart failure (HCC)", "Congestive heart failure", "Heart failure with reduced ejection fraction", "Herzinsuffizienz NYHA II"),
    "peripheral-neuropathy": _forms("42658009", "Peripheral nerve disease", "G62.9", "Polyneuropathy, unspecified", "Peripheral neuropathy", "Polyneuropathie"),
    "cirrhosis-child-pugh-c": [{"text": "Cirrhosis, Child-Pugh C"}, {"text": "Liver cirrhosis, Child-Pugh class C"}, {"text": "Leberzirrhose Child C"}],
    "cirrhosis-child-pugh-b": [{"text": "Cirrhosis, Child-Pugh B"}, {"text": "Liver cirrhosis, Child-Pugh class B"}, {"text": "Leberzirrhose Child B"}],
    "interstitial-lung-disease": _forms("233703007", "Interstitial lung disease (disorder)", "J84.9", "Interstitial pulmonary disease, unspecified", "ILD (interstitial lung disease) (HCC)", "Interstitial lung disease", "Interstitielle Lungenerkrankung"),
    "chronic-kidney-disease": _forms("709044004", "Chronic kidney disease (disorder)", "N18.3", "Chronic kidney disease, stage 3 (moderate)", "CKD stage 3", "Chronic kidney disease, stage 3b (HCC)", "Chronische Niereninsuffizienz"),
    "atrial-fibrillation": _forms("49436004", "Atrial fibrillation (disorder)", "I48.91", "Unspecified atrial fibrillation", "Paroxysmal atrial fibrillation (HCC)", "AFib", "Vorhofflimmern"),
    "copd": _forms("13645005", "Chronic obstructive lung disease (disorder)", "J44.9", "Chronic obstructive pulmonary disease, unspecified", "COPD", "COPD GOLD II"),
    "long-qt": _forms("9651007", "Long QT syndrome (disorder)", "I45.81", "Long QT syndrome", "Prolonged QT interval", "Long QT syndrome"),
    "congenital-long-qt": _forms("442917000", "Congenital long QT syndrome (disorder)", "", "", "Congenital long QT syndrome"),
    "hypertension": _forms("38341003", "Hypertensive disorder, systemic arterial (disorder)", "I10", "Essential (primary) hypertension", "HTN (hypertension)", "Arterielle Hypertonie"),
    "type-2-diabetes": _forms("44054006", "Diabetes mellitus type 2 (disorder)", "E11.9", "Type 2 diabetes mellitus without complications", "T2DM", "Type 2 diabetes mellitus (HCC)", "Diabetes mellitus Typ 2"),
    "type-1-diabetes": _forms("46635009", "Diabetes mellitus type 1 (disorder)", "E10.9", "Type 1 diabetes mellitus without complications", "Type 1 diabetes mellitus (HCC)", "Diabetes mellitus Typ 1"),
    "hypercalcaemia": _forms("66931009", "Hypercalcemia (disorder)", "E83.52", "Hypercalcemia", "Hypercalcemia of malignancy", "Hyperkalzämie"),
    "osteoporosis": _forms("64859006", "Osteoporosis (disorder)", "M81.0", "Age-related osteoporosis without current pathological fracture", "Osteoporosis", "Osteoporose"),
    "coronary-heart-disease": _forms("53741008", "Coronary arteriosclerosis (disorder)", "I25.10", "Atherosclerotic heart disease of native coronary artery without angina pectoris", "CAD (coronary artery disease)", "Koronare Herzkrankheit", "KHK"),
    "epilepsy": _forms("84757009", "Epilepsy (disorder)", "G40.909", "Epilepsy, unspecified, not intractable, without status epilepticus", "Epilepsy", "Epilepsie"),
    "hiv-infection": _forms("86406008", "Human immunodeficiency virus infection (disorder)", "B20", "Human immunodeficiency virus [HIV] disease", "HIV infection (HCC)"),
    "myocardial-infarction-recent": _forms("22298006", "Myocardial infarction (disorder)", "I21.4", "Non-ST elevation (NSTEMI) myocardial infarction", "NSTEMI", "STEMI", "Akuter Myokardinfarkt"),
    "kidney-transplant": _forms("", "", "Z94.0", "Kidney transplant status", "Status post kidney transplant", "Z. n. Nierentransplantation"),
    "liver-transplant": _forms("", "", "Z94.4", "Liver transplant status", "Status post liver transplant"),
    "pulmonary-embolism-history": _forms("", "", "Z86.711", "Personal history of pulmonary embolism", "History of pulmonary embolism"),
    "deep-vein-thrombosis-recent": _forms("128053003", "Deep venous thrombosis (disorder)", "I82.409", "Acute embolism and thrombosis of unspecified deep veins of unspecified lower extremity", "DVT of left leg", "Tiefe Beinvenenthrombose"),
    "hypercholesterolaemia": _forms("13644009", "Hypercholesterolemia (disorder)", "E78.00", "Pure hypercholesterolemia, unspecified", "High cholesterol", "Hypercholesterinämie"),
    "dementia": _forms("52448006", "Dementia (disorder)", "F03.90", "Unspecified dementia", "Dementia", "Demenz"),
    "keratitis": _forms("5888003", "Keratitis (disorder)", "H16.9", "Unspecified keratitis", "Keratitis"),
    "dialysis": _forms("", "", "Z99.2", "Dependence on renal dialysis", "On hemodialysis", "Dialysepflichtige Niereninsuffizienz"),
    "hepatitis-b": _forms("61977001", "Chronic type B viral hepatitis (disorder)", "B18.1", "Chronic viral hepatitis B without delta-agent", "Chronic hepatitis B", "Chronische Hepatitis B"),
    "inflammatory-bowel-disease": _forms("34000006", "Crohn's disease (disorder)", "K50.90", "Crohn's disease, unspecified, without complications", "Ulcerative colitis", "Morbus Crohn"),
    "mechanical-heart-valve": [{"text": "Mechanical mitral valve replacement"}, {"text": "Mechanical aortic valve"}],
    "systemic-lupus-erythematosus": _forms("55464009", "Systemic lupus erythematosus (disorder)", "M32.9", "Systemic lupus erythematosus, unspecified", "SLE", "Lupus erythematodes"),
    "depression": _forms("35489007", "Depressive disorder (disorder)", "F32.A", "Depression, unspecified", "Major depressive disorder", "Depression"),
    "rheumatoid-arthritis": _forms("69896004", "Rheumatoid arthritis (disorder)", "M06.9", "Rheumatoid arthritis, unspecified", "RA (rheumatoid arthritis)", "Rheumatoide Arthritis"),
    "multiple-sclerosis": _forms("24700007", "Multiple sclerosis (disorder)", "G35", "Multiple sclerosis", "Multiple Sklerose"),
    "stroke-history": _forms("", "", "Z86.73", "Personal history of transient ischemic attack (TIA), and cerebral infarction without residual deficits", "History of stroke", "Z. n. Schlaganfall"),
    "asthma": _forms("195967001", "Asthma (disorder)", "J45.909", "Unspecified asthma, uncomplicated", "Asthma"),
    "active-infection": [{"text": "Sepsis"}, {"text": "Pneumonia"}, concept(CM, "J18.9", "Pneumonia, unspecified organism")],
}  # fmt: skip

SYMPTOM_WORDS = {
    "diarrhoea": ["Diarrhea", "Diarrhoea", "Durchfall", "Diarrhö"], "mouth-sores": ["Oral mucositis", "Stomatitis", "Mouth sores", "Mukositis"],
    "fatigue": ["Fatigue", "Tiredness"], "fever": ["Fever", "Fieber"], "rash": ["Rash", "Rash maculo-papular", "Hautausschlag"], "nausea": ["Nausea", "Übelkeit"],
    "vomiting": ["Vomiting", "Erbrechen"], "numbness-in-fingers": ["Numbness in fingers", "Numbness of hands"], "cough": ["Cough", "Husten"],
    "hand-foot-syndrome": ["Palmar-plantar erythrodysesthesia syndrome", "Hand-foot syndrome", "Hand-Fuß-Syndrom"], "dyspnoea": ["Dyspnea", "Shortness of breath", "Dyspnoe"],
    "nosebleed": ["Epistaxis", "Nosebleed", "Nasenbluten"], "dyspnoea-on-exertion": ["Dyspnea on exertion", "Exertional dyspnea", "Belastungsdyspnoe"], "constipation": ["Constipation", "Obstipation"],
    "thirst": ["Thirst", "Excessive thirst", "Increased thirst"], "joint-pain": ["Arthralgia", "Joint pain"], "headache": ["Headache", "Kopfschmerzen"],
    "abdominal-pain": ["Abdominal pain", "Bauchschmerzen"], "dry-cough": ["Dry cough", "Nonproductive cough", "trockener Husten"], "hair-loss": ["Alopecia", "Hair loss"],
    "polyuria": ["Polyuria", "Urinary frequency with large volumes"][:1], "bone-pain": ["Bone pain", "Knochenschmerzen"], "confusion": ["Confusion", "Disorientation", "Verwirrtheit"],
    "hypotension": ["Hypotension", "Low blood pressure"], "unilateral-leg-swelling": ["Swelling of left leg", "Unilateral leg swelling", "Left leg swelling"], "chest-pain-at-rest": ["Chest pain at rest"],
    "back-pain": ["Back pain", "Low back pain", "Rückenschmerzen"], "jaundice": ["Jaundice", "Ikterus"], "hot-flushes": ["Hot flashes", "Hitzewallungen"], "palpitations": ["Palpitations"],
    "blurred-vision": ["Blurred vision", "Vision blurred"], "muscle-pain": ["Myalgia", "Muscle pain"], "leg-weakness": ["Weakness of both legs", "Leg weakness", "Lower extremity weakness"],
    "bilateral-leg-swelling": ["Bilateral leg edema", "Swelling of both legs"], "malaise": ["Malaise", "Feeling unwell"], "eye-pain": ["Eye pain", "Augenschmerzen"], "seizure": ["Seizure", "Krampfanfall"],
    "dyspnoea-at-rest": ["Dyspnea at rest", "Shortness of breath at rest", "Ruhedyspnoe"], "blood-in-stool": ["Blood in stool", "Hematochezia"], "black-stool": ["Melena", "Black stools"],
    "hemiparesis": ["Hemiparesis", "Left-sided weakness", "Hemiparese"], "arm-swelling": ["Arm swelling", "Swelling of arm"], "facial-swelling": ["Facial swelling", "Swelling of face"],
    "unsteady-gait": ["Unsteady gait", "Gangunsicherheit"], "insomnia": ["Insomnia"], "itching": ["Pruritus", "Itching"], "rigors": ["Rigors", "Chills", "Schüttelfrost"], "double-vision": ["Diplopia", "Double vision"],
    "distress": ["Distress", "Psychological distress"], "drowsiness": ["Somnolence", "Drowsiness"], "sudden-dyspnoea": ["Sudden shortness of breath", "Acute dyspnea"],
}  # fmt: skip

_CTCAE = "http://hl7.org/fhir/us/ctcae/StructureDefinition/ctcae-grade"
_SEVERITY = {1: ("255604002", "Mild"), 2: ("6736007", "Moderate"), 3: ("24484000", "Severe"), 4: ("24484000", "Severe")}


def _severe(words: str, grade: int) -> Json:
    if grade == 4:
        return {"resourceType": "Condition", "code": {"text": f"{words}, CTCAE grade {grade}"}}
    return {"resourceType": "Condition", "code": {"text": words}, "severity": concept(SNOMED, *_SEVERITY[grade])}


GRADE_WAYS: list[Callable[[str, int], Json]] = [
    lambda words, grade: {"resourceType": "Condition", "code": {"text": f"{words} (grade {grade})"}},
    lambda words, grade: {"resourceType": "Condition", "code": {"text": f"Grade {grade} {words.lower()}"}},
    lambda words, grade: {"resourceType": "Condition", "code": {"text": words}, "extension": [{"url": _CTCAE, "valueCodeableConcept": {"coding": [{"code": str(grade), "display": f"Grade {grade}"}]}}]},
    lambda words, grade: {"resourceType": "Observation", "code": {"text": words}, "valueString": f"Grade {grade}"},
    lambda words, grade: {"resourceType": "Observation", "code": {"text": f"{words}, CTCAE grade"}, "valueInteger": grade},
    _severe,
]  # fmt: skip

STOP_WORDS = {
    "progression": [{"text": "Disease progression"}, {"text": "Progression of disease"}, {"text": "PD"}, concept(SNOMED, "271299001", "Patient's condition worsened"), {"text": "Tumorprogress"}, {"text": "Progression"}],
    "toxicity": [{"text": "Toxicity"}, {"text": "Adverse reaction"}, concept(SNOMED, "407563006", "Treatment not tolerated (situation)"), {"text": "Side effects"}, {"text": "Unverträglichkeit"}],
    "completion": [{"text": "Treatment completed"}, {"text": "Completed planned cycles"}, concept(SNOMED, "182992009", "Treatment completed (situation)"), {"text": "Therapy complete"}],
    "choice": [{"text": "Patient preference"}, {"text": "Patient decision"}, {"text": "Patientenwunsch"}],
}  # fmt: skip

BRANDS = {
    "letrozole": "Femara", "anastrozole": "Arimidex", "exemestane": "Aromasin", "palbociclib": "Ibrance", "ribociclib": "Kisqali", "abemaciclib": "Verzenio", "fulvestrant": "Faslodex", "everolimus": "Afinitor",
    "capecitabine": "Xeloda", "paclitaxel": "Taxol", "docetaxel": "Taxotere", "trastuzumab": "Herceptin", "pertuzumab": "Perjeta", "pembrolizumab": "Keytruda", "trastuzumab-deruxtecan": "Enhertu",
    "trastuzumab-emtansine": "Kadcyla", "sacituzumab-govitecan": "Trodelvy", "eribulin": "Halaven", "olaparib": "Lynparza", "alpelisib": "Piqray", "capivasertib": "Truqap", "tucatinib": "Tukysa", "nab-paclitaxel": "Abraxane",
    "elacestrant": "Orserdu", "lapatinib": "Tykerb", "neratinib": "Nerlynx", "talazoparib": "Talzenna", "bevacizumab": "Avastin", "apixaban": "Eliquis", "denosumab": "Xgeva", "zoledronic-acid": "Zometa", "tamoxifen": "Nolvadex",
}  # fmt: skip

_GERMAN = {"letrozole": "Letrozol", "anastrozole": "Anastrozol", "exemestane": "Exemestan", "capecitabine": "Capecitabin", "cyclophosphamide": "Cyclophosphamid", "docetaxel": "Docetaxel", "itraconazole": "Itraconazol",
           "rifampicin": "Rifampicin", "st johns wort": "Johanniskraut", "levothyroxine": "L-Thyroxin", "zoledronic acid": "Zoledronsäure", "tamoxifen": "Tamoxifen", "vinorelbine": "Vinorelbin", "gemcitabine": "Gemcitabin", "carbamazepine": "Carbamazepin"}  # fmt: skip


def german_drug(plain: str) -> str:
    """A product as a German plan names it."""
    return _GERMAN.get(plain, plain.capitalize()) + " 100 mg"


def _lab(*names: str | tuple[str, ...]) -> list[Json]:
    return [
        concept(LOINC, name[0], text=name[1] if len(name) > 1 else "") if isinstance(name, tuple) else {"text": name}
        for name in names
    ]


LABS: dict[str, tuple[list[Json], float, list[tuple[str, float]]]] = {
    "lvef_percent": (_lab(("10230-1",), ("8806-2",), ("18043-0",), "LVEF", "Left ventricular ejection fraction", "LV ejection fraction (echo)"), 0, [("%", 1)]),
    "lvef_previous_percent": (_lab(("10230-1",), "LVEF", "Left ventricular ejection fraction"), 0, [("%", 1)]),
    "creatinine_clearance_ml_min": (_lab(("62238-1",), ("98979-8",), ("33914-3",), "eGFR", "eGFR (CKD-EPI 2021)", "Estimated GFR", "Creatinine clearance (Cockcroft-Gault)"), 0, [("mL/min/{1.73_m2}", 1), ("mL/min", 1)]),
    "neutrophils_10e9_l": (_lab(("751-8",), ("26499-4",), ("753-4",), "Neutrophils absolute", "ANC", "Absolute Neutrophil Count", "Neutrophile absolut"), 0, [("10*3/uL", 1), ("10*9/L", 1), ("K/uL", 1), ("/uL", 1000)]),
    "platelets_10e9_l": (_lab(("777-3",), ("26515-7",), ("778-1",), "Platelets", "PLT", "Platelet count", "Thrombozyten"), 0, [("10*3/uL", 1), ("10*9/L", 1), ("K/uL", 1)]),
    "haemoglobin_g_dl": (_lab(("718-7",), ("20509-6",), "Hemoglobin", "Hgb", "Hämoglobin", "HGB"), 0, [("g/dL", 1), ("g/L", 10)]),
    "alt_x_uln": (_lab(("1742-6",), ("1743-4",), ("1744-2",), "ALT", "ALT (SGPT)", "Alanine aminotransferase"), 40, [("U/L", 1), ("IU/L", 1)]),
    "ast_x_uln": (_lab(("1920-8",), "AST", "AST (SGOT)", "Aspartate aminotransferase"), 40, [("U/L", 1)]),
    "bilirubin_x_uln": (_lab(("1975-2",), ("42719-5",), ("14631-6",), "Bilirubin, total", "Total bilirubin", "Bilirubin gesamt"), 1.2, [("mg/dL", 1), ("umol/L", 17.1)]),
    "alkaline_phosphatase_x_uln": (_lab(("6768-6",), "Alkaline phosphatase", "ALP"), 120, [("U/L", 1)]),
    "creatinine_x_uln": (_lab(("2160-0",), ("38483-4",), "Creatinine", "Creatinine, serum"), 1.0, [("mg/dL", 1)]),
    "qtcf_ms": (_lab(("8636-3",), "QTc", "QTcF", "QTc interval (Fridericia)"), 0, [("ms", 1)]),
    "fasting_glucose_mg_dl": (_lab(("1558-6",), "Fasting glucose", "Glucose, fasting", "Nüchternglukose"), 0, [("mg/dL", 1), ("mmol/L", 0.0555)]),
    "glucose_mg_dl": (_lab(("2345-7",), "Glucose", "Blood glucose"), 0, [("mg/dL", 1), ("mmol/L", 0.0555)]),
    "hba1c_percent": (_lab(("4548-4",), ("17856-6",), "HbA1c", "Hemoglobin A1c"), 0, [("%", 1)]),
    "calcium_mmol_l": (_lab(("2000-8",), ("17861-6",), "Calcium", "Calcium, total", "Kalzium"), 0, [("mmol/L", 1), ("mg/dL", 4.008)]),
    "potassium_mmol_l": (_lab(("2823-3",), ("6298-4",), "Potassium", "Kalium"), 0, [("mmol/L", 1), ("mEq/L", 1)]),
    "magnesium_mmol_l": (_lab(("2601-3",), ("19123-9",), "Magnesium"), 0, [("mmol/L", 1), ("mg/dL", 2.4305)]),
    "sodium_mmol_l": (_lab(("2951-2",), "Sodium", "Natrium"), 0, [("mmol/L", 1)]),
    "phosphate_mmol_l": (_lab(("2777-1",), "Phosphate", "Phosphorus"), 0, [("mmol/L", 1)]),
    "systolic_mmhg": (_lab(("8480-6",), "Systolic blood pressure"), 0, [("mm[Hg]", 1), ("mmHg", 1)]),
    "diastolic_mmhg": (_lab(("8462-4",), "Diastolic blood pressure"), 0, [("mm[Hg]", 1), ("mmHg", 1)]),
    "oxygen_saturation_percent": (_lab(("59408-5",), ("2708-6",), "SpO2", "Oxygen saturation"), 0, [("%", 1)]),
    "triglycerides_mg_dl": (_lab(("2571-8",), "Triglycerides"), 0, [("mg/dL", 1)]),
    "ck_x_uln": (_lab(("2157-6",), "CK", "Creatine kinase"), 170, [("U/L", 1)]),
    "lipase_x_uln": (_lab(("3040-3",), "Lipase"), 60, [("U/L", 1)]),
    "troponin_x_uln": (_lab(("6598-7",), "Troponin T", "Troponin"), 14, [("ng/L", 1)]),
    "inr": (_lab(("6301-6",), "INR"), 0, [("{INR}", 1), ("1", 1)]),
    "urine_protein_g_24h": (_lab(("2889-4",), "Protein, 24 hour urine"), 0, [("g/(24.h)", 1)]),
    "tsh_mu_l": (_lab(("3016-3",), "TSH"), 0, [("m[IU]/L", 1), ("u[IU]/mL", 1)]),
}  # fmt: skip
