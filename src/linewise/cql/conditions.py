"""Conditions and procedures in the facts library: other illnesses, the cancer, where it has spread, by the rules of `exchange.fhir`."""

from __future__ import annotations

from linewise.exchange.codes import Codes

from .lookup import (
    NO_DAY,
    day_of,
    extension_meanings,
    extensions,
    has_status,
    is_in,
    known,
    meanings,
    part,
    resources,
    says,
    single,
    the_id,
)
from .queries import (
    NEVER,
    Definition,
    coalesce,
    counted,
    distinct,
    empty,
    entry,
    fhir,
    first,
    flat,
    flattened,
    get,
    last,
    later,
    let,
    position,
    query,
    seen_as,
    several,
    split,
)
from .results import statement
from .terms import Term, boolean, choose, compared, is_null, is_true, joined, member, negated, ref, some, whole, words

_DENIED = ("refuted", "entered-in-error", "cancelled")
_DOUBTFUL = ("provisional", "differential", "unconfirmed")
_OVER = ("resolved", "inactive", "remission")
_NOT_DONE = ("entered-in-error", "not-done", "preparation")
_ADVANCED = ("IV", "M1")


def conditions(codes: Codes) -> list[Definition]:
    """The definitions from `Conditions` and `Procedures` to statements, and the days of spread."""
    return [
        Definition(
            "Recorded conditions",
            _conditions(),
            why="Every condition that is not denied: what its codes mean, since when, until when.",
        ),
        Definition("Conditions", query(ref("Recorded conditions"), "C", where=lambda one: negated(get(one, "doubted")))),
        Definition("Illness statements", _illnesses(codes)),
        Definition("Denied", _denied(), why="Members of lists that are said not to be there."),
        *_cancers(),
        *_tumours(),
        *_spread(codes),
        Definition("Procedure statements", _procedures()),
    ]


def _marked(listed: Term, mark: str) -> Term:
    return query(listed, "M", where=lambda one: says(one, mark))


def _with(listed: Term, name: str, value: str | None = None) -> Term:
    """The meanings that have a member, or have it with a value."""
    if value is None:
        return query(listed, "M", where=lambda one: negated(is_null(part(one, name))))
    return query(listed, "M", where=lambda one: compared(part(one, name), "=", words(value)))


def _began(one: Term) -> Term:
    """When a condition began, or else when it was written down."""
    onset = get(one, "onset")
    asserted = first(query(extensions(one, "assertedDate"), "D", lambda ext: day_of(seen_as(get(ext, "value"), "dateTime"))))
    times = [day_of(seen_as(onset, "dateTime")), day_of(get(seen_as(onset, "Period"), "start")), asserted]
    return coalesce(*times, day_of(get(one, "recordedDate")))


def _conditions() -> Term:
    def ended(one: Term) -> Term:
        span = seen_as(get(one, "abatement"), "Period")
        times = [day_of(seen_as(get(one, "abatement"), "dateTime")), day_of(get(span, "end")), day_of(get(span, "start"))]
        said_over = is_true(compared(get(seen_as(get(one, "abatement"), "boolean"), "value"), "=", boolean(True)))
        over = choose(
            joined("Or", [has_status(get(one, "clinicalStatus"), *_OVER), said_over]), coalesce(let("began"), NEVER), NO_DAY
        )
        return coalesce(*times, over)

    def profiled(one: Term, name: str) -> Term:
        return some(query(
            coalesce(get(one, "meta", "profile"), empty(fhir("canonical"))), "P",
            where=lambda profile: compared(position(words(name), get(profile, "value")), ">=", whole(0)),
        ))  # fmt: skip

    def places(one: Term) -> Term:
        return flattened(query(coalesce(get(one, "bodySite"), empty(fhir("CodeableConcept"))), "B", meanings))

    def stages(one: Term) -> Term:
        staged = coalesce(get(one, "stage"), empty(fhir("Condition.Stage")))
        return query(
            staged, "G", lambda stage: single(distinct(known(meanings(get(stage, "summary")), "M", lambda m: part(m, "stage"))))
        )  # fmt: skip

    def kind(one: Term) -> Term:
        secondary = joined("Or", [
            some(_marked(let("means"), "secondary")),
            joined("And", [negated(some(_with(let("means"), "cancer"))), profiled(one, "secondary-cancer")]),
        ])  # fmt: skip
        primary = joined("Or", [some(_with(let("means"), "cancer")), profiled(one, "primary-cancer")])
        return choose(secondary, words("secondary"), choose(primary, words("cancer"), words("illness")))

    return query(
        resources("Condition"), "C", where=lambda one: negated(has_status(get(one, "verificationStatus"), *_DENIED)),
        let={"means": lambda one: meanings(get(one, "code")), "began": _began, "ended": ended, "kind": kind},
        give=lambda one: entry({
            "id": get(one, "id", "value"), "means": let("means"), "kind": let("kind"), "began": let("began"), "ended": let("ended"),
            "doubted": has_status(get(one, "verificationStatus"), *_DOUBTFUL), "places": places(one), "stages": stages(one),
            "forms": extension_meanings(one, "histology-morphology-behavior"),
            "primaries": query(
                extensions(one, "related-primary-cancer-condition", "condition-related"), "R",
                lambda ext: the_id(seen_as(get(ext, "value"), "Reference")),
            ),
        }),
    )  # fmt: skip


