"""What every part of the facts library rests on: resources retrieved once, codes looked up in the tables, days."""

from __future__ import annotations

from . import terms as cql
from .queries import (
    DAY,
    TEXT,
    TODAY,
    WHOLE,
    Definition,
    Part,
    block,
    call,
    case,
    coalesce,
    component,
    counted,
    day_from,
    empty,
    ends,
    fhir,
    first,
    first_known,
    flat,
    flattened,
    get,
    glued,
    last,
    length,
    lower,
    made_day,
    many,
    named,
    nothing,
    parameter,
    position,
    query,
    replaced,
    retrieve,
    seen_as,
    several,
    split,
    split_at,
    substring,
    system,
)
from .tables import Tables
from .terms import Term, choose, compared, is_null, is_true, joined, member, negated, ref, some, whole, words

CONCEPT, CODING, TEXTS = fhir("CodeableConcept"), fhir("Coding"), many(TEXT)
AS_OF = ref("as_of")
PERSON = Term({"type": "ExpressionRef", "name": "Patient"}, "Patient")
NO_TEXT, NO_DAY = nothing(TEXT), nothing(DAY)
_RESOURCES = (
    "Observation", "Specimen", "Condition", "Procedure", "AllergyIntolerance", "Medication", "MedicationStatement", "MedicationRequest",
    "MedicationDispense", "MedicationAdministration",
)  # fmt: skip
_PREFIXES = range(10, 2, -1)
_YEARS = (1850, 2150)


def resources(kind: str) -> Term:
    """The patient's resources of a type, retrieved once."""
    return ref(f"{kind} resources")


def part(meaning: Term, name: str) -> Term:
    """A member of what a code means; null where it has none."""
    return call("Member", meaning, words(name))


def says(meaning: Term, mark: str) -> Term:
    """Whether what a code means has a mark, such as `secondary`."""
    return compared(position(words(f";{mark};"), meaning), ">=", whole(0))


def meanings(concept: Term) -> Term:
    """What the codes of a concept mean, or, where none is known, its wording."""
    return call("Meanings", concept)


def spoken(said: Term) -> Term:
    """What a wording means."""
    return call("Spoken", ref("Code meanings"), said)


def is_in(term: Term, *values: str) -> Term:
    return member(term, cql.listed(values))


def known(source: Term, alias: str, give: Part) -> Term:
    """What is given of each, where it is not null."""
    return query(query(source, alias, give), f"{alias}{alias}", where=lambda one: negated(is_null(one)))


def single(listed: Term) -> Term:
    """The member of a list of texts that has exactly one; null otherwise."""
    return call("Single", listed)


def there(one: Term) -> Term:
    """Whether what a statement says is not over on the day."""
    return negated(is_true(compared(get(one, "until"), "<=", AS_OF)))


def day_of(time: Term) -> Term:
    """The day of a FHIR date and time, dateTime or instant."""
    return call("Day", get(time, "value"))


def the_id(reference: Term) -> Term:
    """The id at the end of a reference."""
    return last(split_at(get(reference, "reference", "value"), "[/:]"))


def statuses(concept: Term) -> Term:
    """The codes of a concept, in lower case, whatever their system."""
    return query(coalesce(get(concept, "coding"), empty(CODING)), "C", lambda one: lower(get(one, "code", "value")))


def has_status(concept: Term, *values: str) -> Term:
    return some(query(statuses(concept), "S", where=lambda one: is_in(one, *values)))


def extensions(owner: Term, *endings: str) -> Term:
    """The extensions whose address ends in one of the names."""
    return query(
        coalesce(get(owner, "extension"), empty(fhir("Extension"))), "E",
        where=lambda one: joined("Or", [ends(get(one, "url", "value"), ending) for ending in endings]),
    )  # fmt: skip


def extension_meanings(owner: Term, *endings: str) -> Term:
    listed = query(extensions(owner, *endings), "E", lambda one: meanings(seen_as(get(one, "value"), "CodeableConcept")))
    return flattened(listed)


def lookup(tables: Tables) -> list[Definition]:
    """Tables, retrieves and look-ups."""
    texts = (
        ("Systems", tables.systems, "Addresses of code systems, and their short names."),
        ("Code meanings", tables.meanings, "Codes and wordings, and what they mean."),
        ("Answers", tables.answers, "What an observation is about, a result word, and the fact and value that it stands for."),
        ("Medicine codes", tables.medicines, "Codes and names of medicines, and the drugs in them."),
        ("Medicine kinds", tables.kinds, "Drugs, their classes, and what each is to a line of therapy."),
        ("Effects", tables.effects, "Words for harms, and what they are told under."),
    )
    return [
        Definition("as_of", coalesce(parameter("AsOf"), TODAY), why="The day that everything is asked for."),
        *(Definition(name, block(text), why=why) for name, text, why in texts),
        *(Definition(f"{kind} resources", retrieve(kind)) for kind in _RESOURCES),
        Definition(
            "Single",
            choose(compared(counted(named("listed")), "=", whole(1)), first(named("listed")), NO_TEXT),
            {"listed": TEXTS},
            "The member of a list that has exactly one.",
        ),
        *_entries(),
        *_concepts(tables),
        *_days(),
    ]


