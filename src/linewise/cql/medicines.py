"""Medicines and harms in the facts library: what is taken, what was given and in which setting, what it did."""

from __future__ import annotations

from linewise.exchange.fhir import medicines as reader
from linewise.record.parameters import STANDARD

from . import terms as cql
from .lookup import (
    AS_OF,
    CODING,
    CONCEPT,
    NO_DAY,
    NO_TEXT,
    PERSON,
    TEXTS,
    day_of,
    extension_meanings,
    extensions,
    has_status,
    is_in,
    known,
    meanings,
    part,
    resources,
    the_id,
)
from .queries import (
    DAY,
    DECIMAL,
    TEXT,
    TRUTH,
    WHOLE,
    Definition,
    call,
    case,
    coalesce,
    combined,
    computed,
    counted,
    days_after,
    distinct,
    empty,
    entry,
    fhir,
    first,
    first_known,
    flat,
    flattened,
    get,
    largest,
    last,
    later,
    let,
    lower,
    named,
    nothing,
    query,
    replaced,
    rounded,
    scaled,
    seen_as,
    several,
    smallest,
    split,
)
from .terms import Term, back, boolean, choose, compared, is_null, joined, member, negated, number, ref, some, whole, words

_KINDS = ("MedicationAdministration", "MedicationStatement", "MedicationRequest", "MedicationDispense")
_NOT_GIVEN = ("entered-in-error", "not-done", "not-taken", "cancelled", "declined")
_PLANNED = ("intended", "draft", "preparation")
_INTENDED = ("proposal", "plan", "option")
_GOING_ON = ("active", "in-progress", "on-hold")
_FINISHED = ("completed", "stopped")
_OVER = {"MedicationStatement": ("completed", "stopped"), "MedicationRequest": ("stopped",)}
_INTENTS = {"curative": "adjuvant", "palliative": "metastatic"}
_UNKNOWN = cql.UNKNOWN


def medicines() -> list[Definition]:
    """The definitions from medication resources to what is taken, what was given, and what harmed."""
    return [
        *_drugs(),
        _supply(),
        _dated(),
        *(Definition(f"{kind} read", _read(kind)) for kind in _KINDS),
        Definition("Medicines", _by_drug(), why="Every medicine by its drugs, with all classes of each."),
        *_death(),
        Definition("Taken", _taken(), why="What is taken on the day besides the treatments that make a line."),
        *_given(),
        *_harms(),
    ]


# Which drug


def _drugs() -> list[Definition]:
    concept, codes, names, either, systems = (named(name) for name in ("concept", "codes", "names", "found", "systems"))
    coding = coalesce(get(concept, "coding"), empty(CODING))
    by_code = distinct(known(coding, "C", lambda one: call("Coded", ref("Medicine codes"), one)))
    by_name = distinct(known(call("Wordings", concept), "W", lambda one: call("Spoken", ref("Medicine codes"), one)))
    shared = query(codes, "K", where=lambda one: member(one, names))
    differing = joined("Or", [
        compared(counted(codes), ">", whole(1)), joined("And", [some(codes), some(names), negated(some(shared))]),
    ])  # fmt: skip
    single_name = choose(compared(counted(names), "=", whole(1)), first(names), NO_TEXT)
    agreed = choose(differing, NO_TEXT, choose(some(codes), first(codes), single_name))
    coded = query(coding, "C", where=lambda one: negated(is_null(call("Coded", ref("Medicine codes"), one))))
    theirs = query(coded, "C", lambda one: call("System of", one))
    several_drugs = joined("And", [
        compared(counted(codes), ">", whole(1)), compared(counted(systems), "=", counted(codes)),
        compared(counted(distinct(systems)), "=", whole(1)), negated(some(query(names, "N", where=lambda one: negated(member(one, codes))))),
    ])  # fmt: skip
    agreed = choose(several_drugs, combined(codes, " + "), agreed)
    drugs = distinct(choose(is_null(either), empty(TEXT), split(either, " + ")))
    return [
        Definition(
            "Agreed",
            agreed,
            {"codes": TEXTS, "names": TEXTS, "systems": TEXTS},
            "What codes and name say together; nothing where they differ. Several codes of one system are several medicines.",
        ),
        Definition("Split drugs", drugs, {"found": TEXT}),
        Definition(
            "Drugs",
            call("Split drugs", call("Agreed", by_code, by_name, theirs)),
            {"concept": CONCEPT},
            "The drugs of a medicine.",
        ),
    ]


