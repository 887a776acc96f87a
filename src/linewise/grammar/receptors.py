"""Receptors: oestrogen, progesterone, HER2 by stain and by gene copies. Every way of writing a result, taken apart completely."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import BACKGROUND, Claim, Context, Specimens
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import Token, folded, number

_HER2_HEAD = re.compile(r"(?i)her-?2|\b[cfsd]?ish\b|in.situ")


class Value(msgspec.Struct):
    """What a window of words says of one receptor."""

    status: str = ""
    percent: float | None = None
    bounded: str = ""  # more, less: the percentage is a bound
    score: tuple[str, float] | None = None  # the scale, the value
    ihc: str = ""
    ish: str = ""
    faint: bool = False
    no_result: bool = False
    first: int = -1
    last: int = -1
    why: list[str] = msgspec.field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not (self.status or self.percent is not None or self.score or self.ihc or self.ish)


class Receptors:
    """Reads the receptors of one paper."""

    def __init__(self, paper: Paper, specimens: Specimens) -> None:
        self.listed, self.beginnings = paper.words.listed, paper.words.beginnings
        self.paper, self.specimens = paper, specimens
        self.scales: dict[str, Any] = dict(paper.words.of("scales"))
        self.last: tuple[str, Statement] | None = None  # the receptor that a line without a name goes on about

    def claims(self, statement: Statement) -> Iterator[Claim]:
        context = Context(self.paper, statement)
        named = [
            match for match in statement.matches if match.has("receptor") or match.id("result") == "her2-low" or match.has("ish")
        ]
        if statement.headers and any(statement.headers):
            columns = list(self._columns(statement, context, named))
            if columns:
                yield from columns
                return
        if not named:
            if self.last is not None and statement.number - self.last[1].number <= 3 and statement.block == self.last[1].block:
                yield from self._going_on(statement, context)
            elif _HER2_HEAD.search(self.paper.sheet.text[statement.head[0] : statement.head[1]]):
                amplified = next((one for one in statement.matches if one.id("result") in ("amplified", "not-amplified")), None)
                if amplified is not None:
                    value = self._window(statement, Match(0, 0, ()), self._boundary(statement, 0, len(statement.tokens)), "her2")
                    if value.ish:
                        yield from self._made(statement, context, amplified, "her2", Value(ish=value.ish))
            return
        pending: list[Match] = []
        for index, match in enumerate(named):
            name = match.id("receptor") or "her2"
            stop = named[index + 1].first if index + 1 < len(named) else len(statement.tokens)
            stop = min(stop, self._boundary(statement, match.last, stop))
            if match.has("ish") and not match.has("receptor"):
                if (
                    index
                    and (
                        named[index - 1].id("receptor") == "her2"
                        or named[index - 1].has("ish")
                        or named[index - 1].id("result") == "her2-low"
                    )
                    and not self._self_standing(statement, named[index - 1].last, match.first)
                ):
                    continue  # read with the HER2 before it
                name = "her2"
            if name == "her2":
                stop = self._her2_end(statement, named, index)
                if index and self._inside_her2(named, index, statement):
                    continue
            if name == "triple":
                yield from self._combined(statement, context, match, name, Value())
                continue
            value = self._window(statement, match, stop, name)
            if value.empty and not value.no_result:
                if index + 1 < len(named) and self._joined(statement.tokens[match.last : named[index + 1].first]):
                    pending.append(match)
                    continue
                self._before(statement, pending[0] if pending else match, value)
            if value.empty and not value.no_result:
                pending = []
                continue
            shared = value
            for earlier in pending:
                self_name = earlier.id("receptor") or ""
                both = self._pair(statement, value, pending, earlier)
                yield from self._made(statement, context, earlier, self_name, both)
            pending = []
            if name in ("er", "pr", "her2"):
                self.last = (name, statement)
            yield from self._made(statement, context, match, name, shared)

    # Where a window ends

    def _boundary(self, statement: Statement, first: int, stop: int) -> int:
        for match in statement.matches:
            if first <= match.first < stop and (
                match.has("marker")
                or match.has("gene")
                or match.has("lab")
                or match.has("error")
                or match.has("formerly")
                or match.has("control")
                or (match.has("histology") and match.first > first + 3)
            ):
                if match.has("error") and match.first == first:
                    continue
                return match.first
        return min(stop, first + 34)

    def _her2_end(self, statement: Statement, named: Sequence[Match], index: int) -> int:
        """HER2's window takes in the gene test after it, up to another receptor."""
        at = index + 1
        while at < len(named) and (
            (named[at].has("ish") and not named[at].has("receptor"))
            or named[at].id("receptor") == "her2"
            or named[at].id("result") == "her2-low"
        ):
            if named[at].id("receptor") == "her2" and self._self_standing(statement, named[at - 1].last, named[at].first):
                break
            at += 1
        stop = named[at].first if at < len(named) else len(statement.tokens)
        return self._boundary(statement, named[index].last, stop)

    def _inside_her2(self, named: Sequence[Match], index: int, statement: Statement) -> bool:
        before = named[index - 1]
        is_her2 = before.id("receptor") == "her2" or before.has("ish") or before.id("result") == "her2-low"
        return is_her2 and not self._self_standing(statement, before.last, named[index].first)

    def _self_standing(self, statement: Statement, first: int, stop: int) -> bool:
        """Whether a clause ends between two places."""
        tokens = statement.tokens[first:stop]
        if any(token.text == ";" or (token.text == "." and not token.glued) for token in tokens):
            return True
        return any(token.day is not None for token in tokens) or any(
            match.has("error") or match.has("biopsy") for match in statement.matches if first <= match.first < stop
        )

    def _joined(self, between: Sequence[Token]) -> bool:
        return len(between) <= 3 and all(token.norm in self.listed("receptors.list") or token.text in "()" for token in between)

    # Reading a window

    def _window(self, statement: Statement, match: Match, stop: int, name: str) -> Value:
        value = Value()
        tokens = statement.tokens
        at = match.last
        by_first = {one.first: one for one in statement.matches}
        if match.id("result") == "her2-low":
            value.status, value.first, value.last = "low", match.first, match.last
            return value
        ish = match.has("ish")
        while at < stop:
            token = tokens[at]
            found = by_first.get(at)
            if found is not None and found.has("ish"):
                ish = True
                at = found.last
                continue
            if found is not None and found.has("ihc"):
                ish = False
                at = found.last
                continue
            used = self._signs(tokens, at, stop, match.last, name, value, ish)
            if not used and token.kind == "n":
                used = self._number(statement, at, stop, name, value, ish, by_first, match.last)
            if not used and found is not None:
                used = self._word(found, name, value, ish, statement)
            if used:
                value.first = at if value.first < 0 else value.first
                value.last = max(value.last, at + used)
                at += used
                continue
            at = found.last if found is not None and token.kind != "n" else at + 1
        if name == "her2" and not value.ish and ish:
            value.ish, end = self._by_counts(statement, match.first, stop)
            if value.ish and value.first < 0:
                value.first, value.last = match.first, max(match.last, end)
        return value

    def _by_counts(self, statement: Statement, first: int, stop: int) -> tuple[str, int]:
        """Amplified or not, by the group, or by the ratio and the copies together where both say the same."""
        rules = self.scales["her2"]
        counts: dict[str, float] = {}
        end = first
        for match in statement.matches:
            scale = match.id("scale")
            if scale not in ("group", "ratio", "copies") or not first <= match.first < stop:
                continue
            at = next(
                (
                    i
                    for i in range(match.last, min(match.last + 4, len(statement.tokens)))
                    if number(statement.tokens[i]) is not None
                ),
                None,
            )
            amount = number(statement.tokens[at]) if at is not None else None
            if at is None or amount is None or statement.tokens[at - 1].text in "<>≥≤":
                continue
            counts.setdefault(scale, amount)
            end = at + 1
        if "group" in counts:
            return str(rules["groups"].get(f"{counts['group']:g}", "")), end
        if "ratio" not in counts or "copies" not in counts:
            return "", first
        high = counts["ratio"] >= rules["ratio"], counts["copies"] >= rules["copies"]
        return ("positive" if all(high) else "" if any(high) else "negative"), end

    def _signs(self, tokens: Sequence[Token], at: int, stop: int, start: int, name: str, value: Value, ish: bool) -> int:
        """`+`, `-`, `+++`, `(+)` right after the name."""
        token = tokens[at]
        if token.text in ("(",) and at + 2 < stop and tokens[at + 1].text in "+-−–" and tokens[at + 2].text == ")":
            self._sign(tokens[at + 1].text, 1, name, value, ish)
            return 3
        if token.text not in "+-−–" or len(token.text) != 1 or at > start + 4:
            return 0
        many = 1
        while at + many < stop and tokens[at + many].text == token.text and tokens[at + many].glued:
            many += 1
        after = tokens[at + many] if at + many < len(tokens) else None
        if token.text != "+":
            if after is not None and after.glued and (after.kind in "wn"):
                return 0  # a hyphen
            if after is not None and after.kind in "wn" and not after.glued and not token.glued and at == start:
                return 0 if after.kind == "n" or len(after.text) > 1 else many  # a dash
            if not token.glued and at > start and name != "her2":
                return 0
        elif after is not None and after.kind == "n" and after.glued and name == "her2":
            return 0
        if at == start or token.glued or tokens[at - 1].text in ":(":
            self._sign(token.text, many, name, value, ish)
            return many
        return 0

    def _sign(self, sign: str, many: int, name: str, value: Value, ish: bool) -> None:
        if ish:
            value.ish = value.ish or ("positive" if sign == "+" else "negative")
        elif name == "her2" and sign == "+" and many > 1:
            value.ihc = value.ihc or f"{min(many, 3)}+"
        elif not value.status:
            value.status = "positive" if sign == "+" else "negative"

    def _number(
        self, statement: Statement, at: int, stop: int, name: str, value: Value, ish: bool, by_first: dict[int, Match], start: int
    ) -> int:
        tokens = statement.tokens
        token = tokens[at]
        amount = number(token)
        if amount is None:
            return 0
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        before = tokens[at - 1] if at else None
        if name == "her2":
            return self._her2_number(statement, at, stop, value, ish, start, amount)
        if after is not None and (after.text == "%" or after.norm in self.listed("receptors.percent-or-per")):
            if value.percent is None and amount <= 100:
                value.percent, value.bounded = amount, self._bound(tokens, at)
            return 2
        if after is not None and (after.text in "-–—" or after.norm in self.listed("common.to")) and at + 3 < len(tokens) + 1:
            upper = tokens[at + 2] if at + 2 < len(tokens) else None
            unit = tokens[at + 3] if at + 3 < len(tokens) else None
            if (
                upper is not None
                and upper.kind == "n"
                and unit is not None
                and (unit.text == "%" or unit.norm in self.listed("receptors.percent"))
            ):
                low, high = amount, number(upper)
                if value.status or self._exact_follows(tokens, at + 4, stop):
                    return 4  # the words of a class: `low positive (1-10 %): 4 %`
                if value.percent is None and high is not None and high <= 100:
                    value.percent, value.bounded = low, "range"
                return 4
        if (
            after is not None
            and after.norm in self.listed("receptors.of")
            and at + 2 < len(tokens)
            and tokens[at + 2].kind == "n"
        ):
            top = number(tokens[at + 2])
            scale = next((one for one in ("allred", "irs", "h-score") if self.scales[one]["top"] == top), None)
            if scale and amount <= (top or 0):
                value.score = value.score or (scale, amount)
                return 3
            return 3
        bare = at == start and amount == int(amount) and (after is None or after.text in ",.;)" or after.cell != token.cell)
        if bare and self.paper.american is False and self.paper.language == "en" and (amount == 0 or 3 <= amount <= 8):
            value.score = value.score or ("allred", amount)  # in the United Kingdom `ER 8` is the Allred score
            return 1
        signed = at == start + 1 and before is not None and before.text in "+-"
        plain = after is None or after.text in ",.;)/" or after.cell != token.cell
        if (at == start or signed) and plain and amount == int(amount) and (9 < amount <= 100 or amount == 0):
            follows = tokens[at + 2] if after is not None and after.text == "/" and at + 2 < len(tokens) else None
            if follows is None or follows.kind != "n":
                value.percent = amount if value.percent is None else value.percent  # `ER 90, PR 0`: a share, without its sign
                return 1
        near = [
            by_first[i]
            for i in range(max(0, at - 6), at)
            if i in by_first and by_first[i].has("scale") and by_first[i].last > at - 5
        ]
        scale = near[-1].id("scale") if near else None
        led = (before is not None and before.text in ("(", "=", ":")) or (near and at - near[-1].last <= 3)
        if scale in ("allred", "irs", "h-score") and amount <= self.scales[scale]["top"] and led:
            value.score = value.score or (scale, amount)
            return 1
        return 0

    def _exact_follows(self, tokens: Sequence[Token], first: int, stop: int) -> bool:
        return any(tokens[at].kind == "n" and tokens[at + 1].text == "%" for at in range(first, min(stop, len(tokens) - 1)))

    def _bound(self, tokens: Sequence[Token], at: int) -> str:
        for token in reversed(tokens[max(0, at - 3) : at]):
            if token.text in "(:,;" and token.text not in "<>":
                return ""
            if token.norm in self.listed("receptors.more"):
                return "more"
            if token.norm in self.listed("receptors.less"):
                return "less"
        return ""

    def _her2_number(self, statement: Statement, at: int, stop: int, value: Value, ish: bool, start: int, amount: float) -> int:
        tokens = statement.tokens
        token = tokens[at]
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        third = tokens[at + 2] if at + 2 < len(tokens) else None
        before = tokens[at - 1] if at else None
        if token.text in ("0", "1", "2", "3"):
            if (
                after is not None
                and after.text == "+"
                and after.glued
                and not (third is not None and third.kind == "n" and third.glued)
            ):
                if not value.ihc and not self._percent_of(tokens, at):
                    value.ihc = "0" if token.text == "0" else f"{token.text}+"
                    value.faint = value.faint or token.text == "0"
                return 2
            if after is not None and after.text == "+" and not after.glued and token.text != "0" and not ish:
                value.ihc = value.ihc or f"{token.text}+"
                return 2
            if before is not None and before.text == "+" and token.glued and at > start - 1 and not ish:
                value.ihc = value.ihc or ("0" if token.text == "0" else f"{token.text}+")
                return 1
            unit = after is not None and (
                after.text in "%/"
                or (after.text in ".," and after.glued and third is not None and third.glued)
                or (after.kind == "w" and after.glued)
            )
            ends = after is None or after.text in ").,;:(/|[]-–=" or after.kind == "w" or after.cell != token.cell
            if (
                unit
                and after is not None
                and after.text == "/"
                and third is not None
                and (third.kind == "w" or third.text == "3")
            ):
                unit = False
            named = any(
                match.has("scale") or match.has("ihc") or match.id("receptor") == "her2"
                for match in statement.matches
                if match.last in range(at - 4, at + 1)
            )
            score = any(one.norm in self.listed("receptors.before-a-score") for one in tokens[max(0, at - 4) : at])
            close = at - start <= 3 or score
            if (
                not value.ihc
                and not ish
                and not unit
                and ends
                and close
                and (named or score or (before is not None and before.text in "(:|"))
                and not self._percent_of(tokens, at)
            ):
                if before is not None and before.kind == "w" and before.norm in self.listed("receptors.other-numbers"):
                    return 0
                value.ihc = "0" if token.text == "0" else f"{token.text}+"
                return 1
        return 0

    def _percent_of(self, tokens: Sequence[Token], at: int) -> bool:
        return at + 1 < len(tokens) and tokens[at + 1].text == "%"

    def _word(self, match: Match, name: str, value: Value, ish: bool, statement: Statement) -> int:
        said = match.id("result")
        many = match.last - match.first
        if match.has("scale") and name == "her2" and match.id("scale") in ("ratio", "copies", "reference-copies", "group"):
            return 0
        if said is None:
            return 0
        results = {term.id for term in match.terms if term.kind == "result"}
        if "not-evaluable" in results and not ({"equivocal"} & results):
            value.no_result = value.no_result or value.empty
            if value.empty:
                value.why.append("no result yet")
            return many
        if name == "her2":
            return self._her2_word(results, value, ish, many)
        for word in ("low", "positive", "negative"):
            if word in results and not value.status:
                value.status = word
                return many
        return many if results & {"low", "positive", "negative"} else 0

    def _her2_word(self, results: set[str], value: Value, ish: bool, many: int) -> int:
        if "not-amplified" in results:
            value.ish = value.ish or "negative"
        elif "amplified" in results:
            value.ish = value.ish or "positive"
        elif "ultralow" in results:
            value.status = value.status or "ultralow"
        elif "her2-low" in results:
            value.status = value.status or "low"
        elif "faint" in results:
            value.faint = True
        elif "no-staining" in results and not value.ihc:
            value.ihc = "0"
        elif "positive" in results or "negative" in results:
            word = "negative" if "negative" in results else "positive"
            if ish:
                value.ish = value.ish or word
            else:
                value.status = value.status or word
        elif "low" in results and not ish:
            value.status = value.status or "low"
        else:
            return 0
        return many

    def _before(self, statement: Statement, match: Match, value: Value) -> None:
        """`positive for ER`, `negative ER`, `95 % ER`: the result stands before the name."""
        tokens = statement.tokens
        for one in reversed(statement.matches):
            if one.last > match.first or match.first - one.last > 5:
                continue
            between = tokens[one.last : match.first]
            if any(token.text in ",;.:)" for token in between):
                return
            results = {term.id for term in one.terms if term.kind == "result"}
            word = next((word for word in ("low", "positive", "negative") if word in results), "")
            if not word and one.has("neg") and tokens[one.first].norm in self.listed("receptors.negative"):
                word = "negative"
            if word:
                name = match.id("receptor")
                if all(token.norm in self.listed("receptors.for") or token.text in "-(" for token in between):
                    value.status = word
                    value.first, value.last = one.first, match.last
                    if name == "her2" and match.has("ish"):
                        value.ish, value.status = word, ""
                return
            if one.has("receptor"):
                return

    def _pair(self, statement: Statement, value: Value, pending: Sequence[Match], match: Match) -> Value:
        """What the first of several names shares with the last: the status, and not the percentage."""
        if value.status and value.percent is None and value.score is None and not value.ihc:
            return msgspec.structs.replace(value, why=list(value.why))
        second = next((one for one in statement.matches if one.first > match.first and one.has("receptor")), None)
        if second is not None and len(pending) == 1:  # ER/PR 90 %/20 %
            tokens = statement.tokens
            at = second.last
            first = self._window(statement, second, min(len(tokens), at + 5), "er")
            rest = Value()
            if value.last > 0:
                follower = Match(second.first, min(first.last + 1, len(tokens)), second.terms) if first.last > 0 else second
                rest = self._window(statement, follower, self._boundary(statement, follower.last, len(tokens)), "pr")
            if (first.percent is not None and rest.percent is not None) or (first.score and rest.score):
                both = msgspec.structs.replace(first, why=[])
                value.percent, value.score, value.bounded, value.status = rest.percent, rest.score, rest.bounded, rest.status
                return both
        if value.status:
            return Value(status=value.status, first=value.first, last=value.last)
        return Value()

    def _going_on(self, statement: Statement, context: Context) -> Iterator[Claim]:
        """A line that goes on about the receptor above it: `Percentage of cells with nuclear positivity: 95 %`, `Ratio: 1.3`, `Result: not amplified`."""
        assert self.last is not None
        name, _upper = self.last
        tokens = statement.tokens
        head = {token.norm for token in tokens[:7]}
        value = Value()
        if name in ("er", "pr") and head & self.listed("receptors.heads"):
            value = self._window(statement, Match(0, 1, ()), len(tokens), name)
            value.status = ""
            if value.bounded:
                value = Value()
        elif name == "her2" and statement.matches and statement.matches[0].first <= 2:
            amplified = any(match.id("result") in ("amplified", "not-amplified") for match in statement.matches)
            if statement.matches[0].id("scale") == "group":
                value.ish, value.last = self._by_counts(statement, 0, len(tokens))
                value.first = 0
            elif amplified or head & self.listed("receptors.score-heads"):
                value = self._window(statement, Match(0, 0, ()), len(tokens), "her2")
        if not value.empty:
            yield from self._made(statement, context, Match(0, max(1, value.last), ()), name, value)

    # Rows of tables

    def _columns(self, statement: Statement, context: Context, named: Sequence[Match]) -> Iterator[Claim]:
        """A table whose columns are receptors, or specimens and days."""
        cells: dict[int, list[int]] = {}
        for index, token in enumerate(statement.tokens):
            cells.setdefault(token.cell, []).append(index)
        heads = [self.specimens.head(header) for header in statement.headers]
        if any(match.has("receptor") for _, found in heads for match in found) and not any(
            match.has("receptor") for match in named
        ):
            for cell, indices in cells.items():
                if cell >= len(heads):
                    continue
                tokens, found = heads[cell]
                match = next((one for one in found if one.has("receptor")), None)
                if match is None:
                    continue
                first, last = indices[0], indices[-1] + 1
                name = match.id("receptor") or ""
                terms = (*match.terms, *(term for one in found for term in one.terms if term.kind == "ish"))
                value = self._window(statement, Match(first, first, terms), last, name)
                if not value.empty:
                    value.first, value.last = first, last
                    yield from self._made(statement, context, Match(first, last, match.terms), name, value)
            return
        receptor = next((match for match in named if match.first < 3 and (match.has("receptor") or match.has("ish"))), None)
        if receptor is None or statement.tokens[receptor.first].cell != statement.tokens[0].cell:
            return
        name = receptor.id("receptor") or "her2"
        dated = [
            (cell, heads[cell])
            for cell in sorted(cells)
            if cell and cell < len(heads) and self.specimens.heads_specimen(heads[cell][0], heads[cell][1])
        ]
        if len(dated) < 2:
            return
        for cell, (tokens, found) in dated:
            first, last = cells[cell][0], cells[cell][-1] + 1
            ish = [
                term
                for one in statement.matches
                if one.first < first and statement.tokens[one.first].cell == 0
                for term in one.terms
                if term.kind in ("ish", "ihc")
            ]
            value = self._window(statement, Match(first, first, tuple(ish)), last, name)
            if value.empty:
                continue
            about, day = self.specimens.of_head(tokens, found)
            for claim in self._made(statement, context, Match(first, last, receptor.terms), name, value):
                claim.about, claim.day = about or claim.about, day or claim.day
                yield claim

    # Claims

    def _made(self, statement: Statement, context: Context, match: Match, name: str, value: Value) -> Iterator[Claim]:
        first, last = match.first, max(match.last, value.last if value.last > 0 else match.last)
        if value.first >= 0:
            first = min(first, value.first)
        if name in ("triple", "hr") or not name:
            yield from self._combined(statement, context, match, name, value)
            return
        if value.no_result and value.empty:
            return
        if name == "ar":
            return
        sure, why = self._holds(statement, context, match, value)
        about, day = self.specimens.of(statement, match.first)
        start, end = statement.tokens[first].start, statement.tokens[min(last, len(statement.tokens)) - 1].end
        strength = self._strength(statement)

        def claim(fact: str, what: Any, note: str = "", unit: str | None = None, lift: int = 0) -> Claim:
            return Claim(
                fact, what, start, end, sure, why or note, day, about, unit, strength + lift, statement.number, statement.section
            )

        if name == "her2":
            yield from self._her2(value, claim)
            return
        status, note = self._status(value)
        if status:
            yield claim(name, status, note)
        if value.percent is not None and value.bounded != "less" and not (value.bounded == "more" and value.percent < 50):
            yield claim(f"{name}-percent", _whole(value.percent), "the lower end of what is given" if value.bounded else "", "%")

    def _her2(self, value: Value, claim: Any) -> Iterator[Claim]:
        rules = self.scales["her2"]["status"]
        if value.ihc:
            yield claim("her2-ihc", value.ihc)
            if value.ihc == "0" and value.faint:
                yield claim("her2-faint-staining", True)
        if value.ish:
            yield claim("her2-ish", value.ish)
        if value.status:
            status = value.status
            if value.ihc:
                derived = rules.get(value.ihc, "")
                if status == "positive" and derived in ("low", "negative", "ultralow") and not value.ish:
                    return
                if status == "negative" and derived == "positive":
                    return
            yield claim("her2-reported", status)

    def _status(self, value: Value) -> tuple[str, str]:
        limits = self.scales["percent"]
        if value.percent is not None and not (value.bounded == "less" and value.percent > limits["low-from"]):
            percent = value.percent
            if value.bounded == "less":
                return "negative", f"below {percent:g} %"
            if percent >= limits["positive-from"]:
                status = "positive"
            elif percent >= limits["low-from"]:
                status = "low"
            else:
                status = "negative"
            if value.bounded == "more" and status != "positive":
                return value.status, ""
            if value.status == "negative" and status == "positive":
                return "", ""
            return status, f"{percent:g} %"
        if value.score is not None:
            scale, points = value.score
            if points >= self.scales[scale]["positive-from"]:
                return ("positive" if value.status != "low" else "low"), f"{scale} {points:g}"
            if points == 0 or (scale == "allred" and points <= 2):
                return "negative", f"{scale} {points:g}"
            return value.status, f"{scale} {points:g}"
        return value.status, ""

    def _combined(self, statement: Statement, context: Context, match: Match, name: str, value: Value) -> Iterator[Claim]:
        """`triple negative`, and hormone receptors named together: a negative is one of each."""
        facts: tuple[str, ...]
        if name == "triple":
            facts = ("er", "pr", "her2-reported")
        elif value.status == "negative":
            facts = ("er", "pr")
        else:
            return
        sure, why = self._holds(statement, context, match, value)
        about, day = self.specimens.of(statement, match.first)
        start, end = statement.tokens[match.first].start, statement.tokens[max(match.last, value.last) - 1].end
        for fact in facts:
            yield Claim(
                fact,
                "negative",
                start,
                end,
                sure,
                why,
                day,
                about,
                None,
                self._strength(statement) - 3,
                statement.number,
                statement.section,
            )

    def _holds(self, statement: Statement, context: Context, match: Match, value: Value) -> tuple[bool, str]:
        sure, why = context.standing(match.first, max(match.last, value.last))
        condition = next(
            (token.text for _, _, token in context.back(match.first, 9) if token.norm in self.listed("receptors.if")), ""
        )
        if condition:
            return False, f"a condition: “{condition}”"
        if not sure and why.startswith(("negated", "uncertain")):
            words = why.split("“")[1].rstrip("”").lower()
            if (why.startswith("negated") and self._own_word(statement, match, value, words)) or (
                folded(words) in self.listed("receptors.borderline") and value.ihc
            ):
                sure, why = True, ""
        if sure and context.said("approval") is not None and value.percent is None and not value.ihc and not value.score:
            return False, "it tells of a licence or of a study"
        if sure:
            told = next(
                (
                    one
                    for one in statement.matches
                    if one.has("reference") and one.first < match.first and match.first - one.first < 12
                ),
                None,
            )
            if (told is not None and statement.section not in ("results", "diagnosis")) or (
                told is not None and folded(context.words(told.first, told.last)) in self.listed("receptors.definitions")
            ):
                return False, "it explains the scale"
            if self._of_control(statement, context, match, value) and statement.section != "addendum":
                return False, "control tissue"
            plan = next((one for _, one, token in context.back(match.first, 14) if one is not None and one.has("plan")), None)
            if (
                plan is not None
                and statement.section in ("plan", "assessment", "comment", "")
                and value.status
                and not value.ihc
                and value.percent is None
            ):
                word = context.words(plan.first, plan.last).lower()
                if folded(word) not in self.listed("receptors.no-condition"):
                    return False, f"said of a plan: “{word}”"
        return sure, why

    def _of_control(self, statement: Statement, context: Context, match: Match, value: Value) -> bool:
        """Whether a result is that of control tissue: the word stands before it, or right after it. `Internal control cells present` says nothing."""
        for one in statement.matches:
            if not one.has("control"):
                continue
            word = statement.tokens[one.first].norm
            if one.first < match.first or (
                0 <= one.first - max(match.last, value.last) <= 2
                and not folded(word).startswith(self.beginnings("receptors.internal"))
            ):
                return True
        return False

    def _own_word(self, statement: Statement, match: Match, value: Value, words: str) -> bool:
        """Whether a negation is the result itself: `negative`, `not amplified`."""
        return (
            value.status == "negative"
            or value.ish == "negative"
            or value.ihc in ("0", "1+")
            or value.percent is not None
            or value.score is not None
        )

    def _strength(self, statement: Statement) -> int:
        section = statement.section
        if section in BACKGROUND or statement.part == "superseded":
            return -20
        if section == "addendum" or (statement.part == "addendum" and section in ("results", "diagnosis", "")):
            return 6
        if section in ("results", "diagnosis", "microscopic", "specimen"):
            return 4
        if section in ("comment", "plan", "assessment"):
            return -4
        return 0


def _whole(amount: float) -> float | int:
    return int(amount) if amount == int(amount) else amount
