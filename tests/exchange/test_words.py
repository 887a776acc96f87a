"""Words where codes would stand: what a name and a result say, and what they do not."""

from __future__ import annotations

from typing import Any

import pytest

from linewise.exchange import Codes, codes_of
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge

from .build import about, breast_cancer, bundle, condition, entries, read_one, values


@pytest.fixture(scope="module")
def worded(knowledge: Knowledge) -> Codes:
    return codes_of(knowledge)


def said(codes: Codes, name: str, **value: Any) -> Any:
    found = about("Observation", status="final", code={"text": name}, effectiveDateTime="2026-01-02", **value)
    return read_one(bundle(*breast_cancer(), found), codes)


@pytest.mark.parametrize(
    ("name", "result", "fact", "expected"),
    [
        ("ER, IHC", "Positive, 90%", "er-percent", [90.0]),
        ("PgR, IHC", "Positive (35%)", "pr-percent", [35.0]),
        ("HER2/neu by IHC", "Negative (1+)", "her2-ihc", ["1+"]),
        ("HER2 FISH", "Negative (not amplified), group 5", "her2-ish", ["negative"]),
        ("ER", "Allred score 8/8", "er", ["positive"]),
        ("Östrogenrezeptor", "positiv (90 %)", "er-percent", [90.0]),
        ("ESR1 mutation analysis, plasma", "Detected: p.Tyr537Ser", "ESR1", ["mutated"]),
        ("PIK3CA gene analysis", "No mutation detected", "PIK3CA", ["wild-type"]),
        ("BRCA1 gene mutations found", "No pathogenic variant detected", "BRCA1", ["wild-type"]),
        ("NTRK gene analysis", "Fusion detected", "NTRK", ["fusion"]),
        ("NTRK", "No fusion detected", "NTRK", ["wild-type"]),
        ("RET gene", "No rearrangement detected", "RET", ["wild-type"]),
        ("HER2", "3+", "her2-ihc", ["3+"]),
        ("HER2", "negative", "her2-reported", ["negative"]),
        ("KPS", "80", "ecog", [1.0]),
        ("DPYD-Genotyp", "Poor metabolizer", "dpyd", ["deficient"]),
        ("Gestationsalter", "16 wk", "gestational-week", [16.0]),
        ("Menopausenstatus", "postmenopausal", "menopausal-status", ["postmenopausal"]),
        ("DPYD gene", "Poor metabolizer", "dpyd", ["deficient"]),
        ("Platelets", "38 10*3/uL (L)", "platelets", [38.0]),
        ("eGFR", "GT 60", "creatinine-clearance", [60.0]),
        ("Jaundice", "no", "symptoms", ["jaundice"]),
        ("Viszerale Krise", "nein", "visceral-crisis-recorded", [False]),
        ("Allgemeinzustand (ECOG)", "1 - Restricted in physically strenuous activity but ambulatory", "ecog", [1.0]),
        ("ECOG", "2 - Fully active", "ecog", []),
        ("NTRK fusion", "ETV6-NTRK3 fusion detected", "NTRK", ["fusion"]),
        ("RET fusion", "ETV6-NTRK3 fusion detected", "RET", []),
        ("Progesteronrezeptor", "positiv, 60 % der Tumorzellkerne", "pr-percent", [60.0]),
        ("Brain metastases", "None", "brain-status", ["none"]),
        ("Brain metastases", "Yes", "sites", ["bone", "brain"]),
        ("Patient declines chemotherapy", "yes", "declines", ["chemotherapy"]),
        ("Menopausal status", "prämenopausal", "menopausal-status", ["premenopausal"]),
    ],
)
def test_a_result_in_words_is_read(worded: Codes, name: str, result: str, fact: str, expected: list[Any]) -> None:
    assert values(said(worded, name, valueString=result), fact) == expected


def test_no_for_a_symptom_is_no(worded: Codes) -> None:
    (entry,) = entries(said(worded, "Jaundice", valueBoolean=False), "symptoms")
    assert entry.absent