_DATED = {
    "drugs": TEXTS, "start": DAY, "ends": DAY, "planned": TRUTH, "active": TRUTH, "over": TRUTH, "supply": DECIMAL, "marked": TRUTH,
    "setting": TEXT,
}  # fmt: skip


def _dated() -> Definition:
    """A medicine with its days. `until`: its last day, or that on which the next supply is still awaited."""
    start, planned, grace = named("start"), named("planned"), cql.number(float(STANDARD.grace))
    end = choose(compared(named("ends"), "<", start), NO_DAY, named("ends"))
    closed = joined("And", [negated(is_null(let("last"))), negated(coalesce(compared(let("last"), "=", start), boolean(False)))])
    silent = choose(named("over"), boolean(False), _UNKNOWN)
    said = choose(named("active"), choose(is_null(let("last")), boolean(True), _UNKNOWN), silent)
    ongoing = choose(joined("Or", [planned, closed]), boolean(False), said)
    supplied = joined("And", [is_null(let("last")), is_null(let("ongoing")), negated(is_null(named("supply")))])
    last_of = days_after(start, computed("Add", computed("Subtract", named("supply"), cql.number(1.0)), grace))
    until = choose(supplied, last_of, choose(named("marked"), later(let("last"), STANDARD.grace, "days"), let("last")))
    of = query(
        several([start]), "S", let={"last": lambda one: end, "ongoing": lambda one: ongoing},
        give=lambda one: entry({
            "drugs": named("drugs"), "start": start, "until": until, "planned": planned, "setting": named("setting"),
            "ongoing": joined("And", [Term({"type": "IsTrue", "operand": let("ongoing").elm}, "(ongoing is true)"), negated(named("marked"))]),
        }),
    )  # fmt: skip
    return Definition("Medicine", first(of), _DATED, _dated.__doc__ or "")


def _supply() -> Definition:
    """For how many days a supply lasts; nothing where it is no length of time."""
    days = {unit: scaled(named("amount"), factor) for unit, factor in reader._IN_DAYS.items()}
    exact = rounded(case(call("Unit", coalesce(named("unit"), words("d"))), days, nothing(DECIMAL)), 0)
    most = query(
        several([exact]), "D",
        where=lambda one: joined("And", [compared(one, ">", number(0.0)), compared(one, "<=", number(float(reader._LONGEST_SUPPLY)))]),
    )  # fmt: skip
    return Definition("Days of supply", first(most), {"amount": DECIMAL, "unit": TEXT}, _supply.__doc__ or "")


def _read(kind: str) -> Term:
    """Resources of one type. What was not given is left out."""

    def status(one: Term) -> Term:
        return let("status")

    def concept(one: Term) -> Term:
        medication = get(one, "medication")
        of = seen_as(medication, "Reference")
        kept = query(
            resources("Medication"), "K", where=lambda known_one: compared(get(known_one, "id", "value"), "=", the_id(of))
        )
        return coalesce(seen_as(medication, "CodeableConcept"), get(first(kept), "code"))

    def wanted(one: Term) -> Term:
        given = negated(is_in(status(one), *_NOT_GIVEN))
        if kind != "MedicationRequest":
            return given
        return joined("And", [given, negated(coalesce(get(one, "doNotPerform", "value"), boolean(False)))])

    def planned(one: Term) -> Term:
        drafted = is_in(status(one), *_PLANNED)
        if kind == "MedicationDispense":  # made ready, and not handed over yet
            return is_in(status(one), *_PLANNED, *_GOING_ON)
        if kind != "MedicationRequest":
            return drafted
        return joined("Or", [drafted, is_in(coalesce(get(one, "intent", "value"), words("")), *_INTENDED)])

    def drugs(one: Term) -> Term:
        shown = get(seen_as(get(one, "medication"), "Reference"), "display", "value")
        by_name = call("Split drugs", call("Spoken", ref("Medicine codes"), shown))
        return choose(is_null(let("concept")), by_name, call("Drugs", let("concept")))

    def made(one: Term) -> Term:
        return call(
            "Medicine", drugs(one), coalesce(*_starts(kind, one)), _end(kind, one, status(one)), planned(one),
            is_in(status(one), *_GOING_ON), is_in(status(one), *_OVER[kind]) if kind in _OVER else boolean(False), _lasts(kind, one),
            some(query(
                extensions(one, reader.SUPPLY), "U",
                where=lambda ext: is_in(get(seen_as(get(ext, "value"), "code"), "value"), "dispensed", "requested"),
            )), _intent(one),
        )  # fmt: skip

    return query(
        resources(kind),
        "M",
        made,
        where=wanted,
        let={"status": lambda one: coalesce(get(one, "status", "value"), words("")), "concept": concept},
    )


