"""The code lists of the knowledge as text: one line a code, with what it means, to be looked up inside a CQL library.

A list of thousands of codes is slow as a CQL list, which engines walk through for every coding; text is searched at the speed of the machine.
No terminology service is needed. A line is `system code = ;member=value;member=value;`, for a wording `text wording = …`.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewise.exchange.codes import CARRIER, Codes, FactShape, Meaning, normal
from linewise.knowledge import Knowledge
from linewise.knowledge.book import plain_name
from linewise.record.lines import role

_INHERITED = "germline-pathogenic"
UNCLEAR = "?"
"""Stands for an answer that can be read in two ways."""
OTHER = "~"
"""Before an answer to the other fact that an observation may answer."""


class Tables:
    """The tables of one knowledge. `abouts` numbers what observations can be about."""

    def __init__(self, knowledge: Knowledge, codes: Codes) -> None:
        self.knowledge, self.codes = knowledge, codes
        self._abouts: dict[tuple[object, ...], tuple[str, Meaning]] = {}
        self.meanings = _table(self._meanings())
        self.answers = _table(self._answers())
        self.systems = _table(self._systems())
        self.medicines = _table(self._medicines())
        self.kinds = _table(self._kinds())
        self.effects = _table(self._effects())

    def _systems(self) -> Iterator[tuple[str, str]]:
        for address, short in self.codes.addresses.items():
            for form in (address, f"{address}/"):
                yield form, short

    def _meanings(self) -> Iterator[tuple[str, str]]:
        for system, row in self.codes.codes.items():
            for code, number in row.items():
                meaning = self.codes.meanings[number]
                if not meaning.drug:
                    yield f"{system} {code}", self._members(meaning)
        wordings = {form: f";word={word};" for form, word in self.codes.words.items()}
        wordings |= {form: self._members(meaning) for form, meaning in self.codes.phrases.items()}
        for form, members in wordings.items():
            yield f"text {form}", members

    def _members(self, meaning: Meaning) -> str:
        """What a code means, member by member. One that means nothing here is known all the same."""
        if meaning.ignore:
            return ";ignore;"
        if meaning.bands:
            return ";role=part;"  # another scale: this reader leaves it open
        found = {name: str(getattr(meaning, name)) for name in _PLAIN if getattr(meaning, name)}
        shape = self.codes.facts.get(meaning.fact)
        if meaning.value is not None:
            found["value"] = str(meaning.value).lower() if isinstance(meaning.value, bool) else str(meaning.value)
        if meaning.site == "breast" or meaning.site in self.codes.facts["sites"].values:
            found["tissue"] = "primary" if meaning.site == "breast" else "metastasis"
        if shape is not None:
            found |= self._measured(meaning, shape)
            if meaning.role == "gene":
                found |= _gene(meaning, shape)
        if meaning.also:
            found["also"] = ",".join(meaning.also)
        if meaning.beside:
            found["beside"] = ",".join(f"{fact}:{value}" for fact, value in meaning.beside.items())
        members = [f"{name}={value}" for name, value in found.items()]
        members += [name for name in ("secondary", "general", "relative") if getattr(meaning, name)]
        if shape is not None and shape.type == "set":
            members.append("set")
        return f";{';'.join(members) or 'known'};"

    def _measured(self, meaning: Meaning, shape: FactShape) -> dict[str, str]:
        key = (meaning.fact, meaning.percent, meaning.fallback, tuple(meaning.answers.items()), meaning.unclear)
        same = sum(other[0] == meaning.fact for other in self._abouts)
        name = f"{meaning.fact}#{same + 1}" if same else meaning.fact
        found = {"about": self._abouts.setdefault(key, (name, meaning))[0]}
        if shape.type == "number":
            found["number"] = meaning.fact
        elif meaning.percent:
            found["percent"] = meaning.percent
        return found

    def _answers(self) -> Iterator[tuple[str, str]]:
        """What each result word says where an observation is about something: the rule of the reader, word by word."""
        said = {meaning.word for meaning in self.codes.meanings} | set(self.codes.words.values()) - {""}
        said |= {f"{number}" for number in range(10)}
        whole = {
            (m.fact, m.value)
            for m in (*self.codes.meanings, *self.codes.phrases.values())
            if isinstance(m.value, bool | str) and m.fact
        }
        for name, meaning in self._abouts.values():
            facts = [fact for fact in (meaning.fact, meaning.fallback) if fact]
            for word in sorted(said):
                answer = UNCLEAR if word in meaning.unclear else self._answer(meaning, facts, word)
                if answer:
                    yield f"{name} {word}", answer
            for fact, value in sorted(whole, key=str):
                if fact in facts:
                    text = f"{fact}={str(value).lower() if isinstance(value, bool) else value}"
                    yield f"{name} {text}", text if fact == meaning.fact else OTHER + text

    def _answer(self, meaning: Meaning, facts: list[str], word: str) -> str:
        for fact in facts:
            shape = self.codes.facts[fact]
            own = meaning.answers if fact == meaning.fact else {}
            value = own.get(word) or self.codes.answers.get(fact, {}).get(word, word)
            if shape.type == "yes-no" and value in ("positive", "negative"):
                value = "true" if value == "positive" else "false"
            elif value not in shape.values:
                continue
            return f"{'' if fact == meaning.fact else OTHER}{fact}={value}"
        return ""

    def _medicines(self) -> Iterator[tuple[str, str]]:
        for system, row in self.codes.codes.items():
            for code, number in row.items():
                if drug := self.codes.meanings[number].drug:
                    yield f"{system} {code}", drug
        for form, drug in self.codes.names.items():
            if drug != CARRIER:
                yield f"text {form}", drug

    def _kinds(self) -> Iterator[tuple[str, str]]:
        """Of every drug, itself and all its classes, and what it is to a line of therapy."""
        for drug in sorted(self.knowledge.drugs):
            kinds = sorted({drug, *self.knowledge.classes_of(drug)})
            yield (
                drug,
                ";".join([*kinds, f"@{role(self.knowledge, drug)}", *(["@anticancer"] if drug in self.codes.anticancer else [])]),
            )

    def _effects(self) -> Iterator[tuple[str, str]]:
        for name, effect in self.knowledge.content.effects.items():
            for word in (name, *effect.also):
                yield plain_name(word), name

    def statable(self) -> set[str]:
        """The facts that a code or a wording can state."""
        found = {"sex", "age", "metastatic"}
        for meaning in (*self.codes.meanings, *self.codes.phrases.values()):
            found |= {name for name in (meaning.fact, meaning.percent, meaning.fallback) if name}
            if meaning.histology:
                found.add("histology")
        return found


_PLAIN = ("fact", "role", "site", "cancer", "stage", "word", "effect", "histology", "lasts", "doubted")


def _gene(meaning: Meaning, shape: FactShape) -> dict[str, str]:
    """By which rule a variant of a gene counts."""
    if _INHERITED in shape.values:
        return {"gene": "inherited"}
    rule = next((value for value in ("fusion", "altered") if value in shape.values), "mutated")
    found = {"gene": rule}
    if meaning.only and rule == "mutated":
        found = {"gene": "only", "only": "|".join(f".*{normal(name)}.*" for name in meaning.only)}
    return found


def _table(rows: Iterator[tuple[str, str]]) -> str:
    """Rows as text. What is looked up begins with a new line and ends with the sign between, so no code is found inside another."""
    return "\n" + "".join(f"{key} = {value}\n" for key, value in dict(rows).items())
