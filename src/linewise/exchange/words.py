"""Words where codes would stand: the name of a test and its result, an illness, a place of spread, a medicine, a harm, a reason.

The words are those of the readers of documents (`linewise.phrases`, `knowledge/reading/`), and so is the grammar: what is denied, doubted, planned, of
the family or of the past is no statement. What these words mean for an entry of a record stands in `knowledge/codes/words.yaml`. A result counts only
where every word of it is understood; otherwise it is left as it was, with what was not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from linewise.exchange.codes import Codes, Meaning, normal
from linewise.record.model import FactValue

if TYPE_CHECKING:
    from linewise.knowledge import Knowledge
    from linewise.phrases.claims import Claim, Context
    from linewise.phrases.lexicon import Match, Words
    from linewise.phrases.tokens import Token
    from linewise.reading.reader import Read

LANGUAGES = ("en", "de")
_CHANGE = re.compile(
    r"(?:[pcgn]\.\s?\(?[A-Za-z0-9_>*=+\-]+\)?|\bN[MP]_[\d.]+|\b[ACDEFGHIKLMNPQRSTVWY]\d{2,4}[ACDEFGHIKLMNPQRSTVWYfsdel*]+\b|\b(?:VAF|MAF|AF)\b)"
)
"""How a change of a gene is written: by itself it is no word."""
_PARTNERS = re.compile(
    r"\b[A-Za-z][A-Za-z0-9]{1,9}(?:-|::|/)[A-Za-z][A-Za-z0-9]{1,9}(?=\s+(?:gene\s+)?(?:fusion|rearrangement))", re.IGNORECASE
)
"""How a fusion of two genes is written, as ETV6-NTRK3 fusion."""
_CLOSED = ("negated", "of the family", "taken back", "it stands under", "no illness that changes")
"""Why a claim does not hold, where that leaves nothing open for this person."""
_DENIALS = frozenset({"negative", "wild-type", "not-amplified", "no-staining"})
_FOUND = frozenset({"mutated", "fusion", "altered", "germline-pathogenic", "somatic-pathogenic", "positive", "high", "amplified"})
"""Results that words of denial beside them put in doubt."""
_LISTS = ("comorbidities", "symptoms", "sites")
_BRACKETS = str.maketrans(dict.fromkeys("()[]"))
_SCALES = frozenset({"ctcae", "nci", "nci ctcae"})
"""The scale of which the grade beside a name is."""
_LONGEST = 400
"""Letters. What is longer is a text, not the name of something."""


class Said(NamedTuple):
    """What words say: the facts that hold, the facts that they leave open, and why something was not understood."""

    values: tuple[tuple[str, FactValue], ...] = ()
    touches: tuple[str, ...] = ()
    why: str = ""


class Illness(NamedTuple):
    """What the name of an illness says: its meanings as codes would have them, the grade, and what it leaves open where it is not sure."""

    meanings: tuple[Meaning, ...] = ()
    grade: int | None = None
    touches: tuple[str, ...] = ()
    understood: bool = False
    why: str = ""
    closed: tuple[str, ...] = ()


NOTHING = Illness()
_opened: dict[str, Knowledge] = {}
_books: dict[str, Book] = {}


def remember(knowledge: Knowledge) -> None:
    """Keep the knowledge that codes were made of: the words are in it. (Codes alone can be stored and sent to another process.)"""
    _opened[knowledge.content.version] = knowledge


def book_of(codes: Codes) -> Book | None:
    """The words that belong to these codes; None where they were made without them."""
    if not codes.worded:
        return None
    knowledge = _opened.get(codes.version)
    if knowledge is None:
        from linewise.knowledge import open_knowledge  # another process than the one that made the codes

        knowledge = open_knowledge()
        remember(knowledge)
        if knowledge.content.version != codes.version:
            return None
    book = _books.get(codes.version)
    if book is None or book.knowledge is not knowledge:
        book = _books[codes.version] = Book(knowledge, codes)
    return book


class Book:
    """The words of one knowledge. Everything is looked up once."""

    def __init__(self, knowledge: Knowledge, codes: Codes) -> None:
        from linewise.phrases.lexicon import words_of

        self.words: Words = words_of(knowledge)
        self.codes, self.knowledge = codes, knowledge
        self._known = {
            (one.fact, one.value): one for one in codes.meanings if one.fact and one.value is not None and not one.ignore
        }
        self._plain = self._names()
        self._by_fact = {test.meaning.fact: test.say for test in reversed(codes.tests)}

    def _names(self) -> dict[str, Meaning]:
        """The members of lists by the names that the knowledge itself has for them: the id with spaces, and the label without what stands in brackets."""
        found: dict[str, Meaning] = {}
        for fact in ("comorbidities", "symptoms"):
            about = self.knowledge.facts.get(fact)
            for value, member in (about.values if about is not None else {}).items():
                for name in (str(value).replace("-", " "), re.sub(r"\s*\(.*\)$", "", member.label)):
                    found.setdefault(normal(name), self._meaning(fact, str(value)))
        return found

    # Names of tests

    @lru_cache(maxsize=4096)  # noqa: B019  one object for the life of the program
    def test(self, label: str) -> tuple[Meaning, str] | None:
        """What the name of an observation is about, and the name under which its result is read; None where it is not understood as a whole."""
        tokens, matches = self._found(label, "en")
        if not tokens or any(
            match.has(kind) for match in matches for kind in self.codes.against if not _subject(match, self.codes)
        ):
            return None
        terms = {f"{term.kind}:{term.id}" for match in matches for term in match.terms}
        subjects = {
            next(f"{term.kind}:{term.id}" for term in match.terms if term.kind in self.codes.subjects)
            for match in matches
            if _subject(match, self.codes)
        }
        rest = _uncovered(label, tokens, matches, self.codes.of_names | self.codes.fillers)
        best = max((test for test in self.codes.tests if set(test.all) <= terms), key=lambda test: len(test.all), default=None)
        if best is None or rest or not subjects <= set(best.all):
            return None
        return best.meaning, best.say

    @lru_cache(maxsize=4096)  # noqa: B019
    def about(self, label: str) -> tuple[str, ...]:
        """The facts of which the name of a test speaks, although it is not understood as a whole."""
        found: dict[str, None] = {}
        for language in LANGUAGES:
            terms = {f"{term.kind}:{term.id}" for match in self._found(label, language)[1] for term in match.terms}
            for test in self.codes.tests:
                if set(test.all) <= terms:
                    found |= dict.fromkeys(
                        name for name in (test.meaning.fact, test.meaning.percent, test.meaning.fallback) if name
                    )
        return tuple(found)

    def say(self, fact: str) -> str:
        """The name under which results of a fact are read."""
        return self._by_fact.get(fact, "")

    @lru_cache(maxsize=4096)  # noqa: B019
    def result(self, say: str, said: str, facts: tuple[str, ...]) -> Said:
        """What a result in words says of some facts, if every word of it is understood."""
        if len(said) > _LONGEST:
            return Said(why="a long text")
        understood, why = [], ""
        for language in LANGUAGES:
            missed = self._missed(said, language, facts)
            if missed:
                why = why or f"“{missed}” is not understood"
            else:
                understood.append(language)
        if not understood:
            return Said(why=why)
        claims = [
            [one for one in self._row(say, said, language).claims if one.fact in facts and self._value(one) is not None]
            for language in understood
        ]
        matches = [match for language in understood for match in self._found(said, language)[1]]
        doubted = next((one for found in claims for one in found if not one.sure), None)
        if doubted is not None:
            return Said(why=doubted.why)
        values = {(one.fact, self._value(one)) for found in claims for one in found}
        denied = any(
            match.has("neg") or any(term.kind == "result" and term.id in _DENIALS for term in match.terms) for match in matches
        )
        if denied and any(value is True or value in _FOUND for _, value in values):
            return Said(why="it is denied and stated in the same words")
        if any(sum(name == fact for name, _ in values) > 1 for fact in facts):
            return Said(why="the result contradicts itself")
        return Said(tuple((name, value) for name, value in sorted(values, key=str) if value is not None))

    def _missed(self, said: str, language: str, facts: tuple[str, ...]) -> str:
        """What in a result is not understood in a language, or is about something else. Numbers and words that change nothing are no answer."""
        said = _PARTNERS.sub(lambda found: " " if any(fact in found[0].upper() for fact in facts) else found[0], said)
        tokens, matches = self._found(said, language)
        rest = _uncovered(said, tokens, matches, self.codes.fillers | self.codes.of_names)
        other = [match for match in matches if _subject(match, self.codes) and not self._about(match, facts)]
        other += [
            match
            for match in matches
            if any(match.has(kind) for kind in self.codes.against) and not (match.has("neg") or match.has("result"))
        ]
        shapes = [self.codes.facts[fact] for fact in facts]
        counted = any(token.kind == "n" for token in tokens) and any(shape.type == "number" for shape in shapes)
        bare = not matches and not counted and not any("".join(said.split()) in shape.values for shape in shapes)
        return rest or (_words(tokens, other[0]) if other else "") or (said if bare else "")

    def _about(self, match: Match, facts: Sequence[str]) -> bool:
        """Whether a test that is named in a result is the test itself, or one of the facts that it answers."""
        own = {f"{term.kind}:{term.id}" for term in match.terms}
        return any(test.meaning.fact in facts and own & set(test.all) for test in self.codes.tests)

    # Names of illnesses, of places of spread, of symptoms

    @lru_cache(maxsize=4096)  # noqa: B019
    def illness(self, label: str) -> Illness:
        """What the name of a condition says."""
        if not label or len(label) > _LONGEST:
            return NOTHING
        label = self._without_ending(label)
        if (own := self._plain.get(normal(label))) is not None:
            return Illness((own,), None, (), True)
        own = self.codes.phrases.get(normal(label))
        if own is not None and (own.secondary or own.cancer or (own.value is not None and own.fact in _LISTS)):
            return Illness((own,), None, (), True)
        plain, grade = self._ungraded(label)
        if (
            plain
            and (own := self._plain.get(normal(plain)) or self.codes.phrases.get(normal(plain))) is not None
            and own.fact == "symptoms"
        ):
            return Illness((own,), grade, (), True)
        found = [self._illness(label, language) for language in LANGUAGES]
        sure = [one for one in found[0].meanings if one in found[1].meanings]
        shut = {name for one in found for name in one.closed}
        open_ = tuple(dict.fromkeys(name for one in found for name in one.touches if name not in shut))
        closed = any(one.understood and not one.meanings for one in found)
        why = next((one.why for one in found if one.why), "")
        if closed or len(sure) < max(len(one.meanings) for one in found):
            return Illness((), None, open_, closed or bool(open_), why)
        return Illness(tuple(sure), found[0].grade, open_, bool(sure), why)

    def _without_ending(self, label: str) -> str:
        """A name without the mark that a hospital sets behind it, as `(HCC)` for a category of accounting."""
        found = label.rstrip()
        while ending := next((one for one in self.codes.of_endings if found.lower().endswith(one)), ""):
            found = found[: -len(ending)].rstrip()
        return found

    def _ungraded(self, label: str) -> tuple[str, int | None]:
        """A name without the grade that stands in it, and that grade; nothing where none stands there."""
        for language in LANGUAGES:
            tokens, matches = self._found(label, language)
            for match in matches:
                if match.id("grade") != "grade":
                    continue
                number = (
                    tokens[match.last] if match.last < len(tokens) and tokens[match.last].text in ("1", "2", "3", "4") else None
                )
                first, end = tokens[match.first].start, (number or tokens[match.last - 1]).end
                words = f"{label[:first]} {label[end:]}".translate(_BRACKETS).split()
                plain = " ".join(word for word in words if normal(word) not in _SCALES).strip(" ,;:-–")
                return plain, int(number.text) if number else None
        return "", None

    def _illness(self, label: str, language: str) -> Illness:
        from linewise.phrases.claims import Context

        read = self._line(label, language)
        if not read.paper.statements:
            return NOTHING
        statement = read.paper.statements[-1]
        context = Context(read.paper, statement)
        rest = _uncovered(label, statement.tokens, statement.matches, self.codes.of_illnesses)
        meanings: list[Meaning] = []
        touches: dict[str, None] = {}
        closed: list[str] = []
        why = ""
        for fact, value, sure, reason in self._members(read, context):
            meaning = self._meaning(fact, value)
            name = f"{fact}:{value}" if self.codes.facts[fact].type == "set" else fact
            named = (name, "metastatic") if meaning.secondary else (name,)
            if sure and (fact == "comorbidities" or not rest):
                meanings.append(meaning)
            elif sure or not reason.startswith(_CLOSED):
                touches |= dict.fromkeys(named)
                why = why or reason or f"“{rest}” is not understood"
            else:
                closed += named
                why = reason
        for meaning in self._cancer(context, rest):
            meanings.append(meaning)
        grade = self._grade(context)
        if not meanings and rest and not why:
            return NOTHING
        return Illness(tuple(meanings), grade, tuple(touches), bool(meanings or why), why, tuple(closed))

    def _members(self, read: Read, context: Context) -> Iterable[tuple[str, FactValue, bool, str]]:
        """The list members that the words name, and whether each holds. A finding of the grammar overrides the meaning of a single word."""
        claimed = set()
        for claim in read.claims:
            if (
                claim.fact in ("sites", "comorbidities", "cord-compression", "brain-status")
                and (value := self._value(claim)) is not None
            ):
                claimed.add(claim.fact)
                yield claim.fact, value, claim.sure, claim.why
        for match in context.matches:
            for kind, named in self.codes.named.items():
                term = match.id(kind)
                if term is None or named.fact in claimed:
                    continue
                value = term if named.value is None else named.value
                shape = self.codes.facts[named.fact]
                if shape.type == "yes-no" or value in shape.values:
                    yield (named.fact, value, *context.standing(match.first, match.last))

    def _meaning(self, fact: str, value: FactValue) -> Meaning:
        """As a code would have it: with how long it lasts, and what else it stands for."""
        known = self._known.get((fact, value))
        if fact == "sites":
            regional = value in ("regional-node", "lymph-node") and known is not None and known.cancer == "regional"
            return Meaning(fact=fact, value=value, secondary=True, cancer="regional" if regional else "")
        return known or Meaning(fact=fact, value=value)

    def _cancer(self, context: Context, rest: str) -> Iterable[Meaning]:
        """Breast cancer by its name, and that it has spread where the name says so."""
        if rest:
            return
        tumours = [one for one in context.matches if one.has("cancer") or one.has("tumour-cells") or one.has("primaryspecimen")]
        breast = [one for one in context.matches if one.id("cancer") == "breast" or one.id("site") == "breast"]
        words = normal(" ".join(token.text for token in context.tokens))
        named = bool(breast and tumours) or any(name in words for name in self.codes.cancer_names)
        at = (breast or tumours)[0] if breast or tumours else None
        if not named or (at is not None and not context.standing(at.first, at.last)[0]):
            return
        if any(one.has("othercancer") or one.has("family") or one.has("doubt") for one in context.matches):
            return
        yield Meaning(cancer="breast")
        if any(one.has("metastatic") or one.id("stage") == "m1" for one in context.matches):
            yield Meaning(secondary=True)

    def _grade(self, context: Context) -> int | None:
        for at, match, token in context.ahead(0, 40):
            if match is not None and match.id("grade") == "grade":
                after = context.tokens[match.last : match.last + 2]
                number = next((int(one.text) for one in after if one.text in ("1", "2", "3", "4")), None)
                if number is not None:
                    return number
            del at, token
        return None

    @lru_cache(maxsize=1024)  # noqa: B019
    def declined(self, said: str) -> tuple[str, ...]:
        """What somebody does not want, as words say it of the person of the record."""
        if not said or len(said) > _LONGEST:
            return ()
        found = [
            one for language in LANGUAGES for one in self._line(said, language).claims if one.fact == "declines" and one.sure
        ]
        return tuple(sorted({str(one.value) for one in found if self._of_list(one)}))

    @lru_cache(maxsize=1024)  # noqa: B019
    def harm(self, said: str) -> tuple[str, str] | None:
        """The drug and the harm that it did, where words name one of each for certain: `pneumonitis due to everolimus`."""
        if not said or len(said) > _LONGEST:
            return None
        if any(
            match.has(kind)
            for language in LANGUAGES
            for match in self._found(said, language)[1]
            for kind in ("neg", "doubt", "family")
        ):
            return None
        claims = [
            one for language in LANGUAGES for one in self._line(said, language).claims if one.fact == "reactions" and one.sure
        ]
        found = {(str(one.value.get("drug")), str(one.value.get("effect"))) for one in claims if isinstance(one.value, dict)}
        known = {(drug, effect) for drug, effect in found if drug in self.codes.drugs and effect in self.codes.effects}
        return known.pop() if len(known) == 1 == len(found) else None

    def _of_list(self, claim: Claim) -> bool:
        return isinstance(claim.value, str) and claim.value in self.codes.facts[claim.fact].values

    @lru_cache(maxsize=1024)  # noqa: B019
    def grade(self, name: str, said: str) -> int | None:
        """The grade, 0 to 4, that a result gives of what its name names: a number, where the name or the result says that it is a grade."""
        if len(said) > _LONGEST:
            return None
        tokens, matches = self._found(said, "en")
        called = [match for text in (name, said) for match in self._found(text, "en")[1] if match.id("grade") == "grade"]
        called += [match for text in (name, said) for match in self._found(text, "de")[1] if match.id("grade") == "grade"]
        rest = _uncovered(said, tokens, matches, self.codes.of_illnesses)
        numbers = [token.text for token in tokens if token.kind == "n"]
        return int(numbers[0]) if called and not rest and len(numbers) == 1 and numbers[0] in ("0", "1", "2", "3", "4") else None

    @lru_cache(maxsize=1024)  # noqa: B019
    def effect(self, said: str) -> str:
        """The harm that words name: by the names that the knowledge has for harms, with or without a grade, else by the words of documents."""
        plain, _ = self._ungraded(said)
        found = self._effects.get(normal(said)) or self._effects.get(normal(plain)) or self.one_of(("harm", "symptom"), said)
        return found if found in self.codes.effects else ""

    @cached_property
    def _effects(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, effect in self.knowledge.content.effects.items():
            for form in (name, effect.label, *effect.also):
                found.setdefault(normal(form), name)
        return found

    @lru_cache(maxsize=1024)  # noqa: B019
    def places(self, said: str) -> tuple[str, ...]:
        """The places that a list of them names, where every word of it is one; nothing where one is near the breast, denied or doubted."""
        if len(said) > _LONGEST:
            return ()
        known = self.codes.facts["sites"].values
        for language in LANGUAGES:
            tokens, matches = self._found(said, language)
            found = {match.id("sitemet") or match.id("site") for match in matches if match.has("sitemet") or match.has("site")}
            plain = all(match.has("sitemet") or match.has("site") for match in matches)
            if found and plain and found <= {*known} and not _uncovered(said, tokens, matches, self.codes.of_illnesses):
                return tuple(sorted(str(one) for one in found))
        return ()

    # Single words

    @lru_cache(maxsize=4096)  # noqa: B019
    def one_of(self, kinds: tuple[str, ...], said: str) -> str:
        """The one thing of these kinds that words name, where nothing denies or doubts it; nothing where they name none or several."""
        if not said or len(said) > _LONGEST:
            return ""
        found: set[str] = set()
        for language in LANGUAGES:
            _, matches = self._found(said, language)
            if any(match.has("neg") or match.has("doubt") or match.has("family") for match in matches):
                return ""
            found |= {term.id for match in matches for term in match.terms if term.kind in kinds}
        return found.pop() if len(found) == 1 else ""

    @lru_cache(maxsize=4096)  # noqa: B019
    def drugs(self, name: str) -> tuple[str, ...]:
        """The drugs that the name of a product holds, however it is written; nothing where a word of it may be another drug."""
        if len(name) > _LONGEST:
            return ()
        plain = re.sub(r"\([A-Z][A-Z0-9 -]+\)", " ", name)  # a brand as hospitals write it, beside the name
        tokens, matches = self._found(plain if self._found(plain, "en")[1] else name, "en")
        drugs = {term.id for match in matches if not match.fuzzy for term in match.terms if term.kind == "drug"}
        named = [match for match in matches if match.has("drug")]
        rest = [
            token.norm
            for at, token in enumerate(tokens)
            if token.kind == "w" and len(token.norm) > 2 and not any(one.first <= at < one.last for one in named)
        ]
        strange = [word for word in rest if word not in self.codes.of_medicines]
        return tuple(drugs) if len(drugs) == 1 and not strange else ()

    @lru_cache(maxsize=1024)  # noqa: B019
    def named_drugs(self, said: str) -> frozenset[str]:
        """Every drug that words name, whatever they say of it."""
        if len(said) > _LONGEST:
            return frozenset()
        matches = [match for language in LANGUAGES for match in self._found(said, language)[1]]
        return frozenset(term.id for match in matches if not match.fuzzy for term in match.terms if term.kind == "drug")

    # Reading

    def _found(self, text: str, language: str) -> tuple[list[Token], list[Match]]:
        from linewise.phrases.tokens import tokens_of

        tokens = tokens_of(text, [(0, len(text))])
        return tokens, self.words.lexicon(language).matches(tokens, False)

    def _row(self, name: str, value: str, language: str) -> Read:
        return self._read("Results:", [name, value], language)

    def _line(self, text: str, language: str) -> Read:
        return self._read("Active problems:" if language == "en" else "Diagnosen:", [text], language)

    def _read(self, heading: str, cells: list[str], language: str) -> Read:
        from linewise.papers.sheet import Builder
        from linewise.reading.reader import read_paper

        made = Builder("an entry", "entry")
        made.hints = {"kind": "record", "language": language}
        made.line(heading, 2)
        if len(cells) > 1:
            made.table([["Test", "Result"], cells], True)
        else:
            made.line(f"• {' '.join(cells[0].split())}")
        return read_paper(made.sheet(), self.words)

    def _value(self, claim: Claim) -> FactValue | None:
        """A claim's value, if its fact can have it."""
        shape, value = self.codes.facts.get(claim.fact), claim.value
        if shape is None:
            return None
        if shape.type == "number":
            return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        if shape.type == "yes-no":
            return value if isinstance(value, bool) else None
        return value if isinstance(value, str) and value in shape.values else None


def _subject(match: Match, codes: Codes) -> bool:
    return any(term.kind in codes.subjects for term in match.terms)


def _words(tokens: Sequence[Token], match: Match) -> str:
    return " ".join(token.text for token in tokens[match.first : match.last])


def _uncovered(text: str, tokens: Sequence[Token], matches: Sequence[Match], fillers: Iterable[str]) -> str:
    """The words of a text that are no term, no filler, and no way to write a change of a gene."""
    first = tokens[0].start - (len(text) - len(text.lstrip())) if tokens else 0
    changes = [found.span() for found in _CHANGE.finditer(text)]
    covered = {at for match in matches for at in range(match.first, match.last)}
    known = set(fillers)
    left = [
        token.text
        for at, token in enumerate(tokens)
        if at not in covered
        and token.kind == "w"
        and len(token.norm) > 1
        and token.norm not in known
        and not any(start <= token.start - first < end for start, end in changes)
    ]
    return " ".join(left)