def _lasts(kind: str, one: Term) -> Term:
    """The days of supply that a resource of a type says."""
    amounts = {
        "MedicationDispense": get(one, "daysSupply"),
        "MedicationRequest": get(one, "dispenseRequest", "expectedSupplyDuration"),
    }
    if kind not in amounts:
        return nothing(DECIMAL)
    amount = amounts[kind]
    unit = coalesce(get(amount, "code", "value"), get(amount, "unit", "value"))
    return call("Days of supply", get(amount, "value", "value"), unit)


def _bounds(kind: str, one: Term, end: str) -> list[Term]:
    """The start or end that dosages and supply give."""
    found = []
    if kind == "MedicationRequest":
        found.append(day_of(get(one, "dispenseRequest", "validityPeriod", end)))
    if kind != "MedicationAdministration":
        name = "dosage" if kind == "MedicationStatement" else "dosageInstruction"
        spans = known(
            coalesce(get(one, name), empty(fhir("Dosage"))), "D",
            lambda dose: day_of(get(seen_as(get(dose, "timing", "repeat", "bounds"), "Period"), end)),
        )  # fmt: skip
        found.append(first(spans))
    return found


def _starts(kind: str, one: Term) -> list[Term]:
    if kind in ("MedicationAdministration", "MedicationStatement"):
        effective = get(one, "effective")
        found = [
            day_of(seen_as(effective, "dateTime")),
            day_of(get(seen_as(effective, "Period"), "start")),
            *_bounds(kind, one, "start"),
        ]
        return [*found, day_of(get(one, "dateAsserted"))] if kind == "MedicationStatement" else found
    if kind == "MedicationRequest":
        return [*_bounds(kind, one, "start"), day_of(get(one, "authoredOn"))]
    return [day_of(get(one, "whenHandedOver")), *_bounds(kind, one, "start"), day_of(get(one, "whenPrepared"))]


def _end(kind: str, one: Term, status: Term) -> Term:
    ends = []
    if kind in ("MedicationAdministration", "MedicationStatement"):
        ends.append(day_of(get(seen_as(get(one, "effective"), "Period"), "end")))
    bounds = _bounds(kind, one, "end")
    if bounds:
        ends.append(choose(is_in(status, *_FINISHED), coalesce(*bounds), NO_DAY))
    return coalesce(*ends)


def _intent(one: Term) -> Term:
    """Whether it was meant to cure or for metastatic disease, where that is said."""
    said = known(extension_meanings(one, "procedure-intent", "treatment-intent"), "I", lambda m: part(m, "word"))
    found = distinct(known(said, "S", lambda word: case(word, {name: words(meant) for name, meant in _INTENTS.items()}, NO_TEXT)))
    return choose(compared(counted(found), "=", whole(1)), first(found), NO_TEXT)