@pytest.mark.parametrize(
    ("name", "result", "grade"), [("Nosebleed, CTCAE grade", "3", 3), ("Durchfall", "Grad 2", 2), ("Stomatitis", "grade 1", 1)]
)
def test_a_symptom_with_its_grade_as_the_result(worded: Codes, name: str, result: str, grade: int) -> None:
    (entry,) = entries(said(worded, name, valueString=result), "symptoms")
    assert entry.grade == grade and not entry.absent


def test_grade_0_is_not_there(worded: Codes) -> None:
    (entry,) = entries(said(worded, "Diarrhea", valueString="grade 0"), "symptoms")
    assert entry.absent


def test_a_code_without_words_that_is_not_known_is_no_answer(worded: Codes) -> None:
    """The name of the question is not taken for its answer."""
    coded = {"coding": [{"system": "http://snomed.info/sct", "code": "999999999"}]}
    record = said(worded, "Visceral crisis", valueCodeableConcept=coded)
    assert values(record, "visceral-crisis-recorded") == []
    assert any("visceral-crisis-recorded" in one.touches for one in record.unread)


@pytest.mark.parametrize("result", ["Abs…", "status", "7", "of"])
def test_words_that_change_nothing_are_no_answer(worded: Codes, result: str) -> None:
    assert values(said(worded, "Visceral crisis", valueString=result), "visceral-crisis-recorded") == []


def test_harms_by_the_names_of_the_knowledge(worded: Codes) -> None:
    for words, effect in (
        ("Severe skin reaction", "severe-skin-reaction"),
        ("Anaphylaxis, grade 4, due to fulvestrant", "anaphylaxis"),
    ):
        event = about(
            "AdverseEvent", actuality="actual", event={"text": words}, suspectEntity=[{"instance": {"display": "fulvestrant"}}]
        )
        (one,) = read_one(bundle(*breast_cancer(), event), worded).reactions
        assert (one.drug, one.effect) == ("fulvestrant", effect)


def test_a_harm_that_is_denied_is_none(worded: Codes) -> None:
    event = about("AdverseEvent", actuality="actual", event={"text": "No pneumonitis due to everolimus"})
    assert read_one(bundle(*breast_cancer(), event), worded).reactions == []


def test_a_day_of_spread_that_is_no_date_leaves_open_what_was_given_before(worded: Codes) -> None:
    found = condition("94222008") | {"onsetDateTime": "sometime"}
    record = read_one(bundle(*breast_cancer()[:2], found), worded)
    assert any("treatments" in one.touches for one in record.unread)


def test_a_symptom_with_a_result_that_is_not_understood_stays_open(worded: Codes) -> None:
    record = said(worded, "Nosebleed, CTCAE grade", valueString="see comment")
    assert any("symptoms:nosebleed" in one.touches for one in record.unread), record.unread


def test_a_cancer_that_has_spread_by_its_name(worded: Codes) -> None:
    for words in (
        "Metastatic breast cancer",
        "Metastasiertes Mammakarzinom",
        "Carcinoma of right breast metastatic to bone (HCC)",
    ):
        found = condition("", "") | {"code": {"text": words}, "onsetDateTime": "2026-01-02"}
        record = read_one(bundle(breast_cancer()[0], found), worded)
        assert True in values(record, "metastatic"), words
        assert any(event.what == "diagnosis" for event in record.events)


def test_hcc_by_itself_is_a_cancer_of_the_liver(worded: Codes) -> None:
    found = condition("", "") | {"code": {"text": "HCC with bone metastases"}, "onsetDateTime": "2026-01-02"}
    assert values(read_one(bundle(*breast_cancer()[:2], found), worded), "metastatic") == []


def test_the_grade_of_a_condition_as_an_extension(worded: Codes) -> None:
    grade = {
        "url": "http://hl7.org/fhir/us/ctcae/StructureDefinition/ctcae-grade",
        "valueCodeableConcept": {"coding": [{"code": "3"}]},
    }
    found = condition("", "") | {"code": {"text": "Constipation"}, "extension": [grade]}
    (entry,) = entries(read_one(bundle(*breast_cancer(), found), worded), "symptoms")
    assert entry.grade == 3