def _illnesses(codes: Codes) -> Term:
    lasting = sorted({meaning.lasts for meaning in (*codes.meanings, *codes.phrases.values()) if meaning.lasts})

    def over(one: Term, meaning: Term) -> Term:
        """When an illness ended; what a code calls a history is never over."""
        return choose(compared(coalesce(part(meaning, "role"), words("")), "=", words("history")), NO_DAY, get(one, "ended"))

    def until(one: Term, meaning: Term) -> Term:
        """The same, and an illness called recent is so for its days."""
        plain = over(one, meaning)
        for days in lasting:
            recent = later(get(one, "began"), days, "days")
            asked = joined("And", [negated(is_null(get(one, "began"))), compared(part(meaning, "lasts"), "=", words(str(days)))])
            plain = choose(asked, recent, plain)
        return plain

    def told(one: Term) -> Term:
        meant = query(
            get(one, "means"), "M",
            where=lambda m: joined("And", [
                is_null(part(m, "cancer")), negated(says(m, "secondary")), negated(is_null(part(m, "fact"))), negated(is_null(part(m, "value"))),
                joined("Or", [says(m, "set"), is_null(get(one, "ended"))]),
            ]),
        )  # fmt: skip
        own = query(meant, "N", lambda m: statement(part(m, "fact"), part(m, "value"), get(one, "began"), until=until(one, m)))
        also = query(
            _with(meant, "also"), "A",
            lambda m: query(
                split(part(m, "also"), ","), "V", lambda value: statement(part(m, "fact"), value, get(one, "began"), until=over(one, m))
            ),
        )  # fmt: skip
        beside = query(
            _with(meant, "beside"), "B",
            lambda m: query(
                split(part(m, "beside"), ","), "W", lambda said: statement(first(split(said, ":")), last(split(said, ":")), get(one, "began"))
            ),
        )  # fmt: skip
        return flat([own, flattened(also), flattened(beside)])

    def felt(one: Term) -> Term:
        """What is felt counts before anybody has confirmed it; of what is looked at before, the value that stands for it."""
        meant = query(
            get(one, "means"), "M",
            where=lambda m: joined("And", [
                negated(is_null(part(m, "value"))),
                joined("Or", [compared(part(m, "fact"), "=", words("symptoms")), negated(is_null(part(m, "doubted")))]),
            ]),
        )  # fmt: skip
        own = query(
            meant, "N", lambda m: statement(part(m, "fact"), coalesce(part(m, "doubted"), part(m, "value")), get(one, "began"))
        )
        also = query(
            _with(meant, "also"), "A",
            lambda m: query(split(part(m, "also"), ","), "V", lambda value: statement(part(m, "fact"), value, get(one, "began"))),
        )  # fmt: skip
        return flat([own, flattened(also)])

    ill = query(
        ref("Conditions"), "I",
        where=lambda one: joined("Or", [  # an illness may be named in the same words as a cancer
            compared(get(one, "kind"), "=", words("illness")), some(_with(get(one, "means"), "cancer")), some(_marked(get(one, "means"), "secondary")),
        ]),
    )  # fmt: skip
    doubted = query(
        ref("Recorded conditions"), "D", felt, where=lambda one: joined("And", [get(one, "doubted"), is_null(get(one, "ended"))])
    )
    return flat([flattened(query(ill, "J", told)), flattened(doubted)])