def _by_drug() -> Term:
    members = ("start", "until", "ongoing", "planned", "setting")

    def each(one: Term) -> Term:
        return query(
            get(one, "drugs"), "D",
            lambda drug: entry({
                "drug": drug, "kinds": split(coalesce(call("Entry", ref("Medicine kinds"), drug), words("")), ";"),
                **{name: get(one, name) for name in members},
            }),
        )  # fmt: skip

    return flattened(query(flat([ref(f"{kind} read") for kind in _KINDS]), "M", each))


def _kind(one: Term, *names: str) -> Term:
    return joined("Or", [member(words(name), get(one, "kinds")) for name in names])


# What is taken, and what was given


def _death() -> list[Definition]:
    """When a person died, if they did: nothing goes on behind that day."""
    deceased = get(PERSON, "deceased")
    told = cql.is_true(get(seen_as(deceased, "boolean"), "value"))
    return [
        Definition("Died on", day_of(seen_as(deceased, "dateTime"))),
        Definition("Has died", joined("Or", [negated(is_null(ref("Died on"))), told])),
    ]


def _taken() -> Term:
    def counts(one: Term) -> Term:
        start, until = get(one, "start"), get(one, "until")
        closed = joined(
            "And", [negated(is_null(until)), negated(cql.is_true(compared(until, "=", start)))]
        )  # one day alone is no span
        besides = joined("And", [negated(get(one, "planned")), joined("Or", [get(one, "ongoing"), closed])])
        last = largest(several([start, ref("Died on")]))  # where neither day is known, it is over
        over = joined("And", [is_null(until), ref("Has died"), coalesce(compared(last, "<", AS_OF), boolean(True))])
        treatment = joined("And", [
            negated(get(one, "planned")), joined("Or", [get(one, "ongoing"), joined("And", [closed, negated(is_null(start))])]),
        ])  # fmt: skip
        return joined("And", [
            _kind(one, "@other"), choose(_kind(one, "@anticancer"), treatment, besides),
            joined("Or", [is_null(start), compared(start, "<=", AS_OF)]), joined("Or", [is_null(until), compared(until, ">=", AS_OF)]),
            negated(over),
        ])  # fmt: skip

    return query(ref("Medicines"), "M", where=counts)


def _given() -> list[Definition]:
    """What was given as cancer treatment, each with whether it was for metastatic disease."""
    window = STANDARD.window
    spread_on = smallest(query(
        query(ref("Turns metastatic"), "T", lambda one: get(one, "on")), "U", where=lambda on: compared(on, "<=", AS_OF)
    ))  # fmt: skip

    def setting(one: Term) -> Term:
        late = compared(get(one, "start"), ">=", back(ref("Metastatic since"), window, "days"))
        undated = joined("Or", [is_null(ref("Metastatic since")), is_null(get(one, "start"))])
        metastatic = joined("Or", [undated, late])
        placed = choose(metastatic, words("metastatic"), words("adjuvant"))
        return coalesce(get(one, "setting"), choose(ref("Is metastatic"), placed, words("adjuvant")))

    def counted_of(which: str) -> Term:
        return query(
            ref("Medicines"), "M",
            where=lambda one: joined("And", [
                _kind(one, which), negated(get(one, "planned")),
                joined("Or", [is_null(get(one, "start")), compared(get(one, "start"), "<=", AS_OF)]),
            ]),
        )  # fmt: skip

    making = query(
        counted_of("@makes"),
        "G",
        lambda one: entry({"kinds": get(one, "kinds"), "start": get(one, "start"), "setting": setting(one)}),
    )
    before = named("start")
    home = query(
        ref("Treatments"), "T",
        where=lambda one: compared(get(one, "start"), "<=", later(before, window, "days")),
    )  # fmt: skip
    latest = query(
        home, "H", lambda one: get(one, "setting"),
        where=lambda one: compared(get(one, "start"), "=", _newest(home)),
    )  # fmt: skip
    oldest = query(
        ref("Treatments"), "F", lambda one: get(one, "setting"), where=lambda one: compared(get(one, "start"), "=", _oldest(ref("Treatments")))
    )  # fmt: skip
    undated = query(ref("Treatments"), "N", lambda one: get(one, "setting"), where=lambda one: is_null(get(one, "start")))
    newest = query(
        ref("Treatments"), "L", lambda one: get(one, "setting"), where=lambda one: compared(get(one, "start"), "=", _newest(ref("Treatments")))
    )  # fmt: skip
    home_of = choose(
        is_null(before), coalesce(last(undated), last(newest)), coalesce(last(latest), first(oldest), first(undated))
    )
    joining = query(
        counted_of("@joins"), "G", lambda one: entry({"kinds": get(one, "kinds"), "start": get(one, "start"), "setting": call("Setting with", get(one, "start"))}),
        where=lambda one: some(ref("Treatments")),
    )  # fmt: skip
    return [
        Definition("Metastatic since", spread_on),
        Definition("Is metastatic", some(ref("Spread"))),
        Definition("Treatments", making, why="What makes a line of therapy."),
        Definition(
            "Setting with", home_of, {"start": DAY}, "The setting of the line that was going on when something joined it."
        ),
        Definition("Given", flat([ref("Treatments"), joining]), why="All treatments given, and what was given with them."),
    ]


