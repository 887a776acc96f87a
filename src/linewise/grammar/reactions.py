"""Harms that medicines caused: which harm, of which drug, how severe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import Claim, Context, Course
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import folded

from .drugs import Drugs
from .illnesses import grade_near


class Reactions:
    """Reads the harms of one paper."""

    def __init__(self, paper: Paper, drugs: Drugs) -> None:
        self.listed, self.beginnings = paper.words.listed, paper.words.beginnings
        self.paper, self.drugs = paper, drugs
        self.knowledge = paper.words.knowledge
        self.effect_words = drugs.parts["effect-words"]
        self.places: set[tuple[int, int]] = set()

    def claims(self, statement: Statement, given: Sequence[Course]) -> Iterator[Claim]:
        if (
            statement.section
            in (
                "definitions",
                "therapies",
                "education",
                "family",
                "gene-list",
                "trap",
                "controls",
                "technique",
                "pending",
                "plan",
                "labs",
                "results",
                "specimen",
            )
            and statement.section != "plan"
        ):
            return
        context = Context(self.paper, statement)
        harms = [match for match in statement.matches if match.has("harm")]
        if statement.section == "allergies":
            yield from self._allergies(statement, context, harms)
            return
        for match in harms:
            if any(one.has("lab") and one.first == match.first for one in statement.matches):
                continue
            yield from self._harm(statement, context, match, given)

    def expected(self, statements: Sequence[Statement], given: Sequence[Course], found: Sequence[Claim]) -> Iterator[Claim]:
        """A harm that one kind of treatment causes, and hardly anything else, while one such treatment is going on."""
        going = [course for course in given if course.state == "going-on" and course.sure]
        for effect in self.drugs.parts["always-caused"]:
            if any(claim.fact == "reactions" and claim.sure and claim.value["effect"] == effect for claim in found):
                continue
            culprits = {
                drug
                for course in going
                for drug in course.drugs
                if any(self.knowledge.is_a(drug, name) for name in self.drugs.parts["always-caused"][effect])
            }
            if len(culprits) != 1:
                continue
            for statement in statements:
                if statement.section not in ("diagnosis", "oncology", "illnesses"):
                    continue
                context = Context(self.paper, statement)
                match = next((one for one in statement.matches if one.id("harm") == effect), None)
                if (
                    match is not None
                    and not context._before(match.first, "neg")
                    and not context._before(match.first, "doubt")
                    and not context.family(match.first)
                ):
                    if any(
                        one is not None and (one.has("plan") or one.has("past")) for _, one, _t in context.back(match.first, 8)
                    ):
                        continue
                    yield self._claim(statement, match, match, culprits.pop(), True, "a harm of the treatment that is going on")
                    break

    def _allergies(self, statement: Statement, context: Context, harms: Sequence[Match]) -> Iterator[Claim]:
        named = [match for match in statement.matches if match.has("drug")]
        for index, match in enumerate(named):
            stop = named[index + 1].first if index + 1 < len(named) else len(statement.tokens)
            own = [harm for harm in harms if match.last <= harm.first < stop]
            if not own and len(named) == 1:
                own = [harm for harm in harms if harm.last <= match.first]
            if context.family(match.first) or (
                context.negated(match.first, match.last)
                and any(one.has("neg") for one in statement.matches if one.last <= match.first and match.first - one.last < 4)
            ):
                continue
            for harm in own[:1]:
                sure, why = True, ""
                if context.doubted(harm.first, harm.last) or context._before(harm.first, "neg"):
                    sure, why = False, "uncertain"
                if any(one.has("plan") for one in statement.matches if match.last <= one.first < harm.first):
                    continue  # `may cause pneumonitis`: a leaflet
                for drug in self.drugs.drugs_of(match):
                    yield self._claim(statement, match, harm, drug, sure, why)
            if not own:
                for drug in self.drugs.drugs_of(match):
                    if self.drugs.anticancer(drug):
                        self.places.add((statement.tokens[match.first].start, statement.tokens[match.last - 1].end))

    def _claim(
        self, statement: Statement, match: Match, harm: Match, drug: str, sure: bool, why: str, ongoing: bool | None = None
    ) -> Claim:
        first, last = min(match.first, harm.first), max(match.last, harm.last)
        start, end = statement.tokens[first].start, statement.tokens[last - 1].end
        self.places.add((statement.tokens[harm.first].start, statement.tokens[harm.last - 1].end))
        value: dict[str, Any] = {"drug": drug, "effect": harm.id("harm")}
        grade = grade_near(statement, harm)
        if grade is not None:
            value["grade"] = grade
        return Claim("reactions", value, start, end, sure, why, None, None, None, 0, statement.number, statement.section)

    def _harm(self, statement: Statement, context: Context, match: Match, given: Sequence[Course]) -> Iterator[Claim]:
        effect = match.id("harm") or ""
        if context._before(match.first, "neg") or (
            context._after(match.last, "neg-after")
            and folded(context._after(match.last, "neg-after")) not in self.listed("reactions.resolved")
        ):
            return
        if context.family(match.first):
            return
        linked, drugs, first = self._linked(statement, context, match)
        if not drugs:
            if not linked:
                return
            earlier = [
                course for course in given if course.statement < statement.number and course.state in ("given", "going-on")
            ]
            near = [course for course in earlier if statement.number - course.statement <= 3]
            near = near or self._the_one_going_on(given)
            if not near:
                return
            drugs, first = list(near[-1].drugs), match
        drug = self._culprit(drugs, effect)
        if drug is None or self._treats(statement, match, drug):
            return
        sure, why = linked, "" if linked else "what caused it is not said"
        doubt = context._before(match.first, "doubt")
        if doubt and folded(doubt) not in self.listed("reactions.no-doubt"):
            sure, why = False, f"uncertain: “{doubt}”"
        for _, one, _t in context.back(match.first, 10):
            if (
                one is not None
                and one.has("plan")
                and folded(context.words(one.first, one.last)) in self.listed("reactions.may-come")
            ):
                sure, why = False, "said of what may come"
        if not sure:
            return
        yield self._claim(statement, first, match, drug, sure, why)

    def _the_one_going_on(self, given: Sequence[Course]) -> list[Course]:
        """The treatment that goes on, where the paper knows one only: whose dose was reduced for a harm needs no name then."""
        going = [course for course in given if course.state == "going-on" and course.sure]
        return going[:1] if len({frozenset(course.drugs) for course in going}) == 1 else []

    def _treats(self, statement: Statement, match: Match, drug: str) -> bool:
        """`A for diarrhoea`: a medicine that is taken against the harm, not its cause."""
        if self.drugs.anticancer(drug):
            return False
        near = [one for one in statement.matches if one.has("against") and 0 <= match.first - one.last <= 3]
        return bool(near)

    def _linked(self, statement: Statement, context: Context, match: Match) -> tuple[bool, list[str], Match]:
        """Whether something ties the harm to a treatment, and to which drugs."""
        tokens, matches = statement.tokens, statement.matches
        named = [one for one in matches if one.has("drug") or one.has("regimen")]
        named = [
            one
            for one in named
            if any(self.drugs.anticancer(drug) or self.drugs.beside(drug) for drug in self.drugs.drugs_of(one))
        ]
        groups = self._groups(statement, named)
        behind = self._named_after(statement, context, match, groups)
        if behind is not None:
            return True, self._all(behind), behind[0]
        before = [group for group in groups if group[-1].last <= match.first]
        graded = grade_near(statement, match) is not None
        if before and graded and match.first - before[-1][-1].last <= 6:
            ahead = next((one for one in matches if one.last == before[-1][0].first and one.has("during")), None)
            if ahead is not None:  # `on A there is a rash of grade 1`
                return True, self._all(before[-1]), before[-1][0]
        acted = any((one.has("reduce") or one.has("stopverb")) and -16 <= one.first - match.first < 18 for one in matches)
        cause = self._cause_before(statement, context, match)
        given = [tokens[one.first].norm for one in matches if one.has("given")] if graded else []
        borne_well = any(word.startswith(self.beginnings("reactions.borne")) for word in given)
        if before and (acted or cause or borne_well):
            group = before[-1]
            between = tokens[group[-1].last : match.first]
            if any(token.text == ";" for token in between) and not statement.headers:
                return False, [], match
            if len(between) <= 40:
                hyphen = len(between) <= 2 and any(token.text in "-" for token in between)
                borne = any(word.startswith(self.beginnings("reactions.tolerated")) for word in given)
                if acted or hyphen or borne or self._really(statement, context, match, group):
                    return True, self._all(group), group[0]
        swapped = any(one.has("swap") and one.first >= match.last for one in matches)
        if groups and not before and swapped and statement.before is not None:
            return True, [], match
        if groups and not before and acted and groups[0][0].first - match.last <= 8:
            return True, self._all(groups[0]), groups[0][0]
        if not groups and acted and (cause or statement.before is not None):
            return True, [], match
        return False, self._all(before[-1]) if before else [], before[-1][0] if before else match

    def _named_after(
        self, statement: Statement, context: Context, match: Match, groups: Sequence[list[Match]]
    ) -> list[Match] | None:
        """The drugs that a word of cause right after the harm names: `rash due to A`."""
        reach = [one for one in statement.matches if one.has("cause") and match.last <= one.first <= match.last + 18]
        after = next((one for one in reach if one.first <= match.last + 5 or self._names_a_cause(statement, match, one)), None)
        if after is None:
            return None
        words = folded(context.words(after.first, after.last))
        if words in self.listed("reactions.no-cause-after"):
            return None
        if words in self.listed("common.with") and grade_near(statement, match) is None:
            return None
        return next((group for group in groups if 0 <= group[0].first - after.last <= 3), None)

    def _names_a_cause(self, statement: Statement, match: Match, said: Match) -> bool:
        """`loose stools 4 a day (grade 2, attributed to A)`: far behind the harm, and with no other harm between, only words that name a cause and nothing else."""
        words = folded(" ".join(token.text for token in statement.tokens[said.first : said.last]))
        other = any(one.has("harm") and match.last <= one.first < said.first for one in statement.matches)
        ended = any(token.text == ";" for token in statement.tokens[match.last : said.first])
        return words in self.listed("reactions.names-a-cause") and not other and not ended

    def _cause_before(self, statement: Statement, context: Context, match: Match) -> bool:
        """Whether a word of cause stands right before the harm."""
        return any(
            one.has("cause")
            and max(0, match.first - 5) <= one.first < match.first
            and folded(context.words(one.first, one.last)) not in self.listed("reactions.no-cause-before")
            for one in statement.matches
        )

    def _really(self, statement: Statement, context: Context, match: Match, group: list[Match]) -> bool:
        """`developed`, `caused`, `complicated by`: words that name the harm as one of the treatment, without a dose change."""
        words = [token.norm for token in statement.tokens[group[-1].last : match.first]]
        return any(word in self.listed("reactions.caused") for word in words)

    def _groups(self, statement: Statement, named: Sequence[Match]) -> list[list[Match]]:
        found: list[list[Match]] = []
        for match in named:
            if found and self.drugs.joined(statement, found[-1][-1].last, match.first):
                found[-1].append(match)
            else:
                found.append([match])
        return found

    def _all(self, group: Sequence[Match]) -> list[str]:
        return list(dict.fromkeys(drug for match in group for drug in self.drugs.drugs_of(match)))

    def _culprit(self, drugs: Sequence[str], effect: str) -> str | None:
        """The one drug among several that is known for the effect."""
        if len(drugs) == 1:
            return drugs[0]
        words = {effect, *self.effect_words.get(effect, ())}
        known = [
            drug
            for drug in drugs
            if words
            & {
                one.id
                for one in (*self.knowledge.cautions(drug), *self.knowledge.avoid(drug))
                if one.id != "anaphylaxis" or effect == "anaphylaxis"
            }
        ]
        if len(known) == 1:
            return known[0]
        exact = [
            drug for drug in known if effect in {one.id for one in (*self.knowledge.cautions(drug), *self.knowledge.avoid(drug))}
        ]
        return exact[0] if len(exact) == 1 else None
