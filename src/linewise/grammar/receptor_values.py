"""What some words say of one receptor: every way of writing a result, taken apart completely."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from linewise.phrases.analysis import Paper
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import Token, number

HER2_WORDS = {"her2-low": "low", "ultralow": "ultralow"}
"""Results that name the receptor themselves, and the status that they say."""


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
    unsure: str = ""  # why it does not count, although it can be read
    first: int = -1
    last: int = -1
    why: list[str] = msgspec.field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not (self.status or self.percent is not None or self.score or self.ihc or self.ish)


class ReceptorValues:
    """Reads results in the words after a receptor's name, or before it."""

    def __init__(self, paper: Paper) -> None:
        self.listed = paper.words.listed
        self.paper = paper
        self.scales: dict[str, Any] = dict(paper.words.of("scales"))

    def boundary(self, statement: Statement, first: int, stop: int) -> int:
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

    def window(self, statement: Statement, match: Match, stop: int, name: str) -> Value:
        value = Value()
        tokens = statement.tokens
        at = match.last
        by_first = {one.first: one for one in statement.matches}
        if (word := match.id("result")) in HER2_WORDS:
            value.status, value.first, value.last = HER2_WORDS[word], match.first, match.last
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
            value.ish, end = self.by_counts(statement, match.first, stop)
            if value.ish and value.first < 0:
                value.first, value.last = match.first, max(match.last, end)
        return value

    def by_counts(self, statement: Statement, first: int, stop: int) -> tuple[str, int]:
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
            if (
                token.glued
                and after is not None
                and after.norm in self.listed("common.and")
                and self._compound(tokens, at + many + 1)
            ):
                return 0  # the half of a compound: `PR- und HER2-Status`
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

    def _compound(self, tokens: Sequence[Token], at: int) -> bool:
        """Whether a name that a hyphen joins to a word stands here: `HER2-Status`."""
        return any(
            one.text in "-‐–" and one.glued and other.glued and other.kind == "w"
            for one, other in zip(tokens[at : at + 3], tokens[at + 1 : at + 4], strict=False)
        )

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
                if value.status == "low" or self._exact_follows(tokens, at + 4, stop):
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
        next_name = at + 1 in by_first and by_first[at + 1].has("receptor")  # `ER 0 PR 0`
        bare = (
            at == start
            and amount == int(amount)
            and (after is None or next_name or after.text in ",.;)" or after.cell != token.cell)
        )
        if bare and self.paper.american is False and self.paper.language == "en" and (amount == 0 or 3 <= amount <= 8):
            value.score = value.score or ("allred", amount)  # in the United Kingdom `ER 8` is the Allred score
            return 1
        signed = at == start + 1 and before is not None and before.text in "+-"
        plain = after is None or next_name or after.text in ",.;)/" or after.cell != token.cell
        if (at == start or signed) and plain and amount == int(amount) and (9 < amount <= 100 or amount == 0):
            follows = tokens[at + 2] if after is not None and after.text == "/" and at + 2 < len(tokens) else None
            if after is not None and after.cell != token.cell and self._exact_follows(tokens, at + 1, stop):
                return 1  # the clone of the antibody (`PR | 16 | 0 %`): the share stands in a cell of its own
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

    def before(self, statement: Statement, match: Match, value: Value) -> None:
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

    def pair(self, statement: Statement, value: Value, pending: Sequence[Match], match: Match) -> Value:
        """What the first of several names shares with the last: the status, and not the percentage."""
        if value.status and value.percent is None and value.score is None and not value.ihc:
            return msgspec.structs.replace(value, why=list(value.why))
        second = next((one for one in statement.matches if one.first > match.first and one.has("receptor")), None)
        if second is not None and len(pending) == 1:  # ER/PR 90 %/20 %
            tokens = statement.tokens
            at = second.last
            first = self.window(statement, second, min(len(tokens), at + 5), "er")
            rest = Value()
            if value.last > 0:
                follower = Match(second.first, min(first.last + 1, len(tokens)), second.terms) if first.last > 0 else second
                rest = self.window(statement, follower, self.boundary(statement, follower.last, len(tokens)), "pr")
            if (first.percent is not None and rest.percent is not None) or (first.score and rest.score):
                both = msgspec.structs.replace(first, why=[])
                value.percent, value.score, value.bounded, value.status = rest.percent, rest.score, rest.bounded, rest.status
                return both
        if value.status:
            return Value(status=value.status, first=value.first, last=value.last)
        return Value()