def test_what_was_not_done_because_she_did_not_want_it_is_declined(worded: Codes) -> None:
    for reason, expected in (({"text": "Patient declined"}, ["chemotherapy"]), ({"text": "Not available"}, [])):
        found = about("Procedure", status="not-done", code={"text": "Chemotherapy"}, statusReason=reason)
        assert values(read_one(bundle(*breast_cancer(), found), worded), "declines") == expected


@pytest.mark.parametrize(
    ("name", "result", "fact"),
    [
        ("ER, IHC", "Cannot be determined, insufficient tissue", "er"),
        ("ER, IHC", "positive in the control only", "er"),
        ("ESR1 mutation analysis", "Not detected; assay sensitivity limited by low tumor fraction", "ESR1"),
        ("ESR1 mutation analysis", "pending", "ESR1"),
        ("BRCA1 gene", "Pathogenic variant detected", "BRCA1"),  # inherited or not?
        ("HER2", "positive if 3+", "her2-reported"),
        ("PIK3CA", "mother: mutated", "PIK3CA"),
    ],
)
def test_a_result_that_does_not_say_it_leaves_the_fact_open(worded: Codes, name: str, result: str, fact: str) -> None:
    record = said(worded, name, valueString=result)
    assert values(record, fact) == []
    assert any(fact in one.touches for one in record.unread), record.unread


@pytest.mark.parametrize(
    ("words", "fact", "expected"),
    [
        ("Bone metastases", "sites", "bone"),
        ("Metastatic disease to liver", "sites", "liver"),
        ("Secondary malignant neoplasm of liver and intrahepatic bile duct", "sites", "liver"),
        ("Ossäre Metastasierung", "sites", "bone"),
        ("CHF", "comorbidities", "heart-failure"),
        ("Herzinsuffizienz", "comorbidities", "heart-failure"),
        ("HFrEF", "comorbidities", "heart-failure"),
        ("Essential (primary) hypertension", "comorbidities", "hypertension"),
        ("Type 2 diabetes mellitus without complications", "comorbidities", "type-2-diabetes"),
        ("Spinal cord compression", "cord-compression", "confirmed"),
        ("Blood in stool", "symptoms", "blood-in-stool"),
        ("Diarrhea, grade 3", "symptoms", "diarrhoea"),
    ],
)
def test_a_condition_in_words_is_read(worded: Codes, words: str, fact: str, expected: str) -> None:
    found = condition("", "") | {"code": {"text": words}, "onsetDateTime": "2026-01-02"}
    record = read_one(bundle(*breast_cancer()[:2], found), worded)
    assert expected in values(record, fact)
    assert not [one for one in record.unread if one.what == words]


def test_the_grade_in_the_words_counts(worded: Codes) -> None:
    found = condition("", "") | {"code": {"text": "Diarrhea, grade 3"}}
    (entry,) = entries(read_one(bundle(*breast_cancer(), found), worded), "symptoms")
    assert entry.grade == 3


@pytest.mark.parametrize(
    ("words", "touches"),
    [("Rule out bone metastases", True), ("Possible brain metastases", True), ("Family history of brain metastases", False), ("No bone metastases", False), ("Keine Knochenmetastasen", False)],
)  # fmt: skip
def test_what_is_doubted_stays_open_and_what_is_denied_is_not_there(worded: Codes, words: str, touches: bool) -> None:
    found = condition("", "") | {"code": {"text": words}, "onsetDateTime": "2026-01-02"}
    record = read_one(bundle(*breast_cancer()[:2], found), worded)
    assert values(record, "sites") == [] and values(record, "metastatic") == []
    (left,) = [one for one in record.unread if one.what == words]
    assert ("metastatic" in left.touches) is touches


@pytest.mark.parametrize(
    ("words", "expected"), [("Mammakarzinom links, ED 02/2023", True), ("Family history of breast cancer", False), ("Screening for breast cancer", False)]
)  # fmt: skip
def test_breast_cancer_by_its_name(worded: Codes, words: str, expected: bool) -> None:
    found = condition("", "") | {"code": {"text": words}}
    record = read_one(bundle(breast_cancer()[0], found), worded)
    assert any(event.what == "diagnosis" for event in record.events) is expected


