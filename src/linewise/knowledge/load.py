"""From the files of `knowledge/` to typed content. Every fault is reported, with file and line, not only the first."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from linewise.errors import KnowledgeError
from linewise.logic import CriterionError, Node, Where, parse
from linewise.logic.where import did_you_mean

from . import app, model, monitoring, outlook, shape, shared, wording
from .files import Document, Fault, Path_, parse_yaml, read_yaml
from .state import digest, version

T = TypeVar("T")

# Members that hold a criterion, and those that hold a date, wherever they stand in a file.
_CRITERIA = frozenset({"fits", "when", "may", "people"})
_DATES = frozenset({"since", "until", "date", "last", "next"})
_SPANS = frozenset({"current-for", "standing-after"})
_TYPED = frozenset(
    {
        "cautions.yaml",
        "conduct.yaml",
        "guide.yaml",
        "numbers.yaml",
        "outlook.yaml",
        "proctcae.yaml",
        "regions.yaml",
        "scope.yaml",
        "shown.yaml",
        "wording.yaml",
    }
)
"""Files at the top of the folder that are read as typed things; the others are plain values."""
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


class Written(msgspec.Struct, frozen=True):
    """One criterion as it stands in a file: for the checks, which point at the word."""

    owner: str  # "treatments/examplinib"
    path: str  # "standing[2].fits"
    node: Node
    where: Where


class Loaded(msgspec.Struct):
    """Content together with everything the checks want to know about the files."""

    content: model.Content
    criteria: list[Written]
    documents: dict[str, Document]  # by owner
    problems: list[str]


def load_folder(root: Path) -> Loaded:
    """Read a whole knowledge folder. Faults are collected in `problems`; what could be read is in `content`."""
    return _Loading(root).run()


def load(root: Path) -> model.Content:
    """Read a whole knowledge folder; raises KnowledgeError with every fault."""
    loaded = load_folder(root)
    if loaded.problems:
        raise KnowledgeError(loaded.problems)
    return loaded.content


class _Loading:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[str] = []
        self.criteria: list[Written] = []
        self.documents: dict[str, Document] = {}
        self.places: dict[str, str] = {}
        self.regions: dict[str, model.Territory] = {}

    def run(self) -> Loaded:
        if not self.root.is_dir():
            raise KnowledgeError([f"{self.root}: there is no knowledge folder here"])
        self.regions = self.one_map("regions.yaml", "regions", model.Territory)
        content = model.Content(
            regions=self.regions,
            sources=self.mapping("sources", model.Source),
            facts=self.listed("facts", model.Fact, self.fact, skip=("codes.yaml",)),
            tests=self.listed("tests", model.Test),
            classes=self.listed("classes", model.Class),
            drugs=self.single("drugs", model.Drug),
            treatments=self.single("treatments", model.Treatment),
            evidence=self.single("evidence", model.Trial),
            studies=self.listed("trials/entries", model.Study),
            alerts=self.listed("alerts", model.Alert),
            effects=self.single("effects", model.Effect),
            pages=self.pages(),
            glossary=self.one_list("learn/glossary.yaml", "glossary", model.Term),
            questions=self.one_list("learn/questions.yaml", "questions", model.Ask),
            organisations=self.one_list("learn/organisations.yaml", "organisations", model.Organisation),
            scope=self.one("scope.yaml", model.Scope),
            guide=self.one("guide.yaml", app.Guide),
            item_bank=self.one("proctcae.yaml", app.ItemBank),
            numbers=self.one("numbers.yaml", app.Numbers),
            outlook=self.one("outlook.yaml", outlook.Method),
            wording=self.wording(),
            shown=self.one("shown.yaml", app.Shown) or app.Shown(),
            caution_words=self.one_map("cautions.yaml", "caution-words", model.CautionWord),
            answers=self.one_list("learn/answers.yaml", "answers", model.Answer),
            codes=self.codes(),
            extras=self.extras(),
            places=self.places,
            digest=digest(self.root),
            version=version(self.root)[0],
            version_on=self.version_on(),
        )
        return Loaded(self.with_shared_rules(content), self.criteria, self.documents, self.problems)

    def with_shared_rules(self, content: model.Content) -> model.Content:
        """Each drug that the rules of `conduct.yaml` are for, with those rules as its own."""
        path = self.root / "conduct.yaml"
        document = self.read(path) if path.exists() else None
        if document is None:
            return content
        rules = list(self.shared_rules(document, {*content.drugs, *content.classes}))
        drugs = dict(content.drugs)
        for name, drug in content.drugs.items():
            more = tuple(shared.own_rules(rules, drug, content.classes))
            drugs[name] = msgspec.structs.replace(drug, conduct=drug.conduct + more) if more else drug
            for number, rule in enumerate(more, len(drug.conduct)):
                where = Where(document.file, 1, 1, 0, rule.when.text)
                self.criteria.append(Written(f"drugs/{name}", f"conduct[{number}].when", rule.when, where))
        return msgspec.structs.replace(content, drugs=drugs)

    def shared_rules(self, document: Document, names: set[str]) -> Iterator[shared.Shared]:
        for index, raw in enumerate(document.value["conduct"]):
            place, problems, criteria = ("conduct", index), len(self.problems), len(self.criteria)
            at = f"{document.file}:{document.line(place)}"
            members = tuple(raw.pop("for"))
            self.problems += [f"{at}: there is no drug or class `{name}`" for name in members if name not in names]
            plain = self.plain(document, raw, place, "conduct", len(place))
            del self.criteria[criteria:]  # each drug's own copy is checked, with the drug's name in it
            if len(self.problems) > problems:
                continue
            try:
                yield shared.Shared(members, msgspec.convert(plain, model.Conduct, strict=False).under(self.regions))
            except msgspec.ValidationError as error:
                self.problems.append(f"{at}: {_place(error)[1]}")

    # Files

    def read(self, path: Path) -> Document | None:
        try:
            return read_yaml(path, self.name(path))
        except Fault as fault:
            self.problems.append(str(fault))
        except UnicodeDecodeError as error:
            self.problems.append(f"{self.name(path)}: not UTF-8 text: {error.reason} at byte {error.start}")
        return None

    def name(self, path: Path) -> str:
        return f"{self.root.name}/{path.relative_to(self.root).as_posix()}"

    def documents_in(self, folder: str, skip: tuple[str, ...] = ()) -> Iterator[Document]:
        for path in sorted((self.root / folder).rglob("*.yaml")):
            if path.name not in skip:
                document = self.read(path)
                if document is not None and document.value is not None:
                    yield document

    def single(self, folder: str, kind: type[T]) -> dict[str, T]:
        """One thing a file."""
        found: dict[str, T] = {}
        for document in self.documents_in(folder):
            if isinstance(document.value, dict):
                self.add(found, folder, document, document.value, (), kind)
            else:
                self.problems.append(f"{document.file}:1: one {kind.__name__.lower()} is expected, as `id: …`")
        return found

    def listed(
        self, folder: str, kind: type[T], prepare: Callable[..., None] | None = None, skip: tuple[str, ...] = ()
    ) -> dict[str, T]:
        """A list of things a file, in any number of files."""
        found: dict[str, T] = {}
        for document in self.documents_in(folder, skip):
            self.list_of(found, folder, document, kind, prepare)
        return found

    def one_list(self, file: str, folder: str, kind: type[T]) -> dict[str, T]:
        found: dict[str, T] = {}
        path = self.root / file
        document = self.read(path) if path.exists() else None
        if document is not None and document.value is not None:
            self.list_of(found, folder, document, kind, None)
        return found

    def list_of(
        self, found: dict[str, T], folder: str, document: Document, kind: type[T], prepare: Callable[..., None] | None
    ) -> None:
        if not isinstance(document.value, list):
            self.problems.append(f"{document.file}:1: a list is expected, each item beginning with `- id: …`")
            return
        for index, raw in enumerate(document.value):
            if isinstance(raw, dict):
                self.add(found, folder, document, raw, (index,), kind, prepare)
            else:
                self.problems.append(f"{document.file}:{document.line((index,))}: an item with `id: …` is expected")

    def mapping(self, folder: str, kind: type[T]) -> dict[str, T]:
        """A map of id to thing a file."""
        found: dict[str, T] = {}
        for document in self.documents_in(folder):
            self.map_of(found, folder, document, kind)
        return found

    def one(self, file: str, kind: type[T]) -> T | None:
        """The one thing of a file at the top of the folder."""
        found: dict[str, T] = {}
        path = self.root / file
        document = self.read(path) if path.exists() else None
        if document is not None and isinstance(document.value, dict):
            self.put(found, "top", document, path.stem, document.value, (), kind)
        return found.get(path.stem)

    def wording(self) -> dict[str, wording.Wording]:
        """The sentences for people, a language a folder."""
        found = {}
        for folder in sorted(path for path in (self.root / "wording").glob("*") if path.is_dir()):
            reasons = self.one(f"wording/{folder.name}/reasons.yaml", wording.Reasons)
            first = self.one(f"wording/{folder.name}/first.yaml", wording.Answers)
            advice = self.one(f"wording/{folder.name}/advice.yaml", wording.Advice)
            if reasons is not None and first is not None and advice is not None:
                outlook = self.one(f"wording/{folder.name}/outlook.yaml", wording.OutlookWords)
                sequence = self.one(f"wording/{folder.name}/sequence.yaml", wording.SequenceWords)
                trials = self.one(f"wording/{folder.name}/trials.yaml", wording.TrialWords)
                found[folder.name] = wording.Wording(
                    reasons=reasons,
                    first=first,
                    advice=advice,
                    outlook=outlook,
                    sequence=sequence,
                    trials=trials,
                    pages=self.page_words(folder.name),
                )
        return found

    def page_words(self, language: str) -> dict[str, dict[str, str]]:
        """`pages.yaml` of a language: what each page of the app says."""
        path = self.root / "wording" / language / "pages.yaml"
        document = self.read(path) if path.exists() else None
        found: dict[str, dict[str, str]] = {}
        for page, sentences in (document.value or {}).items() if document is not None else ():
            found[str(page)] = {str(name): str(text) for name, text in sentences.items()}
        return found

    def one_map(self, file: str, folder: str, kind: type[T]) -> dict[str, T]:
        """A map of id to thing in one file."""
        found: dict[str, T] = {}
        path = self.root / file
        document = self.read(path) if path.exists() else None
        if document is not None and document.value is not None:
            self.map_of(found, folder, document, kind)
        return found

    def map_of(self, found: dict[str, T], folder: str, document: Document, kind: type[T]) -> None:
        if not isinstance(document.value, dict):
            self.problems.append(f"{document.file}:1: a map of ids is expected")
            return
        for key, raw in document.value.items():
            self.put(found, folder, document, str(key), raw, (str(key),), kind)

    def pages(self) -> dict[str, model.Page]:
        found: dict[str, model.Page] = {}
        for path in sorted((self.root / "learn").rglob("*.md")):
            text, name = path.read_text(encoding="utf-8"), self.name(path)
            parts = re.match(r"\A---\n(.*?\n)---\n(.*)\Z", text, re.DOTALL)
            if parts is None:
                self.problems.append(f"{name}:1: the page has no front matter (--- id, title, … ---)")
                continue
            try:
                document = parse_yaml(parts.group(1), name, 2)
            except Fault as fault:
                self.problems.append(str(fault))
                continue
            if isinstance(document.value, dict):
                document.value["body"] = parts.group(2).strip() + "\n"
                self.add(found, "pages", document, document.value, (), model.Page)
        return found

    def version_on(self) -> model.When | None:
        """The day of the version, from the file `VERSION`."""
        text = version(self.root)[1]
        if text and not _DATE.fullmatch(text):
            self.problems.append(f"{self.root.name}/VERSION:2: `{text}` is not a date such as 2024-06-17")
            return None
        return model.When(text) if text else None

    def codes(self) -> dict[str, dict[str, dict[str, object]]]:
        """The code tables: `facts/codes.yaml` and every file of `codes/`, section by section. A name that two files define is a fault."""
        found: dict[str, dict[str, dict[str, object]]] = {}
        for path in [self.root / "facts/codes.yaml", *sorted(self.root.glob("codes/*.yaml"))]:
            document = self.read(path) if path.exists() else None
            if document is None or not isinstance(document.value, dict):
                continue
            for section, rows in document.value.items():
                table = found.setdefault(section, {})
                twice = sorted(str(name) for name in table.keys() & rows.keys())
                if twice:
                    self.problems.append(
                        f"{document.file}: {section}: {', '.join(twice[:5])} stands in another file of codes, too"
                    )
                table.update(rows)
        return found

    def extras(self) -> dict[str, dict[str, Any]]:
        """The files at the top of the folder, in `cohort/`, in `reading/` and the words of `trials/` (these by their path): plain values for the room that knows them."""
        paths = sorted([*self.root.glob("*.yaml"), *self.root.glob("cohort/*.yaml"), *self.root.glob("learn/synonyms.yaml")])
        documents = [self.read(path) for path in paths if path.name not in _TYPED]
        found = {Path(one.file).stem: one.value for one in documents if one is not None and isinstance(one.value, dict)}
        for path in sorted([*self.root.glob("reading/**/*.yaml"), *self.root.glob("trials/words*.yaml")]):
            words = self.read(path)
            if words is not None and isinstance(words.value, dict):
                found[path.relative_to(self.root).with_suffix("").as_posix()] = words.value
        plain: dict[str, dict[str, Any]] = msgspec.to_builtins(found)  # days as text, as the artefact gives them back
        return plain

    # Things

    def add(
        self,
        found: dict[str, T],
        folder: str,
        document: Document,
        raw: dict[str, Any],
        path: Path_,
        kind: type[T],
        prepare: Callable[..., None] | None = None,
    ) -> None:
        key = raw.get("id")
        if not isinstance(key, str) or not key:
            self.problems.append(f"{document.file}:{document.line(path)}: an `id` is missing")
            return
        if prepare is not None:
            prepare(document, raw, path)
        self.put(found, folder, document, key, raw, path, kind)

    def put(self, found: dict[str, T], folder: str, document: Document, key: str, raw: Any, path: Path_, kind: type[T]) -> None:
        owner = f"{folder}/{key}"
        if key in found:
            at = f"{document.file}:{document.line(path)}"
            self.problems.append(f"{at}: `{key}` is already in {self.places[owner]}")
            return
        known = len(self.problems)
        plain = self.plain(document, raw, path, owner, len(path))
        if len(self.problems) > known:
            return
        try:
            thing = msgspec.convert(plain, kind, strict=False)
            found[key] = self.worked_out(thing)
        except msgspec.ValidationError as error:
            place, message = shape.worded(_place(error)[1], kind, _place(error)[0])
            line = document.line((*path, *place))
            self.problems.append(f"{document.file}:{line}: {_dotted(place) or key}: {message}")
            return
        self.places[owner] = f"{document.file}:{document.line(path)}"
        self.documents[owner] = document

    def fact(self, document: Document, raw: dict[str, Any], path: Path_) -> None:
        """`derive:` is one criterion, or a map of value to criterion, read in order."""
        derive = raw.pop("derive", None)
        if isinstance(derive, str):
            raw["criterion"] = self.criterion(document, derive, (*path, "derive"), f"facts/{raw['id']}")
        elif isinstance(derive, dict):
            cases = [
                {"value": str(value), "when": self.criterion(document, text, (*path, "derive", str(value)), f"facts/{raw['id']}")}
                for value, text in derive.items()
            ]
            raw["cases"] = [case for case in cases if case["when"] is not None]

    def plain(self, document: Document, raw: Any, path: Path_, owner: str, depth: int) -> Any:
        """Values ready to convert: criteria parsed, one region or source made a list, dates made text."""
        if isinstance(raw, dict):
            found: dict[str, Any] = {}
            for key, value in raw.items():
                here = (*path, str(key))
                if key in model.WORKED_OUT and path[-2:-1] in (("standing",), ("conduct",)):
                    self.problems.append(
                        f"{document.file}:{document.line(here)}: `{key}` is worked out from regions.yaml: leave it out"
                    )
                elif key in _CRITERIA and isinstance(value, str | bool):
                    found[key] = self.criterion(document, value, here, owner, depth)
                elif key == "always":
                    continue  # `always: true` says that there is no `when`
                elif key in _DATES and "conduct" not in path and isinstance(value, str | int | dt.date):
                    found[key] = self.when(document, value, here)
                elif key == "profile":
                    found[key] = value  # a record in the short form
                elif key in _SPANS and isinstance(value, str | int):
                    found[key] = self.read_as(document, here, monitoring.span, str(value))
                elif key == "at" and "monitor" in path and isinstance(value, list):
                    found[key] = [self.read_as(document, (*here, n), monitoring.times, str(one)) for n, one in enumerate(value)]
                elif key == "then" and "monitor" in path and isinstance(value, str | int):
                    found[key] = self.read_as(document, here, monitoring.repeat, str(value))
                elif key == "region" and isinstance(value, str | list):
                    found[key] = self.named_regions(document, value, here)
                elif key in ("source", "composite-source", "sources", "do") and isinstance(value, str):
                    found[key] = [value]
                else:
                    found[str(key)] = self.plain(document, value, here, owner, depth)
            return found
        if isinstance(raw, list):
            return [self.plain(document, item, (*path, index), owner, depth) for index, item in enumerate(raw)]
        return raw.isoformat() if isinstance(raw, dt.date) else raw

    def named_regions(self, document: Document, value: str | list[str], path: Path_) -> list[str]:
        """One region or several, each of `regions.yaml`."""
        named = [value] if isinstance(value, str) else value
        for name in named:
            if name not in self.regions:
                hint = did_you_mean(str(name), self.regions) or f"there are {', '.join(self.regions)}"
                self.problems.append(f"{document.file}:{document.line(path)}: there is no region `{name}`; {hint}")
        return named

    def worked_out(self, thing: T) -> T:
        """What the policy of the regions and the statements beside it make of a thing."""
        if isinstance(thing, model.Treatment):
            thing = _renewed(thing)  # type: ignore[assignment]
            return msgspec.structs.replace(thing, standing=tuple(one.under(self.regions) for one in thing.standing))
        if isinstance(thing, model.Drug | model.Class):
            rules = tuple(one.under(self.regions) for one in thing.conduct)
            return msgspec.structs.replace(thing, conduct=rules) if rules else thing
        return thing

    def read_as(self, document: Document, path: Path_, reader: Callable[[str], T], text: str) -> T | None:
        """What a small language says; its own words for what is wrong, with the place."""
        try:
            return reader(text)
        except ValueError as error:
            self.problems.append(f"{document.file}:{document.line(path)}: {_dotted(path[-2:])}: {error}")
            return None

    def when(self, document: Document, value: str | int | dt.date, path: Path_) -> model.When | None:
        text = value.isoformat() if isinstance(value, dt.date) else str(value)
        found = model.When(text)
        try:
            if not _DATE.fullmatch(text):
                raise ValueError
            _ = found.first, found.last
        except ValueError:
            self.problems.append(
                f"{document.file}:{document.line(path)}: `{text}` is not a date such as 2024-06-17, 2024-06 or 2024"
            )
            return None
        return found

    def criterion(self, document: Document, text: Any, path: Path_, owner: str, depth: int = 0) -> Node | None:
        if isinstance(text, bool):
            text = "yes" if text else "no"
        where = document.where(path, str(text))
        try:
            node = parse(where.text, where)
        except CriterionError as error:
            self.problems.append(str(error))
            return None
        self.criteria.append(Written(owner, _dotted(path[depth:]), node, where))
        return node


def _renewed(treatment: model.Treatment) -> model.Treatment:
    """Mark the statements that another one of the same body takes over from in the very month or year in which they end."""

    def follows(one: model.Statement, other: model.Statement) -> bool:
        same = (one.body, one.says) == (other.body, other.says) and set(one.region) & set(other.region)
        return bool(same) and one.until is not None and one.until.text == other.since.text

    marked = tuple(
        msgspec.structs.replace(one, renewed=True) if any(follows(one, other) for other in treatment.standing) else one
        for one in treatment.standing
    )
    return msgspec.structs.replace(treatment, standing=marked)


def _place(error: msgspec.ValidationError) -> tuple[Path_, str]:
    """The path and the words of an error of msgspec: `Expected … - at `$.standing[2].since``."""
    text = str(error)
    found = re.search(r"^(.*?) - at `(?:key in )?\$?([^`]*)`$", text, re.DOTALL)
    if found is None:
        return (), text
    parts: list[str | int] = []
    for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]", found.group(2)):
        if name:
            parts.append(name)
        elif index != "...":
            parts.append(int(index))
    return tuple(parts), found.group(1)


def _dotted(path: Path_) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
