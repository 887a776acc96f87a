"""Observations in the facts library: results in words and numbers, and variants of genes, by the rules of `exchange.fhir`."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from linewise.exchange.codes import Bound, Codes, FactShape, UnitRule, unit_key

from . import terms as cql
from .lookup import CONCEPT, NO_DAY, NO_TEXT, TEXTS, day_of, is_in, known, meanings, part, resources, says, single, spoken
from .queries import (
    DAY,
    DECIMAL,
    TEXT,
    TRUTH,
    Definition,
    Part,
    call,
    case,
    coalesce,
    computed,
    counted,
    cut,
    decimal,
    distinct,
    empty,
    entry,
    fhir,
    first,
    flat,
    flattened,
    get,
    glued,
    last,
    let,
    lower,
    many,
    matches,
    named,
    nothing,
    query,
    record,
    replaced,
    rounded,
    scaled,
    seen_as,
    several,
    spelled,
    split,
    starts,
)
from .tables import OTHER, UNCLEAR
from .terms import Term, choose, compared, is_null, is_true, joined, member, negated, ref, some, whole, words

STATEMENT = record({"fact": TEXT, "value": TEXT, "on": DAY, "specimen": TEXT, "until": DAY})
MEASUREMENT = record({"fact": TEXT, "value": DECIMAL, "on": DAY, "specimen": TEXT})
_NO_NUMBER = nothing(DECIMAL)
_SPREAD = ("stage", "spread")


def statement(fact: Term, value: Term, on: Term = NO_DAY, specimen: Term = NO_TEXT, until: Term = NO_DAY) -> Term:
    """One statement about a fact. `until`: for a member of a set, since when it is over."""
    return entry({"fact": fact, "value": value, "on": on, "specimen": specimen, "until": until})


def results(codes: Codes) -> list[Definition]:
    """The definitions from `Observations` to statements and measurements."""
    return [*_observations(codes), *_answers(), *_measurements(codes), *_variants()]


def _observations(codes: Codes) -> list[Definition]:
    final = sorted(status for status, standing in codes.statuses.get("Observation", {}).items() if standing == "counts")
    own = query(
        resources("Observation"), "O", where=lambda one: is_in(coalesce(get(one, "status", "value"), words("")), "", *final),
        let=_VALUE | {"on": _when, "specimen": _specimen},
        give=lambda one: entry({"resource": one} | _result(one) | {"on": let("on"), "specimen": let("specimen")}),
    )  # fmt: skip
    panels = query(
        ref("Observations"), "X", where=lambda one: get(one, "bare"),
        give=lambda one: query(
            coalesce(get(one, "resource", "component"), empty(fhir("Observation.Component"))), "P", let=_VALUE,
            give=lambda piece: entry(_result(piece) | {"on": get(one, "on"), "specimen": get(one, "specimen")}),
        ),
    )  # fmt: skip
    members = (
        "meaning",
        "role",
        "answers",
        "coded",
        "words",
        "number",
        "unit",
        "sign",
        "upper",
        "faulty",
        "bare",
        "on",
        "specimen",
    )
    alone = query(
        ref("Observations"), "X",
        where=lambda one: negated(joined("And", [get(one, "bare"), some(get(one, "resource", "component"))])),
        give=lambda one: entry({name: get(one, name) for name in members}),
    )  # fmt: skip
    both_ways = joined("And", [member(words(word), named("said")) for word in ("positive", "negative")])
    return [
        Definition("Both ways", both_ways, {"said": TEXTS}, "Whether yes and no are said at once."),
        Definition("Observations", own, why="Every observation: what it is about, and what it says."),
        Definition("Results", flat([alone, flattened(panels)]), why="Observations that say something themselves, and the members of panels."),
    ]  # fmt: skip


def _when(one: Term) -> Term:
    """The day a result was true of the person: of the observation, of its specimen, or when it was issued."""
    effective, taken = get(one, "effective"), get(call("Specimen of", get(one, "specimen")), "collection", "collected")
    span = seen_as(effective, "Period")
    times = (
        seen_as(effective, "dateTime"), seen_as(effective, "instant"), get(span, "end"), get(span, "start"), seen_as(taken, "dateTime"),
        get(seen_as(taken, "Period"), "start"), get(one, "issued"),
    )  # fmt: skip
    return coalesce(*map(day_of, times))


def _specimen(one: Term) -> Term:
    """Whether the tissue came from the first tumour or from a metastasis."""
    sample = call("Specimen of", get(one, "specimen"))
    sampled = flat([meanings(place) for place in (get(sample, "collection", "bodySite"), get(sample, "type"))])
    places = flat([meanings(get(one, "bodySite")), choose(is_null(get(one, "specimen")), empty(TEXT), sampled)])
    return single(distinct(known(places, "M", lambda meaning: part(meaning, "tissue"))))


def _value(one: Term) -> Term:
    return get(one, "value")


def _heard(one: Term) -> Term:
    """The words of an interpretation, by its codes."""
    coded = query(coalesce(get(one, "interpretation"), empty(CONCEPT)), "I", lambda concept: call("Coded meanings", concept))
    return known(flattened(coded), "W", lambda meaning: part(meaning, "word"))


def _flagged(one: Term) -> Term:
    word = choose(let("flag"), words("positive"), words("negative"))
    return query(several([let("flag")]), "F", lambda flag: word, where=lambda flag: negated(is_null(flag)))


_VALUE: dict[str, Part] = {
    "meaning": lambda one: call("Exact", meanings(get(one, "code"))),
    "value": _value,
    "concept": lambda one: seen_as(let("value"), "CodeableConcept"),
    "quantity": lambda one: seen_as(let("value"), "Quantity"),
    "low": lambda one: get(seen_as(let("value"), "Range"), "low"),
    "said": lambda one: get(seen_as(let("value"), "string"), "value"),
    "flag": lambda one: get(seen_as(let("value"), "boolean"), "value"),
    "answers": lambda one: flat([meanings(let("concept")), known(several([let("said")]), "T", spoken)]),
    "words": lambda one: distinct(
        flat([known(let("answers"), "A", lambda answer: part(answer, "word")), _heard(one), _flagged(one)])
    ),
    "unit": lambda one: coalesce(
        *(get(of, *path) for of in (let("quantity"), let("low")) for path in (("code", "value"), ("unit", "value")))
    ),
    "sign": lambda one: coalesce(get(let("quantity"), "comparator", "value"), choose(is_null(let("low")), NO_TEXT, words(">="))),
    "number": lambda one: coalesce(
        get(let("quantity"), "value", "value"),
        get(let("low"), "value", "value"),
        decimal(get(seen_as(let("value"), "integer"), "value")),
        choose(is_true(_plain_number()), decimal(let("said")), _NO_NUMBER),
    ),
}


def _plain_number() -> Term:
    return joined("And", [negated(some(let("answers"))), matches(let("said"), "[0-9]+([.][0-9]+)?")])


def _result(one: Term) -> dict[str, Term]:
    """A result. `coded`: it is more than a result word; `faulty`: not understood, or it says two things; `bare`: it says nothing itself."""
    given = joined("Or", [negated(is_null(let(name))) for name in ("concept", "said")])
    understood = joined("Or", [some(let("answers")), negated(is_null(let("number")))])
    wholes = query(let("answers"), "A", where=lambda one: is_null(part(one, "word")))
    displayed = known(call("Wordings", let("concept")), "D", lambda said: part(spoken(said), "word"))
    return {
        "meaning": let("meaning"),
        "role": coalesce(part(let("meaning"), "role"), words("")),
        "answers": let("answers"),
        "coded": joined("Or", [some(call("Coded meanings", let("concept"))), some(wholes)]),
        "words": let("words"),
        "number": let("number"),
        "unit": let("unit"),
        "sign": let("sign"),
        "upper": _upper(one),
        "faulty": joined("Or", [joined("And", [given, negated(understood)]), call("Both ways", flat([let("words"), displayed]))]),
        "bare": joined("And", [is_null(let("value")), negated(some(let("words")))]),
    }


def _upper(one: Term) -> Term:
    """The upper limit of normal that stands with a result, in the same unit."""

    def unit_of(span: Term) -> Term:
        return coalesce(get(span, "high", "code", "value"), get(span, "high", "unit", "value"), words(""))

    limits = query(
        coalesce(get(one, "referenceRange"), empty(fhir("Observation.ReferenceRange"))), "R",
        where=lambda span: joined("And", [
            compared(unit_of(span), "=", coalesce(let("unit"), words(""))),
            compared(get(span, "high", "value", "value"), ">", cql.number(0.0)),
        ]),
        give=lambda span: get(span, "high", "value", "value"),
    )  # fmt: skip
    return first(limits)


# Results in words


def _answers() -> list[Definition]:
    own = distinct(query(named("outcomes"), "X", where=lambda one: negated(starts(one, OTHER))))
    others = distinct(query(named("outcomes"), "X", where=lambda one: starts(one, OTHER)))
    only = choose(some(named("own")), single(named("own")), replaced(single(named("others")), f"^{OTHER}", ""))
    chosen = choose(member(words(UNCLEAR), named("outcomes")), NO_TEXT, call("Only", own, others))
    told = query(
        _told(), "T", where=lambda one: joined("Or", [is_null(get(one, "number")), is_null(part(get(one, "meaning"), "number"))])
    )  # fmt: skip
    said = query(
        told, "R", let={"answer": lambda one: call("Chosen", _outcomes(one))}, where=lambda one: negated(is_null(let("answer"))),
        give=lambda one: statement(
            first(split(let("answer"), "=")), last(split(let("answer"), "=")), get(one, "on"), get(one, "specimen")
        ),
    )  # fmt: skip
    return [
        Definition("Only", only, {"own": TEXTS, "others": TEXTS}),
        Definition("Chosen", chosen, {"outcomes": TEXTS}, "The one answer, to the fact itself where there is one; two contradict each other."),
        Definition("Result statements", said),
    ]  # fmt: skip


def _told() -> Term:
    """The results about facts that are understood."""
    return query(
        ref("Results"), "U",
        where=lambda one: joined("And", [negated(get(one, "faulty")), negated(is_in(get(one, "role"), *_SPREAD, "course", "variant"))]),
    )  # fmt: skip


def _outcomes(one: Term) -> Term:
    """What the words of a result stand for, given what it is about; a whole number counts as a word."""
    plain = joined("And", [
        is_null(get(one, "unit")), is_null(get(one, "sign")), compared(decimal(cut(get(one, "number"))), "=", get(one, "number")),
    ])  # fmt: skip
    figure = choose(plain, spelled(cut(get(one, "number"))), NO_TEXT)
    stated = query(get(one, "answers"), "A", lambda answer: glued(part(answer, "fact"), words("="), part(answer, "value")))
    about = part(get(one, "meaning"), "about")
    said = flat([get(one, "words"), stated, several([figure])])
    return known(said, "W", lambda word: call("Entry", ref("Answers"), glued(about, words(" "), word)))


# Numbers


def _measurements(codes: Codes) -> list[Definition]:
    def fact(one: Term) -> Term:
        percent = choose(is_null(get(one, "unit")), NO_TEXT, part(get(one, "meaning"), "percent"))
        return coalesce(part(get(one, "meaning"), "number"), percent)

    def raw(one: Term) -> Term:
        score = joined("And", [
            negated(is_null(part(get(one, "meaning"), "number"))), compared(counted(get(one, "words")), "=", whole(1)),
            matches(first(get(one, "words")), "[0-9]+"),
        ])  # fmt: skip
        return coalesce(get(one, "number"), choose(score, decimal(first(get(one, "words"))), _NO_NUMBER))

    def value(one: Term) -> Term:
        relative = computed("Divide", let("raw"), get(one, "upper"))
        converted = call("In unit", let("fact"), let("raw"), call("Unit", get(one, "unit")))
        unbound = choose(says(get(one, "meaning"), "relative"), relative, converted)
        return call("Possible", let("fact"), call("Limit", let("fact"), unbound, get(one, "sign")))

    measured = query(
        _told(), "R", let={"fact": fact, "raw": raw, "value": value}, where=lambda one: negated(is_null(let("value"))),
        give=lambda one: entry({"fact": let("fact"), "value": let("value"), "on": get(one, "on"), "specimen": get(one, "specimen")}),
    )  # fmt: skip
    shapes = {name: shape for name, shape in codes.facts.items() if shape.type == "number"}
    given, number = named("fact"), named("value")
    unit = named("unit")
    plain = replaced(replaced(replaced(lower(unit), "\\s", ""), "[µμ]", "u"), "\\^", "*")
    return [
        Definition("Unit", coalesce(replaced(plain, "^x", ""), words("")), {"unit": TEXT}, "A unit as it is compared."),
        Definition(
            "In unit", case(given, {name: _converted(codes, name, shape) for name, shape in shapes.items()}, _NO_NUMBER),
            {"fact": TEXT, "value": DECIMAL, "unit": TEXT}, "A number in the unit of the fact.",
        ),
        Definition(
            "Limit", choose(
                is_null(named("sign")), number,
                case(given, {name: _bounded(bound) for name, bound in codes.bounds.items()}, _NO_NUMBER),
            ), {"fact": TEXT, "value": DECIMAL, "sign": TEXT}, "What a result may be taken for that is given as a limit only.",
        ),
        Definition(
            "Possible", case(given, {name: _within(shape) for name, shape in shapes.items()}, number), {"fact": TEXT, "value": DECIMAL},
            "A number inside what is possible for the fact.",
        ),
        Definition("Measurements so far", measured),
    ]  # fmt: skip


def _converted(codes: Codes, name: str, shape: FactShape) -> Term:
    number = named("value")
    cases = {unit: rounded(_ruled(number, rule), 6) for unit, rule in codes.units.get(name, {}).items()}
    return case(named("unit"), {**cases, unit_key(shape.unit): number}, _NO_NUMBER)


def _ruled(number: Term, rule: UnitRule) -> Term:
    """factor × (value − less) + plus. A factor of more places than CQL has is written as a fraction."""
    factor = Fraction(rule.factor).limit_denominator(1000)
    if len(repr(rule.factor)) > 10 and abs(float(factor) - rule.factor) < 1e-15:
        whole_part = scaled(number, float(factor.numerator), rule.less)
        return computed("Divide", whole_part, cql.number(float(factor.denominator)))
    return scaled(number, rule.factor, rule.less, rule.plus)


def _bounded(bound: Bound) -> Term:
    number, sign = named("value"), named("sign")
    rest = _NO_NUMBER
    if bound.below is not None:
        low = joined("And", [compared(sign, "=", words("<")), compared(number, "<=", cql.number(bound.below))])
        rest = choose(low, cql.number(0.0), rest)
    if bound.at_least is not None:
        high = joined("And", [is_in(sign, ">", ">="), compared(number, ">=", cql.number(bound.at_least))])
        rest = choose(high, number, rest)
    return rest


def _within(shape: FactShape) -> Term:
    number = named("value")
    limits = [compared(number, ">=", cql.number(shape.low))] if shape.low is not None else []
    limits += [compared(number, "<=", cql.number(shape.high))] if shape.high is not None else []
    return choose(joined("And", limits), number, _NO_NUMBER) if limits else number


# Genes

_VARIANT = record({"words": TEXTS, "genes": many(TEXT), "fused": TRUTH, "names": TEXTS, "on": DAY})


def _variants() -> list[Definition]:
    def pieces(one: Term, role: str) -> Term:
        listed = coalesce(get(one, "resource", "component"), empty(fhir("Observation.Component")))
        return query(
            listed, "P",
            where=lambda piece: some(query(meanings(get(piece, "code")), "M", where=lambda m: compared(part(m, "role"), "=", words(role)))),
        )  # fmt: skip

    def said_by(piece: Term) -> Term:
        """The words of one member of a variant."""
        concept, said = seen_as(_value(piece), "CodeableConcept"), get(seen_as(_value(piece), "string"), "value")
        flag = get(seen_as(_value(piece), "boolean"), "value")
        answers = flat([meanings(concept), known(several([said]), "T", spoken)])
        flagged = query(
            several([flag]), "F", lambda one: choose(one, words("positive"), words("negative")), where=lambda one: negated(is_null(one))
        )  # fmt: skip
        return flat([known(answers, "A", lambda answer: part(answer, "word")), _heard(piece), flagged])

    def told(one: Term) -> Term:
        owner = get(one, "resource")
        around = flat(
            [
                flattened(query(coalesce(get(owner, "interpretation"), empty(CONCEPT)), "I", meanings)),
                meanings(get(owner, "method")),
            ]
        )
        return distinct(flat([
            get(one, "words"), flattened(query(pieces(one, "variant-member"), "V", said_by)), known(around, "W", lambda m: part(m, "word")),
        ]))  # fmt: skip

    def gene(piece: Term) -> Term:
        concept, said = seen_as(_value(piece), "CodeableConcept"), get(seen_as(_value(piece), "string"), "value")
        found = flat([meanings(concept), known(several([said]), "T", spoken)])
        return first(query(found, "G", where=lambda one: negated(is_null(part(one, "gene")))))

    def naming(piece: Term) -> Term:
        listed = coalesce(get(seen_as(_value(piece), "CodeableConcept"), "coding"), empty(fhir("Coding")))
        coded = query(listed, "C", lambda one: coalesce(get(one, "display", "value"), get(one, "code", "value")))
        return flat([coded, known(several([get(seen_as(_value(piece), "string"), "value")]), "T", lambda one: one)])

    variants = query(
        query(ref("Observations"), "X", where=lambda one: compared(get(one, "role"), "=", words("variant"))), "V",
        let={"words": told, "genes": lambda one: query(pieces(one, "gene"), "G", gene)},
        give=lambda one: entry({
            "words": let("words"), "genes": let("genes"),
            "fused": joined("And", [compared(counted(pieces(one, "gene")), ">", whole(1)), negated(member(words("negative"), let("words")))]),
            "names": flattened(query(pieces(one, "variant-name"), "N", naming)), "on": get(one, "on"),
        }),
    )  # fmt: skip

    def one_gene(variant: Term) -> Term:
        listed = query(get(variant, "genes"), "G", where=lambda one: negated(is_null(one)))
        made = query(
            listed, "H", let={"value": lambda one: call("Variant value", one, get(variant, "words"), get(variant, "fused"), get(variant, "names"))},
            where=lambda one: negated(is_null(let("value"))),
            give=lambda one: statement(part(one, "fact"), let("value"), get(variant, "on")),
        )  # fmt: skip
        return made

    value = _variant_value()
    return [
        Definition(
            "Variant value",
            value,
            {"about": TEXT, "words": TEXTS, "fused": TRUTH, "names": TEXTS},
            "What a variant says of a gene.",
        ),
        Definition("Variants", variants),
        Definition("Gene statements", flattened(query(ref("Variants"), "V", one_gene))),
    ]


def _variant_value() -> Term:
    """The rules of a variant, in their order: the first that applies decides."""
    gene, rule = named("about"), part(named("about"), "gene")

    def has(*listed: str) -> Term:
        return joined("Or", [member(words(word), named("words")) for word in listed])

    def by(name: str) -> Term:
        return compared(rule, "=", words(name))

    inherited = _ladder([
        (has("uncertain"), words("variant-of-uncertain-significance")),
        (negated(has("pathogenic", "likely-pathogenic")), NO_TEXT),
        (has("germline"), words("germline-pathogenic")),
        (has("somatic"), words("somatic-pathogenic")),
    ], NO_TEXT)  # fmt: skip
    named_so = query(
        named("names"), "N",
        where=lambda one: Term(
            {"type": "Matches", "operand": [_folded(one).elm, part(gene, "only").elm]}, f"Matches({_folded(one).text}, {part(gene, 'only').text})"
        ),
    )  # fmt: skip
    return _ladder([
        (joined("And", [has("positive"), has("negative")]), NO_TEXT),
        (has("negative"), choose(by("only"), NO_TEXT, words("wild-type"))),
        (negated(has("positive")), NO_TEXT),
        (has("benign", "likely-benign"), NO_TEXT),
        (by("inherited"), inherited),
        (has("uncertain"), NO_TEXT),
        (by("fusion"), choose(joined("Or", [named("fused"), has("fusion")]), words("fusion"), NO_TEXT)),
        (by("altered"), words("altered")),
        (has("amplification", "copy-number", "fusion"), NO_TEXT),
        (joined("And", [by("only"), negated(some(named_so))]), NO_TEXT),
    ], words("mutated"))  # fmt: skip


def _folded(said: Term) -> Term:
    return replaced(lower(said), "[\\s_,;-]+", " ")


def _ladder(steps: Iterable[tuple[Term, Term]], rest: Term) -> Term:
    for condition, then in reversed(list(steps)):
        rest = choose(condition, then, rest)
    return rest