def _denied() -> Term:
    """What refuted conditions would say."""

    def told(one: Term) -> Term:
        meant = query(
            meanings(get(one, "code")), "M", where=lambda m: joined("And", [says(m, "set"), negated(is_null(part(m, "value")))])
        )
        return query(meant, "N", lambda m: statement(part(m, "fact"), part(m, "value"), let("began")))

    refuted = query(
        resources("Condition"), "C", told, where=lambda one: has_status(get(one, "verificationStatus"), "refuted"), let={"began": _began}
    )  # fmt: skip
    return flattened(refuted)


def _cancers() -> list[Definition]:
    def named(one: Term) -> Term:
        """What is named as a cancer itself, also in the words of a tumour that has spread ("breast cancer with liver metastases")."""
        return query(
            _with(get(one, "means"), "cancer"), "M", where=lambda m: negated(compared(part(m, "cancer"), "=", words("regional")))
        )

    def origin(one: Term) -> Term:
        """Where a cancer began, as far as it is said: breast, in situ, other, or not known."""
        means = named(one)
        in_breast = some(_with(get(one, "places"), "site", "breast"))
        in_situ = choose(some(_with(get(one, "forms"), "cancer", "in-situ")), words("in-situ"), words("breast"))
        unplaced = choose(in_breast, in_situ, words("unknown-site"))
        rest = choose(
            some(_with(means, "cancer", "in-situ")), words("in-situ"), choose(some(_with(means, "cancer", "other")), words("other"), unplaced)
        )  # fmt: skip
        return choose(some(_with(means, "cancer", "breast")), in_situ, rest)

    listed = query(
        ref("Conditions"), "I",
        where=lambda one: joined("Or", [
            compared(get(one, "kind"), "=", words("cancer")),
            joined("And", [compared(get(one, "kind"), "=", words("secondary")), some(named(one))]),
        ]),
    )  # fmt: skip
    cancers = query(
        listed, "C", lambda one: entry({"origin": origin(one), "began": get(one, "began"), "means": flat([named(one), get(one, "forms")])})
    )  # fmt: skip

    def of(kind: str) -> Term:
        return query(ref("Cancers"), "C", where=lambda one: compared(get(one, "origin"), "=", words(kind)))

    forms = query(
        of("breast"), "B",
        lambda one: query(
            _with(get(one, "means"), "histology"), "H", lambda m: statement(words("histology"), part(m, "histology"), get(one, "began"))
        ),
    )  # fmt: skip
    second = query(
        of("other"), "O", where=lambda one: some(of("breast")), give=lambda one: statement(words("comorbidities"), words("second-cancer"))
    )  # fmt: skip
    return [Definition("Cancers", cancers), Definition("Cancer statements", flat([flattened(forms), second]))]


def _tumours() -> list[Definition]:
    """Tumours that have spread, unless they come from a cancer elsewhere."""

    def elsewhere(one: Term) -> Term:
        may_be = query(
            ref("Conditions"), "P",
            where=lambda p: joined("And", [
                member(get(p, "id"), get(one, "primaries")), negated(some(_with(get(p, "means"), "cancer", "breast"))),
                negated(some(_with(get(p, "means"), "cancer", "unknown-site"))), negated(some(_with(get(p, "places"), "site", "breast"))),
            ]),
        )  # fmt: skip
        return some(may_be)

    def sites(one: Term) -> Term:
        named_sites = known(_marked(get(one, "means"), "secondary"), "S", lambda m: part(m, "value"))
        placed = query(
            known(get(one, "places"), "B", lambda m: part(m, "site")), "Q", where=lambda site: negated(compared(site, "=", words("breast")))
        )  # fmt: skip
        return distinct(choose(some(named_sites), named_sites, placed))

    def regional(one: Term) -> Term:
        marked = _marked(get(one, "means"), "secondary")
        return joined("And", [some(marked), compared(counted(marked), "=", counted(_with(marked, "cancer", "regional")))])

    listed = query(
        ref("Conditions"), "I",
        where=lambda one: joined("And", [compared(get(one, "kind"), "=", words("secondary")), negated(elsewhere(one))]),
    )  # fmt: skip
    tumours = query(
        listed, "T",
        lambda one: entry({"sites": sites(one), "regional": regional(one), "began": get(one, "began"), "ended": get(one, "ended")}),
    )  # fmt: skip
    return [
        Definition(
            "Secondary tumours",
            tumours,
            why="Tumours that have spread, with their places. `regional`: nodes near the breast only.",
        )
    ]