def _entries() -> list[Definition]:
    """Look-ups in text."""
    at, size, text, mark = named("at"), named("size"), named("text"), named("mark")
    rest = choose(compared(at, "<", whole(0)), NO_TEXT, substring(text, _plus(at, size)))
    found = call(
        "Until", call("Rest", text, position(named("key"), text), length(named("key"))), mark
    )  # fmt: skip
    table, key, meaning = named("table"), named("key"), named("meaning")
    return [
        Definition("Rest", rest, {"text": TEXT, "at": WHOLE, "size": WHOLE}),
        Definition("Until", substring(text, whole(0), position(mark, text)), {"text": TEXT, "mark": TEXT}),
        Definition("Between", found, {"text": TEXT, "key": TEXT, "mark": TEXT}),
        Definition(
            "Entry", call("Between", table, glued(words("\n"), key, words(" = ")), words("\n")), {"table": TEXT, "key": TEXT},
            "The line of a table that begins with the key.",
        ),
        Definition(
            "Member", call("Between", meaning, glued(words(";"), named("name"), words("=")), words(";")), {"meaning": TEXT, "name": TEXT},
            "A member of what a code means.",
        ),
    ]  # fmt: skip


def _plus(one: Term, other: Term) -> Term:
    return Term({"type": "Add", "operand": [one.elm, other.elm]}, f"{one.inner} + {other.inner}", False)


def _concepts(tables: Tables) -> list[Definition]:
    """From a concept to what its codes mean, by the rules of its code systems."""
    table, short, code, concept, said = (named(name) for name in ("table", "short", "code", "concept", "said"))
    systems = tables.codes.systems
    exact = call("Entry", table, glued(short, words(" "), code))
    lengths = Term({"type": "List", "element": [whole(n).elm for n in _PREFIXES]}, "{" + ", ".join(map(str, _PREFIXES)) + "}")
    beginnings = query(
        lengths, "N", where=lambda one: compared(one, "<=", length(code)),
        give=lambda one: call("Entry", table, glued(short, words(" "), substring(code, whole(0), one))),
    )  # fmt: skip
    cases = {
        name: coalesce(exact, call("Entry", table, glued(short, words(f" {about.prefix}"), code)))
        for name, about in systems.items()
        if about.prefix
    }
    cases |= {name: coalesce(exact, first_known(beginnings)) for name, about in systems.items() if about.hierarchical}
    address = lower(first(split(get(named("coding"), "system", "value"), "|")))
    plain = replaced(replaced(lower(said), "[®™]", ""), "[\\s_,;-]+", " ")
    listed = coalesce(get(concept, "coding"), empty(CODING))
    displays = query(listed, "C", lambda one: get(one, "display", "value"))
    by_code = known(listed, "C", lambda one: call("Coded", ref("Code meanings"), one))
    in_words = known(call("Wordings", concept), "W", spoken)
    return [
        Definition("In system", case(short, cases, exact), {"table": TEXT, "short": TEXT, "code": TEXT}),
        Definition("System of", call("Entry", ref("Systems"), address), {"coding": CODING}, "The short name of a code's system."),
        Definition(
            "Coded", call("In system", table, call("System of", named("coding")), get(named("coding"), "code", "value")),
            {"table": TEXT, "coding": CODING}, "What a code stands for in a table.",
        ),
        Definition(
            "Spoken", call("Entry", table, glued(words("text "), replaced(plain, "^ | $", ""))), {"table": TEXT, "said": TEXT},
            "What a wording stands for in a table: lower case, one space between words.",
        ),
        Definition(
            "Wordings", query(
                flat([several([get(concept, "text", "value")]), displays]), "W", where=lambda one: negated(is_null(one))
            ), {"concept": CONCEPT},
        ),
        Definition("Coded meanings", by_code, {"concept": CONCEPT}),
        Definition("Or in words", choose(some(named("found")), named("found"), in_words), {"found": TEXTS, "concept": CONCEPT}),
        Definition(
            "Meanings", choose(is_null(concept), empty(TEXT), call("Or in words", call("Coded meanings", concept), concept)), {"concept": CONCEPT},
            "What a concept means: by its codes, and only where none is known by its wording.",
        ),
        Definition(
            "Exact", coalesce(
                first(query(named("listed"), "M", where=lambda one: negated(says(one, "general")))), first(named("listed"))
            ), {"listed": TEXTS}, "Of several meanings the first that is no general one.",
        ),
        Definition(
            "Specimen of",
            first(query(resources("Specimen"), "S", where=lambda one: compared(get(one, "id", "value"), "=", the_id(named("about"))))),
            {"about": fhir("Reference")},
        ),
    ]  # fmt: skip


def _days() -> list[Definition]:
    """Days of dates that may lack the day or the month: the first one."""
    found = []
    for name, kind, whole_day in (
        ("Day", "DateTime", day_from(named("time"))),
        ("Birthday", "Date", named("time")),
    ):
        time = named("time")
        year = component(time, "year")
        outside = [compared(year, "<", whole(_YEARS[0])), compared(year, ">", whole(_YEARS[1]))]
        early = made_day(year, coalesce(component(time, "month"), whole(1)), whole(1))
        rest = choose(is_null(component(time, "day")), early, whole_day)
        body = choose(is_null(time), NO_DAY, choose(joined("Or", outside), NO_DAY, rest))
        found.append(Definition(name, body, {"time": system(kind)}, "The day of a date, of a month or a year its first."))
    return found
