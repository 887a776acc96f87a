"""Which drugs and schemes a statement names, which of them count, and which stand together as one group."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from linewise.phrases.analysis import Paper
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import Token


class Group(msgspec.Struct):
    """Drugs named together in a statement: tokens `first` to `last`."""

    drugs: list[str]
    first: int
    last: int
    cell: int = 0
    regimen: bool = False
    fuzzy: bool = False


class Drugs:
    """The drugs of one paper's statements."""

    def __init__(self, paper: Paper) -> None:
        self.listed, self.written = paper.words.listed, paper.words.written
        self.paper = paper
        self.joins = paper.words.joins(paper.language)
        self.knowledge = paper.words.knowledge
        self.regimens = paper.words.of("regimens").get("regimens", {})
        self.parts = paper.words.of("parts")

    # Which drugs count

    def anticancer(self, drug: str) -> bool:
        return (
            any(self.knowledge.is_a(drug, name) for name in self.parts["anticancer-classes"])
            or drug in self.parts["anticancer-drugs"]
        )

    def beside(self, drug: str) -> bool:
        return self.of_bone(drug) or drug in self.parts["beside-drugs"]

    def of_bone(self, drug: str) -> bool:
        """Whether it is one of the drugs that go on beside the lines of treatment."""
        return any(self.knowledge.is_a(drug, name) for name in self.parts["beside-classes"])

    def drugs_of(self, match: Match) -> list[str]:
        regimen = match.id("regimen")
        if regimen:
            return list(self.regimens[regimen]["drugs"])
        name = match.id("drug")
        return name.split("+") if name else []

    # Which stand together

    def groups(self, statement: Statement) -> list[Group]:
        """The groups of drugs in a statement, in order; only those of the cancer's treatment."""
        found: list[Group] = []
        for match in statement.matches:
            drugs = self._as_given(statement, [drug for drug in self.drugs_of(match) if self.anticancer(drug)], match)
            if not drugs or self._mentioned(statement, match) or self._name_of_all(statement, match, found):
                continue
            cell = statement.tokens[match.first].cell
            last = found[-1] if found else None
            if (
                last is not None
                and last.cell == cell
                and self.joined(statement, last.last, match.first)
                and not self._one_after_other(statement, last, match, drugs)
            ):
                last.drugs += [drug for drug in drugs if drug not in last.drugs]
                last.last = match.last
            else:
                found.append(Group(drugs, match.first, match.last, cell, match.has("regimen"), match.fuzzy))
        return found

    def _name_of_all(self, statement: Statement, match: Match, found: Sequence[Group]) -> bool:
        """`A, B, then C (NAME OF THE SCHEME)`: a scheme in brackets behind its own drugs names them again, and adds none."""
        before = statement.tokens[match.first - 1].text if match.first else ""
        named = {drug for group in found for drug in group.drugs}
        return match.has("regimen") and before == "(" and len(named & set(self.drugs_of(match))) > 1

    def _as_given(self, statement: Statement, drugs: list[str], match: Match) -> list[str]:
        """A scheme whose one drug may be either of two, with the one that the statement names elsewhere."""
        either = self.regimens[match.id("regimen")].get("either", {}) if match.id("regimen") else {}
        named = {drug for one in statement.matches if one.has("drug") for drug in self.drugs_of(one)} if either else set()
        for usual, others in either.items():
            told = [drug for drug in others if drug in named]
            if told and usual not in named:
                drugs = [told[0] if drug == usual else drug for drug in drugs]
        return drugs

    def _one_after_other(self, statement: Statement, last: Group, match: Match, drugs: Sequence[str]) -> bool:
        """`A, B`: with only a comma between them, chemotherapy and endocrine therapy follow each other."""
        between = statement.tokens[last.last : match.first]
        apart = [one.text for one in between if one.kind != "n" and one.norm not in self.listed("drugs.dose")]
        if apart != [","]:
            return False
        chemo = [all(self.knowledge.is_a(drug, "chemotherapy") for drug in some) for some in (last.drugs, drugs)]
        endocrine = [all(self.knowledge.is_a(drug, "endocrine-therapy") for drug in some) for some in (last.drugs, drugs)]
        return (chemo[0] and endocrine[1]) or (endocrine[0] and chemo[1])

    def _mentioned(self, statement: Statement, match: Match) -> bool:
        """Names that are part of other words: `A-naive`, or the short form of a scheme for a history and physical."""
        tokens = statement.tokens
        after = tokens[match.last : match.last + 2]
        if len(after) == 2 and after[0].text == "-" and after[1].norm in self.listed("drugs.part-of-a-word"):
            return True
        word = tokens[match.first].text
        if match.last - match.first == 1 and len(word) <= 3 and match.has("regimen"):
            before = tokens[match.first - 1] if match.first else None
            if before is not None and before.glued and before.text in "&/-" and match.first > 1 and tokens[match.first].glued:
                return True
            if (
                len(after) == 2
                and after[0].text in "/:"
                and after[0].glued
                and after[1].text.islower()
                and len(after[1].text) < 4
            ):
                return True  # `Our ref: TH/jk`: who dictated and who typed
            if word in self.written("drugs.joint-schemes") and any(token.norm in self.listed("drugs.a-joint") for token in after):
                return True
            if word in self.written("drugs.short-schemes") and statement.section in (
                "person",
                "administration",
                "labs",
                "exam",
                "results",
                "specimen",
            ):
                return True
        return False

    def joined(self, statement: Statement, first: int, stop: int) -> bool:
        between = statement.tokens[first:stop]
        if len(between) > 14:
            return False
        depth = 0
        plain: list[Token] = []
        for token in between:
            if token.text in "([":
                depth += 1
            elif token.text in ")]":
                depth = max(0, depth - 1)
            elif not depth:
                plain.append(token)
            elif token.kind == "d" or token.norm in self.listed("drugs.progress"):
                return False
        if any(
            match.has("follows")
            for match in statement.matches
            if first <= match.first < stop
            and match.id("follows")
            and statement.tokens[match.first].norm not in self.listed("drugs.not-apart")
        ):
            return False
        words = [
            token for token in plain if not (token.kind == "n" or token.norm in self.listed("drugs.dose") or token.text in ".%²")
        ]
        if not words:
            return not plain
        return (
            all(
                token.norm in self.joins or token.norm in self.listed("drugs.with") or token.norm in self.listed("drugs.dose")
                for token in words
            )
            and any(token.norm in self.joins for token in words)
            and not any(token.kind == "d" for token in plain)
        )

    def chained(self, statement: Statement, groups: list[Group]) -> list[Group]:
        """Chemotherapies of early disease in sequence are one course: `A followed by B`."""
        chains: list[Group] = []
        for group in groups:
            last = chains[-1] if chains else None
            if last is not None and last.cell == group.cell and self._sequence(statement, last, group):
                last.drugs += [drug for drug in group.drugs if drug not in last.drugs]
                last.last = group.last
            else:
                chains.append(msgspec.structs.replace(group, drugs=list(group.drugs)))
        return chains

    def _sequence(self, statement: Statement, one: Group, other: Group) -> bool:
        between = statement.tokens[one.last : other.first]
        if len(between) > 12 or any(token.kind == "d" or token.text in ";" for token in between):
            return False
        chemo = all(
            any(self.knowledge.is_a(drug, name) for name in self.parts["sequence-classes"]) for drug in (*one.drugs, *other.drugs)
        )
        follows = any(match.has("follows") for match in statement.matches if one.last <= match.first < other.first)
        if any(
            match.has("radiotherapy") or match.has("surgery") or match.has("stop") or match.has("stopverb")
            for match in statement.matches
            if one.last <= match.first < other.first
        ):
            return False
        maintenance = any(match.has("maintenance") for match in statement.matches if one.last <= match.first < other.first)
        if maintenance and set(other.drugs) & set(one.drugs):
            return True
        early = self._setting_near(statement, one) == "adjuvant" or statement.section == "adjuvant"
        swapped = any(match.has("swap") for match in statement.matches if one.last <= match.first < other.first)
        return (
            chemo
            and follows
            and not swapped
            and (early or any(self.knowledge.is_a(drug, name) for drug in one.drugs for name in self.parts["early-classes"]))
        )

    def _setting_near(self, statement: Statement, group: Group) -> str:
        for match in statement.matches:
            if match.has("setting") and match.first < group.last + 8:
                return match.id("setting") or ""
        return ""