def _spread(codes: Codes) -> list[Definition]:
    """What says that the cancer has spread, and since when."""

    def day_only(on: Term) -> Term:
        return entry({"on": on})

    tumours = query(
        ref("Secondary tumours"), "T", lambda one: day_only(get(one, "began")), where=lambda one: negated(get(one, "regional"))
    )  # fmt: skip
    staged = query(
        ref("Conditions"), "C",
        lambda one: query(get(one, "stages"), "G", lambda stage: day_only(get(one, "began")), where=lambda stage: is_in(stage, *_ADVANCED)),
    )  # fmt: skip

    def stage_of(one: Term) -> Term:
        return single(distinct(known(get(one, "answers"), "A", lambda m: part(m, "stage"))))

    def sites_of(one: Term) -> Term:
        said = known(
            get(one, "answers"),
            "A",
            lambda m: choose(compared(part(m, "fact"), "=", words("sites")), part(m, "value"), part(m, "site")),
        )
        return distinct(query(said, "Q", where=lambda site: negated(compared(site, "=", words("breast")))))

    def plain_yes(one: Term) -> Term:
        """A situation ("spread to the liver") that the result does not deny."""
        denied = query(get(one, "words"), "W", where=lambda word: negated(compared(word, "=", words("positive"))))
        return joined("And", [negated(get(one, "coded")), negated(some(denied)), is_null(get(one, "number"))])

    def role(one: Term, name: str) -> Term:
        return joined("And", [negated(get(one, "faulty")), compared(get(one, "role"), "=", words(name))])

    by_stage = query(
        ref("Results"), "R", lambda one: day_only(get(one, "on")),
        where=lambda one: joined("And", [role(one, "stage"), is_in(coalesce(stage_of(one), words("")), *_ADVANCED)]),
    )  # fmt: skip
    seen = query(
        ref("Results"), "R", lambda one: day_only(get(one, "on")),
        where=lambda one: joined("And", [role(one, "spread"), joined("Or", [some(sites_of(one)), plain_yes(one)])]),
    )  # fmt: skip

    def places(one: Term) -> Term:
        found = choose(
            some(sites_of(one)),
            sites_of(one),
            choose(plain_yes(one), several([part(get(one, "meaning"), "value")]), sites_of(one)),
        )
        listed = query(found, "S", where=lambda site: negated(is_null(site)))
        return query(listed, "U", lambda site: statement(words("sites"), site, get(one, "on")))

    told = flattened(query(query(ref("Results"), "R", where=lambda one: role(one, "spread")), "P", places))
    sites = query(
        ref("Secondary tumours"), "T",
        lambda one: query(get(one, "sites"), "S", lambda site: statement(words("sites"), site, get(one, "began"), until=get(one, "ended"))),
    )  # fmt: skip
    values = codes.facts["sites"].values
    known_places = query(flat([flattened(sites), told]), "K", where=lambda one: is_in(get(one, "value"), *values))
    return [
        Definition("Tumours beyond the nodes", tumours),
        Definition("Advanced stages", flat([flattened(staged), by_stage, seen])),
        Definition("Spread", flat([ref("Tumours beyond the nodes"), ref("Advanced stages")]), why="Everything that says the disease is metastatic."),
        Definition(
            "Turns metastatic", choose(some(ref("Tumours beyond the nodes")), ref("Tumours beyond the nodes"), ref("Advanced stages")),
            why="When it became so: stages count where no tumour does.",
        ),
        Definition("Site statements", known_places),
    ]  # fmt: skip


def _procedures() -> Term:
    def when(one: Term) -> Term:
        span = seen_as(get(one, "performed"), "Period")
        return coalesce(day_of(seen_as(get(one, "performed"), "dateTime")), day_of(get(span, "start")), day_of(get(span, "end")))

    def told(one: Term) -> Term:
        meant = query(
            meanings(get(one, "code")), "M",
            where=lambda m: joined("And", [negated(is_null(part(m, "fact"))), negated(is_null(part(m, "value")))]),
        )  # fmt: skip
        return query(meant, "N", lambda m: statement(part(m, "fact"), part(m, "value"), when(one)))

    done = query(
        resources("Procedure"), "P", where=lambda one: negated(is_in(coalesce(get(one, "status", "value"), words("")), *_NOT_DONE))
    )  # fmt: skip
    return flattened(query(done, "D", told))