def _newest(listed: Term) -> Term:
    return largest(query(listed, "X", lambda one: get(one, "start")))


def _oldest(listed: Term) -> Term:
    return smallest(query(listed, "X", lambda one: get(one, "start")))


# Harms


def _harms() -> list[Definition]:
    def said(one: Term) -> Term:
        """A harm as it is told: by its code, else in the record's words."""
        by_code = first(known(meanings(one), "M", lambda m: part(m, "effect")))
        plain = coalesce(
            get(one, "text", "value"),
            first(known(_displays(one), "X", lambda text: text)),
            first(known(_codes(one), "Y", lambda text: text)),
        )
        return coalesce(by_code, lower(plain))

    def told(one: Term) -> Term:
        reactions = coalesce(get(one, "reaction"), empty(fhir("AllergyIntolerance.Reaction")))
        forms = flattened(query(reactions, "R", lambda r: coalesce(get(r, "manifestation"), empty(CONCEPT))))
        substances = flattened(query(reactions, "R", lambda r: call("Drugs", get(r, "substance"))))
        drugs = distinct(flat([call("Drugs", get(one, "code")), substances]))
        harms = query(forms, "F", lambda form: coalesce(said(form), words("allergy")))
        every = choose(some(forms), harms, several([words("allergy")]))
        severe = query(reactions, "V", where=lambda r: compared(get(r, "severity", "value"), "=", words("severe")))
        grade = choose(some(severe), whole(3), nothing(WHOLE))
        return query(
            drugs, "D",
            lambda drug: query(every, "H", lambda harm: entry({
                "kinds": split(coalesce(call("Entry", ref("Medicine kinds"), drug), words("")), ";"), "said": harm, "grade": grade,
                "effect": call("Entry", ref("Effects"), replaced(replaced(lower(harm), "[®™]", ""), "[\\s_]+", "-")),
            })),
        )  # fmt: skip

    def began(one: Term) -> Term:
        reactions = coalesce(get(one, "reaction"), empty(fhir("AllergyIntolerance.Reaction")))
        onset = first_known(query(reactions, "R", lambda r: day_of(get(r, "onset"))))
        return coalesce(onset, day_of(seen_as(get(one, "onset"), "dateTime")), day_of(get(one, "recordedDate")))

    stated = query(
        resources("AllergyIntolerance"), "A",
        where=lambda one: joined("And", [
            negated(has_status(get(one, "verificationStatus"), "entered-in-error", "refuted")),
            negated(cql.is_true(compared(began(one), ">", AS_OF))),
        ]),
    )  # fmt: skip
    return [
        Definition(
            "Harms", flattened(flattened(query(stated, "B", told))), why="What a medicine has done, under the name it is told by."
        )
    ]


def _displays(concept: Term) -> Term:
    return query(coalesce(get(concept, "coding"), empty(CODING)), "C", lambda one: get(one, "display", "value"))


def _codes(concept: Term) -> Term:
    return query(coalesce(get(concept, "coding"), empty(CODING)), "C", lambda one: get(one, "code", "value"))
