"""Places of spread: where the words, the lists, the headings and the biopsies of a paper say that the cancer is."""

from __future__ import annotations

from collections.abc import Iterator

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import BACKGROUND, Claim, Context, Specimens
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import folded, tokens_of


def tumour_claim(
    specimens: Specimens,
    statement: Statement,
    context: Context,
    match: Match,
    fact: str,
    value: object,
    last: int | None = None,
    note: str = "",
) -> Claim:
    sure, why = context.standing(match.first, last or match.last)
    about, day = specimens.of(statement, match.first)
    strength = -3 if statement.section in BACKGROUND else 3 if statement.section in ("diagnosis", "impression") else 0
    end = statement.tokens[(last or match.last) - 1].end
    return Claim(
        fact,
        value,
        statement.tokens[match.first].start,
        end,
        sure,
        why or note,
        day,
        about,
        None,
        strength,
        statement.number,
        statement.section,
    )


class Spread:
    """Reads the places of spread of one paper."""

    def __init__(self, paper: Paper, specimens: Specimens, metastatic: bool) -> None:
        self.listed, self.beginnings = paper.words.listed, paper.words.beginnings
        self.paper, self.specimens, self.metastatic = paper, specimens, metastatic
        self.metastatic_elsewhere = any(
            match.id("sitemet") not in (None, "lymph-node", "regional-node")
            or match.id("metastatic")
            or (match.has("site") and match.id("site") == "lymph-node" and self._far(match, statement))
            for statement in paper.statements
            for match in statement.matches
        )

    def claims(self, statement: Statement) -> Iterator[Claim]:
        context = Context(self.paper, statement)
        yield from self._sites(statement, context)
        yield from self._specimen_site(statement, context)

    def _far(self, match: Match, statement: Statement) -> bool:
        words = [token.norm for token in statement.tokens[match.first : match.last]]
        return any(folded(word).startswith(self.beginnings("tumour.far")) for word in words)

    def _sites(self, statement: Statement, context: Context) -> Iterator[Claim]:
        if statement.section in ("definitions", "therapies", "education", "technique", "gene-list", "family", "trap"):
            return
        _tokens, matches = statement.tokens, statement.matches
        for index, match in enumerate(matches):
            if match.has("sitemet"):
                site = match.id("sitemet") or ""
                if site == "regional-node" or self._benign(statement, context, match) or self._weak(statement, match):
                    continue
                yield self._site(statement, context, match, site)
                yield from self._more(statement, context, index, match)
            elif match.has("met"):
                yield from self._around(statement, context, index, match)
            elif match.has("weakmet"):
                yield from self._weak_around(statement, context, index, match)
            elif (match.has("metastatic") and not match.has("met")) or match.id("stage") == "m1":
                yield from self._around(statement, context, index, match)
            elif match.id("brainword") in ("stable", "active"):
                yield self._site(statement, context, match, "brain")
        yield from self._segments(statement, context)
        yield from self._labelled(statement, context)

    def _labelled(self, statement: Statement, context: Context) -> Iterator[Claim]:
        """`Sites: bone, liver`, in a diagnosis of disease that has spread."""
        first = statement.matches[0] if statement.matches else None
        if first is None or not first.has("siteslabel") or first.first > 1 or not self.metastatic:
            return
        if (
            statement.section not in ("diagnosis", "oncology", "metastatic", "")
            or statement.tokens[min(first.last, len(statement.tokens) - 1)].text != ":"
        ):
            return
        for match in statement.matches[1:]:
            site = self._is_site(match)
            if site:
                yield self._site(statement, context, match, site)

    def _segments(self, statement: Statement, context: Context) -> Iterator[Claim]:
        """Where a sentence says that the cancer is metastatic: places that stand between commas or in brackets on their own."""
        said = [match for match in statement.matches if match.has("metastatic") or match.id("denovo") == "yes"]
        if not any(context.standing(match.first, match.last)[0] for match in said) or statement.section in ("plan", "imaging"):
            return
        tokens = statement.tokens
        start = said[0].last
        at = start
        while at < len(tokens):
            stop = next(
                (
                    i
                    for i in range(at, len(tokens))
                    if tokens[i].text in ",;():" or (tokens[i].text == "." and not tokens[i].glued)
                ),
                len(tokens),
            )
            inside = [match for match in statement.matches if at <= match.first < stop]
            sites = [match for match in inside if match.has("site") or match.has("sitemet")]
            covered = {index for match in sites for index in range(match.first, match.last)}
            plain = [
                token
                for index, token in enumerate(tokens[at:stop], at)
                if index not in covered and token.norm not in self.listed("tumour.within-a-list") and token.kind != "d"
            ]
            if sites and not plain and stop - at <= 9:
                for match in sites:
                    site = self._is_site(match) or (match.id("sitemet") or "")
                    if site and site != "regional-node":
                        yield self._site(statement, context, match, site)
            at = stop + 1

    def _weak(self, statement: Statement, match: Match) -> bool:
        """`bone disease`, `liver disease` are spread only in metastatic disease, and not with another adjective."""
        words = [token.norm for token in statement.tokens[match.first : match.last]]
        if words[-1] not in self.listed("tumour.disease"):
            return False
        if not self.metastatic:
            return True
        before = statement.tokens[max(0, match.first - 2) : match.first]
        return any(token.norm in self.listed("tumour.other-diseases") for token in before) or (
            words[0] in self.listed("tumour.organs") and statement.section in ("illnesses", "past-illnesses")
        )

    def _site(self, statement: Statement, context: Context, match: Match, site: str, last: int | None = None) -> Claim:
        claim = tumour_claim(self.specimens, statement, context, match, "sites", site, last)
        claim.about = None
        if claim.sure:
            gone = self._gone(statement, context, match)
            if gone:
                claim.sure, claim.why = False, gone
            plan = next((one for _, one, _t in context.back(match.first, 10) if one is not None and one.has("plan")), None)
            if plan is not None:
                word = context.words(plan.first, plan.last).lower()
                if folded(word) in self.listed("tumour.conditions"):
                    claim.sure, claim.why = False, f"said of what may come: “{word}”"
        if claim.sure and site == "lymph-node" and match.id("sitemet") == "lymph-node" and not self.metastatic_elsewhere:
            claim.sure, claim.why = False, "perhaps a node near the breast"
        if claim.sure and context.said("othercancer") is not None and not any(one.has("cancer") for one in statement.matches):
            claim.sure, claim.why = False, "of another cancer"
        return claim

    def _gone(self, statement: Statement, context: Context, match: Match) -> str:
        tokens = statement.tokens
        for token in tokens[match.last : match.last + 3]:
            if token.text == "?":
                return "uncertain: “?”"
        if match.first and tokens[match.first - 1].text == "?":
            return "uncertain: “?”"
        return ""

    def _benign(self, statement: Statement, context: Context, match: Match) -> bool:
        one = context.said("benign", match.last, match.last + 8)
        if one is None:
            return False
        return not any(token.text in ",;." for token in statement.tokens[match.last : one.first])

    def _is_site(self, match: Match) -> str:
        site = match.id("site") or ""
        return "" if site in ("breast", "regional-node", "chest-wall", "") else site

    def _more(self, statement: Statement, context: Context, index: int, match: Match) -> Iterator[Claim]:
        """What is listed before or after a place of spread: `bone, liver and lung metastases`."""
        tokens, matches = statement.tokens, statement.matches
        at = match.first
        for other in reversed(matches[:index]):
            between = tokens[other.last : at]
            if (
                other.has("site")
                and all(token.norm in self.listed("tumour.within-a-list") for token in between)
                and len(between) <= 4
            ):
                site = self._is_site(other)
                if site:
                    yield self._site(statement, context, other, site, match.last)
                at = other.first
            elif other.has("sitemet") or other.has("met") or at - other.last > 3 or other.has("neg") or other.has("doubt"):
                break

    def _around(self, statement: Statement, context: Context, index: int, match: Match) -> Iterator[Claim]:
        """A word of spread with the places after it or before it."""
        tokens, matches = statement.tokens, statement.matches
        found = False
        at = match.last
        for other in matches[index + 1 :]:
            between = tokens[at : other.first]
            if (
                other.has("site")
                and (
                    all(
                        token.norm in self.listed("tumour.before-a-site")
                        or token.norm in self.listed("tumour.within-a-list")
                        or token.kind in "dn"
                        for token in between
                    )
                    and len(between) <= 9
                )
                and not any(token.text in ";." for token in between)
            ):
                site = self._is_site(other)
                if site and not self._benign(statement, context, other):
                    found = True
                    yield self._site(statement, context, other, site)
                at = other.last
            elif ((other.has("receptor") or other.has("result") or other.has("denovo")) and other.first - at <= 3) or (
                other.has("cancer")
                or other.has("metastatic")
                or other.has("met")
                or (other.has("receptor") and all(token.norm in self.listed("tumour.within-a-list") for token in between))
            ):
                at = other.last
            elif (
                other.has("sitemet")
                or other.has("neg")
                or other.has("doubt")
                or other.first - at > 5
                or other.has("drug")
                or other.has("receptor")
            ):
                break
        at = match.first
        for other in reversed(matches[:index]):
            between = tokens[other.last : at]
            labelled = any(token.text == ":" for token in between) and other.first <= 6 and other.has("site")
            if any(token.text in ";." for token in between) or (len(between) > 3 and not labelled):
                break
            if labelled and len(between) <= 6:
                site = self._is_site(other)
                if site:
                    yield self._site(statement, context, other, site, match.last)
                break
            if other.has("site") and all(token.norm in self.listed("tumour.within-a-list") for token in between):
                site = self._is_site(other)
                if site:
                    yield self._site(statement, context, other, site, match.last)
                at = other.first
            elif not (other.has("opens") or other.has("sex") or other.has("grade")):
                break
        if (not found and statement.section == "findings") or statement.section == "impression":
            yield from self._under_heading(statement, context, match)

    def _under_heading(self, statement: Statement, context: Context, match: Match) -> Iterator[Claim]:
        """`Liver: multiple metastases` under the heading of an organ."""
        words = self.paper.sheet.text[statement.head[0] : statement.head[1]]
        if not words or len(words) > 40:
            return
        tokens = tokens_of(words, [(0, len(words))])
        sites = {self._is_site(one) for one in self.paper.lexicon.matches(tokens, False) if one.has("site")} - {""}
        if (
            len(sites) == 1
            and not any(one.has("site") and self._is_site(one) for one in statement.matches)
            and not any(one.id("site") for one in statement.matches)
        ):
            yield self._site(statement, context, match, sites.pop())

    def _weak_around(self, statement: Statement, context: Context, index: int, match: Match) -> Iterator[Claim]:
        """`progression in liver and bone`, `recurrence in bone`: places, where the disease is known to have spread."""
        tokens, matches = statement.tokens, statement.matches
        word = tokens[match.last - 1].norm
        at, seen_to = match.last, False
        for other in matches[index + 1 :]:
            between = tokens[at : other.first]
            norms = [token.norm for token in between]
            if other.has("site") and len(between) <= 6 and not any(token.text in ";." for token in between):
                linked = seen_to or any(norm in self.listed("tumour.joining") for norm in norms) or not norms
                if not linked or not all(
                    norm in self.listed("tumour.before-a-site")
                    or norm in self.listed("tumour.within-a-list")
                    or norm.isdigit()
                    or token.kind in "dn"
                    for norm, token in zip(norms, between, strict=True)
                ):
                    break
                site = self._is_site(other)
                if not site:
                    break
                seen_to = True
                if word in self.listed("tumour.recurrence") and site in ("skin", "lymph-node"):
                    break
                if self.metastatic or folded(word).startswith(self.beginnings("tumour.recurrent")):
                    yield self._site(statement, context, other, site)
                at = other.last
            elif other.first - at > 4 or other.has("neg") or other.has("doubt") or other.has("drug"):
                break
        if (self.metastatic and word in self.listed("tumour.involvement")) or match.id("response"):
            at = match.first
            for other in reversed(matches[:index]):
                between = tokens[other.last : at]
                if len(between) > 2 or any(token.text in ";.:," for token in between):
                    break
                if other.has("site") and all(token.norm in self.listed("tumour.within-a-list") for token in between):
                    site = self._is_site(other)
                    if site and statement.section not in ("illnesses", "past-illnesses"):
                        yield self._site(statement, context, other, site, match.last)
                    at = other.first
                else:
                    break

    def _specimen_site(self, statement: Statement, context: Context) -> Iterator[Claim]:
        """A biopsy of an organ with carcinoma in it."""
        _tokens, matches = statement.tokens, statement.matches
        cells = [
            match
            for match in matches
            if match.has("tumour-cells")
            or match.has("cancer")
            or (match.has("met") and self.paper.kind == "pathology report")
            or match.id("histology") in ("ductal", "lobular")
        ]
        if not cells or (context.said("benign") is not None and statement.section != "diagnosis"):
            return
        sites = [match for match in matches if match.has("site") or match.has("compoundsite")]
        sites = [
            one
            for one in sites
            if not any(t.norm in self.listed("tumour.origin") for t in statement.tokens[one.last : one.last + 1])
        ]
        biopsies = [match for match in matches if match.has("biopsy")]
        if not sites:
            above = statement.parent
            if statement.section in ("diagnosis", "results", "") and above is not None and self.paper.kind == "pathology report":
                upper = [match for match in above.matches if match.has("site") or match.has("compoundsite")]
                if (
                    any(match.has("biopsy") for match in above.matches)
                    and upper
                    and not any(one.id("site") in ("breast", "regional-node") for one in upper)
                ):
                    site = (upper[0].id("compoundsite") or self._is_site(upper[0])) or ""
                    if site and site != "breast" and context.standing(cells[0].first, cells[0].last)[0]:
                        yield self._site(statement, context, cells[0], site)
            return
        if any(match.id("site") in ("breast", "regional-node", "chest-wall") for match in sites):
            return
        if not biopsies and statement.section not in ("diagnosis",):
            return
        for match in sites:
            site = match.id("compoundsite") or self._is_site(match)
            if not site or site == "breast":
                continue
            if biopsies and min(abs(match.first - one.first) for one in biopsies) > 8:
                continue
            if site == "bone" and statement.tokens[match.first].text == "C":
                continue  # `C5`, the class of a cytology
            inner = [one for one in cells if abs(one.first - match.last) < 24 and one.first != match.first]
            if inner and all(context.standing(one.first, one.last)[0] for one in inner[:1]):
                yield self._site(statement, context, match, site)
                break