def test_a_medicine_by_any_name(worded: Codes) -> None:
    for name, drug in (("Letrozol 2,5 mg", "letrozole"), ("St. John’s Wort 300 mg capsule", "st-johns-wort"), ("buPROPion XL (WELLBUTRIN XL) 150 mg 24 hr tablet", "bupropion")):  # fmt: skip
        given = about(
            "MedicationStatement",
            status="active",
            medicationCodeableConcept={"text": name},
            effectivePeriod={"start": "2026-01-02"},
        )
        record = read_one(bundle(*breast_cancer(), given), worded)
        assert drug in [one.drug for one in (*record.administrations, *record.medications)], name


def test_a_reason_to_stop_in_words(worded: Codes) -> None:
    given = about(
        "MedicationStatement", status="completed", medicationCodeableConcept={"text": "docetaxel"},
        effectivePeriod={"start": "2025-07-10", "end": "2025-12-01"}, statusReason=[{"text": "Planned course completed"}],
    )  # fmt: skip
    (one,) = read_one(bundle(*breast_cancer(), given), worded).administrations
    assert one.stopped_for == "completion"


@pytest.mark.parametrize(
    ("plan", "open_"),
    [
        ({"resourceType": "CarePlan", "status": "completed", "title": "Weekly paclitaxel x12"}, True),
        ({"resourceType": "EpisodeOfCare", "status": "finished", "type": [{"text": "First-line chemotherapy"}]}, True),
        ({"resourceType": "CarePlan", "status": "draft", "title": "Weekly paclitaxel x12"}, False),
        ({"resourceType": "CarePlan", "status": "completed", "title": "Diet advice"}, False),
    ],
)
def test_treatment_that_only_a_plan_of_care_names_is_not_lost(worded: Codes, plan: Any, open_: bool) -> None:
    record = read_one(
        bundle(
            *breast_cancer(), plan | {"id": "x", "subject": {"reference": "Patient/p"}, "patient": {"reference": "Patient/p"}}
        ),
        worded,
    )
    assert any("treatments" in one.touches for one in record.unread) is open_


def test_a_flag_leaves_open_what_it_names(worded: Codes) -> None:
    flag = about("Flag", status="active", code={"text": "Heart failure"})
    record = read_one(bundle(*breast_cancer(), flag), worded)
    assert [one.touches for one in record.unread] == [("comorbidities:heart-failure",)]


@pytest.mark.parametrize(
    ("result", "expected"), [("38,000 /uL", [38.0]), ("38 Tsd/µl", [38.0]), ("38,000 G/l", []), ("38,5 G/l", [38.5])]
)  # fmt: skip
def test_a_comma_that_may_part_thousands_is_no_decimal(worded: Codes, result: str, expected: list[float]) -> None:
    assert values(said(worded, "Platelets", valueString=result), "platelets") == expected


def test_all_that_a_symptom_stands_for_is_over_with_it(worded: Codes) -> None:
    found = condition("", "") | {"code": {"text": "Chest pain"}, "onsetDateTime": "2019-01-01", "abatementDateTime": "2019-02-01"}
    record = read_one(bundle(*breast_cancer(), found), worded)
    assert len(entries(record, "symptoms")) == 2 and all(entry.until is not None for entry in entries(record, "symptoms"))


@pytest.mark.parametrize(
    ("words", "site"),
    [
        ("Breast cancer metastasized to bone, left (HCC)", "bone"),
        ("Malignant neoplasm metastatic to lung (HCC)", "lung"),
        ("Breast cancer metastasized to liver, unspecified laterality (HCC)", "liver"),
    ],
)
def test_spread_as_problem_lists_name_it(worded: Codes, words: str, site: str) -> None:
    found = condition("", "") | {"code": {"text": words}, "onsetDateTime": "2026-01-02"}
    record = read_one(bundle(*breast_cancer()[:2], found), worded)
    assert values(record, "sites") == [site] and True in values(record, "metastatic")


