"""Genes: what was found, of which origin, and what was only tested, listed or mentioned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import BACKGROUND, Claim, Context, Specimens
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import folded, number

from .markers import NOT_READ, no_tumour_dna

_CHANGE = re.compile(
    r"(?:p\.\s?\(?(?:[A-Z][a-z]{2}|[A-Z*])\d+|c\.\d+|(?<![\w.])[ACDEFGHIKLMNPQRSTVWY]\d{2,4}(?:[ACDEFGHIKLMNPQRSTVWY*]|fs|del|_)|exon \d+ del|\bdel\b)"
)
_FEW = 6  # genes: a longer list without a change is a list of what was tested
_ORIGIN_GENES = frozenset({"germline-pathogenic", "somatic-pathogenic"})


class Genes:
    """Reads the genes of one paper."""

    def __init__(self, paper: Paper, specimens: Specimens) -> None:
        self.listed, self.beginnings = paper.words.listed, paper.words.beginnings
        self.paper, self.specimens = paper, specimens
        self.facts = paper.words.knowledge.facts
        text = paper.sheet.text
        self.origin = self._paper_origin()
        self.plasma_empty = no_tumour_dna(paper)
        self.text = text

    def _paper_origin(self) -> str:
        """Where the tested material of a panel comes from, where the paper says one thing only."""
        if self.paper.kind not in ("gene panel", "laboratory"):
            return ""
        said = {"germline": 0, "somatic": 0}
        head: set[str] = set()
        for statement in self.paper.statements:
            if statement.section in ("definitions", "therapies", "family", "comment", "gene-list"):
                continue
            for match in statement.matches:
                if match.has("origin"):
                    origin = "germline" if match.id("origin") == "germline" else "somatic"
                    said[origin] += 1
                    start = statement.tokens[match.first].start
                    if start < (1200 if origin == "germline" else 500):
                        head.add(origin)
        if said["germline"] and (not said["somatic"] or head == {"germline"}):
            return "germline"
        return "somatic" if said["somatic"] else "germline" if said["germline"] else ""

    def claims(self, statement: Statement) -> Iterator[Claim]:
        if statement.section in NOT_READ:
            return
        context = Context(self.paper, statement)
        genes = [match for match in statement.matches if match.has("gene") and not self._only_name(statement, match)]
        if not genes:
            return
        index = first_bound = 0
        while index < len(genes):
            group = [genes[index]]
            while index + 1 < len(genes) and self._listed(statement, genes[index], genes[index + 1]):
                index += 1
                group.append(genes[index])
            stop = genes[index + 1].first if index + 1 < len(genes) else len(statement.tokens)
            place = genes.index(group[0])
            if not (place and self._goes_on(statement, genes[place - 1], group[0])):
                first_bound = genes[place - 1].last if place else 0
            yield from self._group(statement, context, group, first_bound, stop)
            index += 1

    def rest(self, found: Sequence[Claim]) -> Iterator[Claim]:
        """`We tested A, B, C … In the other genes nothing was found`: those that were listed as tested, and of which nothing else is said."""
        said = {claim.fact for claim in found if claim.fact in self.facts}
        for statement in self.paper.statements:
            context = Context(self.paper, statement)
            other = context.said("other-genes")
            none = next((one for one in statement.matches if other and one.has("neg") and 0 <= one.first - other.last <= 8), None)
            if other is None or none is None or statement.section in NOT_READ or context.family(other.first):
                continue
            for listed in self.paper.statements:
                genes = [match for match in listed.matches if match.has("gene")]
                tested = Context(self.paper, listed).said("tested-list")
                if len(genes) < 3 or tested is None or listed.number >= statement.number:
                    continue
                origin = self._origin(listed, genes[0].first, len(listed.tokens)) or self.origin
                names = [name for match in genes for name in (match.id("gene") or "").split("+")]
                for name in dict.fromkeys(names):
                    if name in self.facts and name not in said:
                        start, end = statement.tokens[other.first].start, statement.tokens[none.last - 1].end
                        yield Claim(
                            name, "wild-type", start, end, True, "among the other genes that were tested", None, None, None, 4,
                            statement.number, statement.section, {"origin": origin},
                        )  # fmt: skip

    def _only_name(self, statement: Statement, match: Match) -> bool:
        """Words such as `RET` or `BRCA` inside another name: `anti-…`, `…-targeted`."""
        if match.id("gene") == "other":
            return False
        after = statement.tokens[match.last : match.last + 2]
        return len(after) == 2 and after[0].text == "-" and after[1].norm in self.listed("genes.targets")

    def _listed(self, statement: Statement, one: Match, other: Match) -> bool:
        between = statement.tokens[one.last : other.first]
        if len(between) > 4:
            return False
        words = [token.norm for token in between if token.text not in "()"]
        return all(word in self.listed("genes.list") for word in words) and not _CHANGE.search(
            self.text[one_end(statement, one) : statement.tokens[other.first].start]
        )

    def _goes_on(self, statement: Statement, one: Match, other: Match) -> bool:
        """`not detected: A, B fusion, C fusion`: between two names of a list stands only what kind of change was looked for."""
        kinds = [match for match in statement.matches if one.last <= match.first < other.first and match.has("result")]
        named = {
            at
            for match in kinds
            if self._meaning(match) in ("fusion", "amplified", "mutated")
            for at in range(match.first, match.last)
        }
        between = [token.norm for at, token in enumerate(statement.tokens) if one.last <= at < other.first and at not in named]
        return len(between) <= 3 and all(word in self.listed("genes.list") for word in between if word not in "()")

    def _group(self, statement: Statement, context: Context, group: Sequence[Match], begin: int, stop: int) -> Iterator[Claim]:
        after = self._cut(statement, group[-1].last, stop)
        changed = self._change(statement, group[-1].last, after)
        result, place = self._found(statement, context, group, begin, stop, after, changed)
        if not result:
            return
        first, last = min(group[0].first, place[0]), max(group[-1].last, place[1])
        sure, why = self._holds(statement, context, group, first, last, result, changed)
        if self.plasma_empty and result == "wild-type":
            sure, why = False, "no tumour DNA was found in the sample"
        _, day = self.specimens.of(statement, group[0].first)
        origin = self._origin(statement, group[0].first, stop)
        strength = 5 if statement.section in ("variants", "results", "diagnosis", "negatives", "vus") else 0
        strength = -20 if statement.section in BACKGROUND else strength + (2 if changed else 0)
        start, end = statement.tokens[first].start, statement.tokens[last - 1].end
        for match in group:
            names = (match.id("gene") or "").split("+")
            if result == "mutated" and len(names) > 1 and not changed:
                continue  # which of the two is not said
            for name in names:
                value = self._value(name, result, origin) if name in self.facts else None
                if value is None:
                    continue
                ok, note = sure, why
                if value in _ORIGIN_GENES and not origin:
                    ok, note = False, note or "it is not said whether the change is inherited"
                yield Claim(
                    name, value, start, end, ok, note, day, None, None, strength, statement.number, statement.section,
                    {"origin": origin},
                )  # fmt: skip

    def _found(
        self,
        statement: Statement,
        context: Context,
        group: Sequence[Match],
        begin: int,
        stop: int,
        after: int,
        changed: bool,
    ) -> tuple[str, tuple[int, int]]:
        """What a statement says of a group of genes, and the words that say it; nothing where it lists or mentions them only."""
        nothing = ("", (0, 0))
        result, place = self._result(statement, group[-1].last, after)
        before, before_place = self._result_before(statement, context, group[0].first, begin)
        if statement.headers and statement.tokens[group[0].first].cell == statement.tokens[0].cell:
            result, place = self._by_column(statement, result, place)
        if statement.section == "vus" and not (result == "wild-type" or before == "wild-type"):
            if len(group) > _FEW and not changed:
                return nothing  # a list of genes
            result = "vus"
        elif statement.section == "negatives" and not changed:
            result = "wild-type"
        elif (not result and before) or (result in ("mutated", "positive", "fusion", "amplified") and before == "wild-type"):
            result, place = before, before_place
        elif result == "mutated" and before == "vus":
            result = "vus"
        if result == "mutated" and not changed and self._none(statement, context, group[0].first, place[1]):
            result = "wild-type"
        if not result and changed:
            result = "mutated"
            place = (group[0].first, min(stop, group[-1].last + 6))
        if not result or result in ("pending", "benign-change"):
            return nothing
        if result == "wild-type" and changed and not self._word_between(statement, group[-1].last, after):
            result = "mutated"
        if result == "mutated" and not changed and len(group) > 2:
            return nothing  # a list of genes, not a result
        return result, place

    def _cut(self, statement: Statement, first: int, stop: int) -> int:
        """Where the words about a gene end: at a clause, a receptor, a drug, or after many words."""
        for at in range(first, min(stop, first + 26)):
            token = statement.tokens[at]
            if token.text == ";" or (
                token.text == "." and not token.glued and at > first and statement.tokens[at - 1].kind != "w"
            ):
                return at
            match = next((one for one in statement.matches if one.first == at), None)
            if match is not None and (
                match.has("receptor")
                or match.has("drug")
                or match.has("drugclass")
                or (match.has("marker") and at > first)
                or match.has("error")
            ):
                return at
        return min(stop, first + 26)

    def _result(self, statement: Statement, first: int, stop: int) -> tuple[str, tuple[int, int]]:
        for match in statement.matches:
            if first <= match.first < stop and (match.has("result") or match.has("pending")):
                word = self._meaning(match)
                after = statement.tokens[match.last : match.last + 1]
                if word == "mutated" and after and after[0].norm in self.listed("genes.not"):
                    word = "pending"  # `Mutation Not`, the rest is on another line
                if word == "mutated" and self._taken_back(statement, match, stop):
                    return "wild-type", (match.first, match.last)
                if word:
                    return word, (match.first, match.last)
        return "", (first, first)

    def _taken_back(self, statement: Statement, said: Match, stop: int) -> bool:
        """`A mutation in the plasma was not found`: the word that there is none comes behind the word for the change."""
        return any(
            said.last <= one.first < min(stop, said.last + 7)
            and self._meaning(one) == "wild-type"
            and not any(token.text in ",;" for token in statement.tokens[said.last : one.first])
            for one in statement.matches
            if one.has("result")
        )

    def _meaning(self, match: Match) -> str:
        results = {term.id for term in match.terms if term.kind == "result"}
        if "benign" in results:
            return "benign-change"
        for word in ("vus", "wild-type", "fusion", "mutated", "not-evaluable", "negative"):
            if word in results:
                return {"not-evaluable": "pending", "negative": "wild-type"}.get(word, word)
        if results & {"amplified"}:
            return "amplified"
        if match.has("pending"):
            return "pending"
        return ""

    def _result_before(self, statement: Statement, context: Context, first: int, begin: int) -> tuple[str, tuple[int, int]]:
        """A result that stands before the name of its gene: `no pathogenic variants in GENE`, `negative for GENE`, `mutation in GENE`."""
        for at, match, token in context.back(first, 16):
            if at < begin:
                break
            if token.text in ";" or (token.text == "." and not token.glued):
                break
            if match is None:
                continue
            if match.has("result") and not match.has("section"):
                word = self._meaning(match)
                if word in ("fusion", "amplified") and any(
                    one.has("gene") and one.last == match.first for one in statement.matches
                ):
                    continue  # it belongs to the gene before it
                if word == "mutated" and (context.negated(match.first, match.last) or self._found_none(statement, begin, match)):
                    word = "wild-type"
                if word:
                    return word, (match.first, match.last)
            said = context.words(match.first, match.last).lower()
            if match.has("neg") and (
                folded(said).endswith(self.beginnings("genes.evidence-for"))
                or folded(said).startswith(self.beginnings("genes.no-evidence"))
            ):
                return "wild-type", (match.first, match.last)
            if match.has("neg") and folded(context.words(match.first, match.last)) in self.listed("genes.negations"):
                return "wild-type", (match.first, match.last)
            if match.has("pending"):
                return "pending", (match.first, match.last)
        return "", (first, first)

    def _none(self, statement: Statement, context: Context, first: int, last: int) -> bool:
        """`has no BRCA1 or BRCA2 mutation`, but not `no mutation testing`."""
        if any(one.has("tested") and 0 <= one.first - last <= 1 for one in statement.matches):
            return False
        return any(
            one.has("neg")
            and first - one.last <= 2
            and not folded(context.words(one.first, one.last)).startswith(self.beginnings("genes.instead"))
            for one in statement.matches
            if one.last <= first
        )

    def _found_none(self, statement: Statement, begin: int, match: Match) -> bool:
        """`No pathogenic variant was identified in …`: the verb comes after the word that says that there was none."""
        return any(
            one.id("result") == "wild-type" and begin <= one.first < match.first and match.first - one.last <= 4
            for one in statement.matches
        )

    def _change(self, statement: Statement, first: int, stop: int) -> bool:
        if first >= stop:
            return False
        words = self.text[statement.tokens[first].start : statement.tokens[stop - 1].end]
        return bool(_CHANGE.search(words))

    def _word_between(self, statement: Statement, first: int, stop: int) -> bool:
        return any(first <= match.first < stop and match.id("result") == "wild-type" for match in statement.matches)

    def _by_column(self, statement: Statement, result: str, place: tuple[int, int]) -> tuple[str, tuple[int, int]]:
        """In a table whose columns are samples by day, the latest column decides."""
        dated: list[tuple[tuple[int, int, int], int]] = []
        for cell, header in enumerate(statement.headers):
            days = self.paper.words.dates(self.paper.language).find(
                header, not self.paper.american if self.paper.american is not None else None, None
            )
            if days:
                dated.append((days[0].key, cell))
        if len(dated) < 2:
            return result, place
        cell = max(dated)[1]
        inside = [index for index, token in enumerate(statement.tokens) if token.cell == cell]
        if not inside:
            return "pending", place
        first, last = inside[0], inside[-1] + 1
        word, where = self._result(statement, first, last)
        if not word and any(number(token) is not None for token in statement.tokens[first:last]):
            return "mutated", (first, last)
        return (word or "pending"), where

    def _holds(
        self, statement: Statement, context: Context, group: Sequence[Match], first: int, last: int, result: str, changed: bool
    ) -> tuple[bool, str]:
        relative = context.family(group[0].first)
        own = result == "wild-type" and context.said("family") is None and context.said("tested") is not None
        if relative and not (statement.section == "family" and own):
            return False, f"of the family: “{relative}”"
        wrong = context._taken_back(group[0].first, group[-1].last)
        if wrong:
            return False, f"taken back: “{wrong}”"
        doubt = context._before(group[0].first, "doubt")
        if doubt and folded(doubt) not in self.listed("genes.no-doubt"):
            return False, f"uncertain: “{doubt}”"
        following = next(
            (one.first for one in statement.matches if one.has("gene") and one.first >= group[-1].last), len(statement.tokens)
        )
        if any(one.id("result") == "not-called" and group[-1].last <= one.first < following for one in statement.matches):
            return False, "less than the test can tell"
        if result == "mutated":
            for _at, match, token in context.back(group[0].first, 12):
                if match is not None and match.has("plan"):
                    word = context.words(match.first, match.last).lower()
                    if folded(word) in self.listed("genes.conditions"):
                        return False, f"said of a plan: “{word}”"
                if (
                    token.norm in self.listed("genes.needs")
                    and statement.section in ("plan", "assessment", "comment", "discussion")
                    and not changed
                ):
                    return False, "said of a plan"
            if not changed and statement.section in ("plan",) and context.said("plan", 0, group[0].first) is not None:
                return False, "said of a plan"
        if context.said("pending") is not None and result == "mutated" and not changed:
            near = context.said("pending")
            if near is not None and abs(near.first - group[-1].last) < 8:
                return False, "no result yet"
        return True, ""

    def _origin(self, statement: Statement, first: int, stop: int) -> str:
        near: str = ""
        for match in statement.matches:
            if match.has("origin") and match.first < stop + 10:
                origin = "germline" if match.id("origin") == "germline" else "somatic"
                if any(one.has("doubt") and 0 <= match.first - one.last <= 1 for one in statement.matches):
                    continue  # `possible germline origin`: nobody knows yet
                if not near or match.first > first - 14:
                    near = origin
                if match.first > first:
                    break
        if near:
            return near
        above: Statement | None = statement
        for _ in range(4):
            above = above.before or above.parent if above is not None else None
            if above is None:
                break
            origins = [match.id("origin") for match in above.matches if match.has("origin")]
            if origins:
                return "germline" if origins[-1] == "germline" else "somatic"
        if statement.head != (0, 0):
            words = folded(self.text[statement.head[0] : statement.head[1]])
            if any(word in words for word in self.listed("genes.germline")):
                return "germline"
            if any(word in words for word in self.listed("genes.somatic")):
                return "somatic"
        return self.origin

    def _value(self, name: str, result: str, origin: str) -> str | None:
        """The value of the gene's fact for a result, where it has one."""
        values = self.facts[name].values
        if result == "wild-type":
            return "wild-type"
        if result == "vus":
            return "variant-of-uncertain-significance" if "variant-of-uncertain-significance" in values else None
        if result == "amplified":
            return None
        if "fusion" in values:
            return "fusion" if result == "fusion" else None
        if result == "fusion":
            return None
        if "altered" in values:
            return "altered"
        if "mutated" in values:
            return "mutated"
        if "germline-pathogenic" in values:
            return "germline-pathogenic" if origin == "germline" else "somatic-pathogenic"
        return None


def one_end(statement: Statement, match: Match) -> int:
    return statement.tokens[match.last - 1].end