@pytest.mark.parametrize(
    ("question", "answer", "fact", "expected"),
    [
        ("ECOG performance status", {"valueInteger": 2}, "ecog", [2.0]),
        ("ECOG", {"valueCoding": {"system": "http://loinc.org", "code": "LA9623-5"}}, "ecog", [1.0]),
        ("Menopausal status", {"valueCoding": {"display": "Postmenopausal"}}, "menopausal-status", ["postmenopausal"]),
        ("What is your favourite colour?", {"valueString": "1"}, "ecog", []),
    ],
)
def test_an_answer_of_a_questionnaire_is_read(worded: Codes, question: str, answer: Any, fact: str, expected: list[Any]) -> None:
    item = {"linkId": "1", "item": [{"linkId": "1.1", "text": question, "answer": [answer]}]}
    form = about("QuestionnaireResponse", status="completed", authored="2026-01-02", item=[item])
    record = read_one(bundle(*breast_cancer(), form), worded)
    assert values(record, fact) == expected and record.unread == []


def test_a_questionnaire_that_is_not_finished_says_nothing(worded: Codes) -> None:
    form = about("QuestionnaireResponse", status="in-progress", item=[{"text": "ECOG", "answer": [{"valueInteger": 2}]}])
    assert values(read_one(bundle(*breast_cancer(), form), worded), "ecog") == []


def test_results_that_a_report_holds_in_itself_are_read(worded: Codes) -> None:
    inner = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "ER"}, "valueString": "positive 90%"}
    report = about(
        "DiagnosticReport",
        status="final",
        code={"text": "Pathology"},
        effectiveDateTime="2026-05-01",
        contained=[inner],
        result=[{"reference": "#o"}],
    )
    (entry,) = entries(read_one(bundle(*breast_cancer(), report), worded), "er-percent")
    assert entry.value == 90.0 and str(entry.on) == "2026-05-01"


@pytest.mark.parametrize(
    ("name", "result", "sites", "metastatic"),
    [
        ("Sites of metastasis", "Bone, liver", ["bone", "liver"], [True]),
        ("Fernmetastasen", "Leber und Lunge", ["liver", "lung"], [True]),
        ("Sites of metastasis", "possibly liver", [], []),
        ("Sites of metastasis", "axillary lymph nodes", [], []),
        ("cM category", "cM1", [], [True]),
        ("TNM", "pT2 pN1 cM1 (OSS)", [], []),
    ],
)
def test_places_and_categories_of_spread_in_words(
    worded: Codes, name: str, result: str, sites: list[str], metastatic: list[bool]
) -> None:
    found = about("Observation", status="final", code={"text": name}, effectiveDateTime="2026-01-02", valueString=result)
    record = read_one(bundle(*breast_cancer()[:2], found), worded)
    assert (values(record, "sites"), values(record, "metastatic")[:1]) == (sites, metastatic)
    if not metastatic:
        assert any("metastatic" in one.touches for one in record.unread)


def test_a_code_that_names_its_unit_needs_none_beside_the_number(worded: Codes) -> None:
    coded = {"coding": [{"system": "http://loinc.org", "code": "62238-1", "display": "eGFR"}]}
    found = about(
        "Observation", status="final", code=coded, effectiveDateTime="2026-01-02", valueCodeableConcept={"text": "GT 60"}
    )
    assert values(read_one(bundle(*breast_cancer(), found), worded), "creatinine-clearance") == [60.0]


@pytest.mark.parametrize(
    ("words", "fact", "expected"), [("Rigors", "symptoms", ["rigors"]), ("Spinal cord compression", "cord-compression", ["suspected"]), ("Heart failure", "comorbidities", [])]
)  # fmt: skip
def test_a_symptom_counts_before_it_is_confirmed(worded: Codes, words: str, fact: str, expected: list[str]) -> None:
    provisional = {"coding": [{"code": "provisional"}]}
    found = condition("", "") | {"code": {"text": words}, "onsetDateTime": "2026-01-02", "verificationStatus": provisional}
    record = read_one(bundle(*breast_cancer(), found), worded)
    assert values(record, fact) == expected
    assert any(one.what == words for one in record.unread)


@pytest.mark.parametrize(
    ("said", "fact", "meant"),
    [
        ("shortness-of-breath", "symptoms", "dyspnoea"),
        ("dry-eyes", "symptoms", "dry-eye"),
        ("hematuria", "symptoms", "blood-in-urine"),
        ("slurred-speech", "symptoms", "speech-problems"),
        ("Durchfall", "symptoms", "diarrhoea"),
        ("ild", "comorbidities", "interstitial-lung-disease"),
        ("congestive-heart-failure", "comorbidities", "heart-failure"),
        ("ulcerative-colitis", "comorbidities", "inflammatory-bowel-disease"),
    ],
)
def test_usual_words_for_a_symptom_or_an_illness_are_read(worded: Codes, said: str, fact: str, meant: str) -> None:
    more = {"symptoms": [{"name": said, "grade": 2, "since_days": 3}]} if fact == "symptoms" else {"comorbidities": [said]}
    record = read_profile({"sex": "female", **more}, "x", worded)
    [entry] = [one for one in record.entries if one.fact == fact]
    assert entry.value == meant and record.unread == []
    assert entry.origin.text == said
    if fact == "symptoms":
        assert (entry.grade, entry.since_days) == (2, 3)


@pytest.mark.parametrize(
    "said", ["myocardial-infarction", "cirrhosis", "leg-swelling", "tingling", "no-cough", "family-history-of-stroke"]
)
def test_words_that_say_less_than_an_id_are_left_unread(worded: Codes, said: str) -> None:
    record = read_profile({"sex": "female", "comorbidities": [said]}, "x", worded)
    assert [one.what for one in record.unread] == [said]
    assert not any(one.fact in ("comorbidities", "symptoms") for one in record.entries)


def test_usual_words_for_a_reaction_are_read(worded: Codes) -> None:
    said = {"drug": "alpelisib", "effect": "dka", "grade": 3}
    record = read_profile({"sex": "female", "reactions": [said]}, "x", worded)
    assert worded.effects >= {one.effect for one in record.reactions}
    assert record.unread == []


@pytest.mark.parametrize(
    ("name", "said", "fact", "value"),
    [
        ("anc_per_ul", 900, "neutrophils", 0.9),
        ("anc", 0.9, "neutrophils", 0.9),
        ("neutrophils_10e9_l", "900/µl", "neutrophils", 0.9),
        ("neutrophils_10e9_l", "0,9", "neutrophils", 0.9),
        ("platelets_k_ul", 45, "platelets", 45),
        ("hb_g_l", 78, "haemoglobin", 7.8),
        ("haemoglobin_g_dl", "78 g/l", "haemoglobin", 7.8),
        ("glucose_mmol_l", 28, "glucose", 504.448),
        ("calcium_mg_dl", 12, "calcium", 2.994),
        ("spo2_percent", 88, "oxygen-saturation", 88),
        ("alt_x_uln", "6x ULN", "alt", 6),
        ("gpt_x_uln", 6, "alt", 6),
        ("systolic_blood_pressure_mmhg", 190, "systolic-pressure", 190),
    ],
)
def test_a_measurement_of_a_profile_is_read_under_its_usual_name_and_in_its_unit(
    worded: Codes, name: str, said: Any, fact: str, value: float
) -> None:
    record = read_profile({"sex": "female", "labs": {name: said}}, "x", worded, lenient=True)
    assert [(one.fact, one.value) for one in record.entries if one.fact not in ("sex", "metastatic")] == [(fact, value)]
    assert record.unread == []


@pytest.mark.parametrize(
    ("name", "said", "touched"),
    [
        ("sgpt", 40, "alt"),  # multiples of normal, or units per litre?
        ("alt_u_l", 300, "alt"),
        ("creatinine_mg_dl", 2, "creatinine"),
        ("anc", 900, "neutrophils"),
        ("neutrophils_10e9_l", "1,500", "neutrophils"),  # thousands or decimals?
        ("neutrophils_10e9_l", "0.5-0.9", "neutrophils"),
    ],
)
def test_a_measurement_whose_unit_or_number_is_not_sure_stays_open(worded: Codes, name: str, said: Any, touched: str) -> None:
    record = read_profile({"sex": "female", "labs": {name: said}}, "x", worded, lenient=True)
    assert [one.fact for one in record.entries if one.fact not in ("sex", "metastatic")] == []
    [left] = record.unread
    assert touched in left.touches
