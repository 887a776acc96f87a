"""Measurements: names, values, units and printed limits, in sentences, in rows, and in tables with a column for each day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import Claim, Context
from linewise.phrases.dates import Day
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import Token, folded, number

_ALIASES = {"calcium-corrected": "calcium"}
_UNITLESS = frozenset({"alt", "bilirubin"})


class Labs:
    """Reads the measurements of one paper."""

    def __init__(self, paper: Paper) -> None:
        self.listed = paper.words.listed
        self.paper = paper
        self.units: Mapping[str, Mapping[str, Any]] = paper.words.of("units")["units"]
        self.codes = paper.words.knowledge.facts
        self.fasted = any(self._says_fasted(statement) for statement in paper.statements)

    def _says_fasted(self, statement: Statement) -> bool:
        """`Fasting: Yes` over a whole sheet."""
        return any(
            match.id("labword") == "fasting"
            and any(one.norm in self.listed("labs.said-yes") for one in statement.tokens[match.last : match.last + 2])
            for match in statement.matches
        )

    def _fact(self, name: str) -> str:
        return "fasting-glucose" if name == "glucose" and self.fasted else _ALIASES.get(name, name)

    def claims(self, statement: Statement) -> Iterator[Claim]:
        if statement.section in ("definitions", "education", "therapies", "family", "trap", "gene-list", "pending", "technique"):
            return
        context = Context(self.paper, statement)
        if len(statement.headers) > 1 and any(statement.headers):
            rows = list(self._row(statement, context))
            if rows or self._is_table(statement):
                yield from rows
                return
        names = [match for match in statement.matches if match.has("lab") and not self._inside_other(statement, match)]
        for index, match in enumerate(names):
            name = match.id("lab") or ""
            fact = self._fact(name)
            if fact not in self.units or (match.has("surgery") and statement.section != "labs"):
                continue
            stop = names[index + 1].first if index + 1 < len(names) else len(statement.tokens)
            claim = self._read(statement, context, match, fact, match.last, stop)
            if claim is not None:
                claim.strength += 1 if name == "calcium-corrected" else 0
                yield claim
                yield from self._again(statement, context, match, fact, claim, stop)
        yield from self._pharmacogenes(statement, context)

    def _again(self, statement: Statement, context: Context, match: Match, fact: str, first: Claim, stop: int) -> Iterator[Claim]:
        """A second value of the same measurement: `3.21 on admission, 2.51 on discharge`, `61 % (64 % in April)`."""
        tokens = statement.tokens
        at = next((i for i, token in enumerate(tokens) if token.end >= first.end), match.last) + 1
        steps = 0
        while at < stop and steps < 12:
            token = tokens[at]
            follows = at + 1 < stop and tokens[at + 1].kind == "n"
            if (token.text == ";" and not follows) or (token.text == "." and not token.glued):
                return
            amount = number(token) if token.kind == "n" else None
            if (
                amount is not None
                and not (at + 1 < len(tokens) and tokens[at + 1].text in "-–/" and tokens[at - 1].text in "([")
                and tokens[at - 1].text not in "<>≤≥-–/"
                and not (at + 2 < len(tokens) and tokens[at + 1].text == "/" and tokens[at + 2].kind == "n")  # a day
            ):
                unit, end = self._unit(tokens, at + 1, stop)
                told = self._when(statement, context, at, end)
                before = self._when(statement, context, match.last, at)
                if told or before or fact == "lvef":
                    claim = self._claim(statement, context, match, fact, amount, unit, None, False, at, end)
                    if claim is not None and claim.sure:
                        claim.start = token.start
                        claim.strength = 3 if told == "now" else -13 if told == "before" or fact == "lvef" else claim.strength
                        if before == "before" and told != "before":
                            first.strength = min(first.strength, -11)
                        yield claim
                return
            at += 1
            steps += 1

    def _when(self, statement: Statement, context: Context, first: int, last: int) -> str:
        """Whether the words right after a value say that it is old or of now."""
        for one in statement.matches:
            if first <= one.first < last + 5 and one.first - first <= 5:
                if one.has("historic") and folded(context.words(one.first, one.last)) not in self.listed("labs.no-time"):
                    return "before"
                if one.has("current"):
                    return "now"
        return ""

    def _inside_other(self, statement: Statement, match: Match) -> bool:
        """`Ca` as a word for carcinoma, `AP` in other names: only where a number follows closely."""
        text = statement.tokens[match.first].text
        if len(text) > 2 or match.last - match.first > 1:
            return False
        after = statement.tokens[match.last : match.last + 3]
        return not any(token.kind == "n" for token in after) or (bool(after) and after[0].kind == "w")

    # One value in running text

    def _read(self, statement: Statement, context: Context, match: Match, fact: str, first: int, stop: int) -> Claim | None:
        tokens = statement.tokens
        for at in range(first, min(stop, first + 9)):
            token = tokens[at]
            if token.text == ";" or (token.text == "." and not token.glued and at > first):
                return None
            if token.kind == "d":
                continue
            if token.kind != "n":
                if token.kind == "w" and any(
                    one.first == at and (one.has("drug") or one.has("illness") or one.has("receptor") or one.has("pending"))
                    for one in statement.matches
                ):
                    return None
                continue
            if at > first and tokens[at - 1].text == "(" and fact not in ("lvef", "qtcf"):
                close = next((i for i in range(at, min(len(tokens), at + 8)) if tokens[i].text == ")"), None)
                follows = close is not None and any(one.kind == "n" for one in tokens[close + 1 : close + 4])
                if follows and any(one.text in "-–" for one in tokens[at:close]):
                    continue
            if self._is_range(tokens, at, first):
                continue
            value = number(token)
            if value is None:
                return None
            unit, end = self._unit(tokens, at + 1, stop)
            if at > first and tokens[at - 1].text in "<>≤≥" and fact not in ("creatinine-clearance",):
                return None
            bound = tokens[at - 1].text if at > first else ""
            if bound in ("<", ">") and not (fact == "creatinine-clearance" and bound == ">" and value >= 60):
                return None
            limit, _low = self._limits(tokens, end, min(len(tokens), stop, end + 14), value)
            if fact == "hba1c" and unit != "%":  # a percentage beside, in brackets
                beside = self._percent_beside(tokens, end, min(stop, end + 8))
                if beside is not None:
                    value, unit, end = beside[0], "%", beside[1]
            multiple = self._multiple(statement, at, value)
            return self._claim(statement, context, match, fact, value, unit, limit, multiple, at, end)
        return None

    def _is_range(self, tokens: list[Token], at: int, first: int) -> bool:
        return False

    def _percent_beside(self, tokens: list[Token], first: int, stop: int) -> tuple[float, int] | None:
        for at in range(first, stop):
            if tokens[at].kind == "n" and at + 1 < len(tokens) and tokens[at + 1].text == "%":
                value = number(tokens[at])
                return (value, at + 2) if value is not None else None
            if tokens[at].text in ";":
                return None
        return None

    def _unit(self, tokens: list[Token], first: int, stop: int) -> tuple[str, int]:
        """The longest unit that begins here, and where it ends."""
        text, best, end = "", "", first
        for at in range(first, min(len(tokens), first + 9)):
            token = tokens[at]
            if at > first and not token.glued and token.kind == "n":
                break
            if at == first and token.norm in ("x", "×") and at + 1 < len(tokens):
                text += "x"
                continue
            text += folded(token.text).replace("×", "x")
            plain = text.replace("mcl", "ul").replace("^", "^").rstrip(".")
            if plain in self._known_units:
                best, end = plain, at + 1
            if token.text in ",;)":
                break
        return best, end

    @property
    def _known_units(self) -> frozenset[str]:
        return frozenset(unit for about in self.units.values() for unit in about["write"]) | self.listed("labs.other-units")

    def _limits(self, tokens: list[Token], first: int, stop: int, value: float) -> tuple[float | None, float | None]:
        """The upper limit of normal printed beside a value: `(0.1-1.2)`, `[< 35]`, `Ref 7 - 56`."""
        at = first
        depth_seen = False
        while at < stop:
            token = tokens[at]
            if token.text in "([":
                depth_seen = True
            if token.text in ")]" and depth_seen:
                return None, None
            if token.text == ";" or (token.text == "," and not depth_seen and not token.glued):
                return None, None
            if token.kind == "n":
                amount = number(token)
                before = [one.text for one in tokens[max(first - 1, at - 3) : at]]
                if any(sign in ("<", "≤") for sign in before) or any(
                    one.norm in self.listed("labs.up-to") for one in tokens[max(first - 1, at - 2) : at]
                ):
                    return amount, None
                after = tokens[at + 1 : at + 3]
                if (
                    len(after) == 2
                    and (after[0].text in "-–—" or after[0].norm in self.listed("common.to"))
                    and after[1].kind == "n"
                ):
                    return number(after[1]), amount
                if any(one.norm in self.listed("labs.upper-limit") for one in tokens[max(first, at - 3) : at]):
                    return amount, None
            at += 1
        return None, None

    def _multiple(self, statement: Statement, at: int, value: float) -> bool:
        """`2.5 x ULN`: the value is a multiple of the upper limit already."""
        return any(
            match.id("labword") == "uln" and 0 <= match.first - at <= 3 and not self._limit_follows(statement, at, match)
            for match in statement.matches
        )

    def _limit_follows(self, statement: Statement, at: int, match: Match) -> bool:
        """`0.6 (ULN 1.2)`: the limit itself, not a multiple."""
        after = statement.tokens[match.last : match.last + 2]
        bracket = any(token.text in "([" for token in statement.tokens[at : match.first])
        return bracket or any(token.kind == "n" for token in after)

    def _claim(
        self,
        statement: Statement,
        context: Context,
        match: Match,
        fact: str,
        value: float,
        unit: str,
        limit: float | None,
        multiple: bool,
        at: int,
        end: int,
        day: Day | None = None,
    ) -> Claim | None:
        about = self.units[fact]
        amount: float | None = value
        why = ""
        if about.get("relative"):
            if multiple:
                pass
            elif limit:
                amount = value / limit
                why = f"{value:g} with an upper limit of {limit:g}"
            else:
                amount = None
        else:
            amount = self._converted(fact, value, unit)
        start, stop = statement.tokens[match.first].start, statement.tokens[min(end, len(statement.tokens)) - 1].end
        if amount is None:
            return Claim(
                fact,
                value,
                start,
                stop,
                False,
                "no upper limit is printed" if about.get("relative") else f"the unit “{unit}” is not known here",
                None,
                None,
                unit or None,
                0,
                statement.number,
                statement.section,
                {"raw": True},
            )
        low, high = about["plausible"]
        sure = low <= amount <= high
        if not sure:
            why = "outside what is possible"
        relative = context.family(match.first)
        if relative:
            sure, why = False, f"of the family: “{relative}”"
        if any(one.has("labword") and one.id("labword") == "haemolysed" for one in statement.matches):
            sure, why = False, "the sample could not be used"
        if fact == "fasting-glucose" and any(one.id("labword") == "random" for one in statement.matches):
            return None
        strength = self._strength(statement, context, match, at)
        found = day or self._day(statement, match.first)
        digits = 2 if about.get("relative") or fact == "calcium" else 3
        return Claim(
            fact,
            round(amount, digits),
            start,
            stop,
            sure,
            why,
            found,
            None,
            self.codes[fact].unit,
            strength,
            statement.number,
            statement.section,
        )

    def _converted(self, fact: str, value: float, unit: str) -> float | None:
        about = self.units[fact]
        if unit:
            rule = about["write"].get(unit)
            if rule is None:
                return None
            amount = value * rule if isinstance(rule, int | float) else value * rule["factor"] + rule.get("plus", 0)
            if not about["plausible"][0] <= amount <= about["plausible"][1]:
                return self._guessed(about, value)
            return amount
        return self._guessed(about, value)

    def _guessed(self, about: Mapping[str, Any], value: float) -> float | None:
        """Without a unit: the one unit in which the value is possible at all."""
        for rule in about.get("guess", ()):
            if ("above" in rule and value > rule["above"]) or ("below" in rule and value < rule["below"]):
                return float(value * rule["factor"] + rule.get("plus", 0))
        return value

    def _strength(self, statement: Statement, context: Context, match: Match, at: int) -> int:
        strength = 3 if statement.section == "labs" else 0
        for _, one, token in context.back(match.first, 10):
            near = one is not None and match.first - one.last <= 2
            if one is not None and (one.has("historic") or (one.id("labword") == "previous" and near) or one.has("copied")):
                strength -= 12
                break
            if token.text in ".;":
                break
        for one in statement.matches:
            if (
                match.last <= one.first < at
                and (one.has("historic") or one.id("labword") == "previous")
                and folded(context.words(one.first, one.last)) not in self.listed("labs.no-history")
            ):
                strength -= 12
        heading = folded(statement.heading)
        if any(word in heading for word in self.listed("labs.before-headings")):
            strength -= 12
        if any(word in heading for word in self.listed("labs.now-headings")):
            strength += 4
        if any(one.has("copied") for one in statement.matches):
            strength -= 12
        if any(match.has("plan") for match in statement.matches) and statement.section == "plan":
            strength -= 8
        return strength

    def _day(self, statement: Statement, first: int) -> Day | None:
        before = [token.day for token in statement.tokens[:first] if token.day is not None]
        if before:
            return before[-1]
        after = [token.day for token in statement.tokens[first : first + 14] if token.day is not None]
        if after:
            return after[0]
        if statement.head != (0, 0):
            inside = [day for day in self.paper.days if statement.head[0] <= day.start < statement.head[1]]
            if inside:
                return inside[-1]
        return None

    # Tables

    def _is_table(self, statement: Statement) -> bool:
        return any(
            statement.tokens[match.first].cell == statement.tokens[0].cell for match in statement.matches if match.has("lab")
        )

    def _row(self, statement: Statement, context: Context) -> Iterator[Claim]:
        """A row of a table with heads: the name in one cell, values in others, limits in a cell of their own."""
        tokens = statement.tokens
        cells: dict[int, list[int]] = {}
        for index, token in enumerate(tokens):
            cells.setdefault(token.cell, []).append(index)
        kinds = {cell: self._head(statement.headers[cell]) if cell < len(statement.headers) else ("", None) for cell in cells}
        names = [match for match in statement.matches if match.has("lab")]
        in_name = [match for match in names if tokens[match.first].cell == min(cells)]
        if not in_name:
            yield from self._by_heads(statement, context, cells)
            return
        match = max(in_name, key=lambda one: one.last - one.first)
        name = match.id("lab") or ""
        fact = self._fact(name)
        if fact not in self.units:
            return
        named = cells[tokens[match.first].cell]
        words = " ".join(folded(tokens[i].text) for i in named)
        unit_text = ""
        limit: float | None = None
        values: list[tuple[Day | None, int, float]] = []
        for cell, inside in cells.items():
            kind, day = kinds[cell]
            if cell == tokens[match.first].cell:
                continue
            first, last = inside[0], inside[-1] + 1
            if kind == "unit":
                unit_text = "".join(folded(tokens[i].text).replace("×", "x") for i in inside).rstrip(".")
                continue
            if kind == "reference":
                high, _ = self._limits(tokens, first, last, 0)
                limit = high
                if not unit_text:
                    numbers = [i for i in inside if tokens[i].kind == "n"]
                    if numbers:
                        found, _ = self._unit(tokens, numbers[-1] + 1, last)
                        unit_text = found
                continue
            if kind in ("flag", "method", "date"):
                continue
            number_at = next((i for i in inside if tokens[i].kind == "n"), None)
            if number_at is None or (kind not in ("result", "day", "") and day is None):
                continue
            if number_at > first and tokens[number_at - 1].text in "<>≤≥" and fact != "creatinine-clearance":
                continue
            amount = number(tokens[number_at])
            if amount is None:
                continue
            if kind == "" and day is None and self._looks_range(tokens, inside):
                high, _ = self._limits(tokens, first, last, 0)
                limit = limit or high
                continue
            own, _ = self._unit(tokens, number_at + 1, last)
            values.append((day, number_at, amount))
            unit_text = unit_text or own
        if not values:
            return
        if not unit_text:
            unit_text, _ = self._unit_in(tokens, named)
        row_day = next((tokens[i].day for i in range(len(tokens)) if tokens[i].day is not None), None)
        dated = [one for one in values if one[0] is not None]
        chosen = max(dated, key=lambda one: one[0].key if one[0] else (0, 0, 0)) if dated else values[0]
        if fact == "neutrophils" and (unit_text == "%" or any(word in words for word in self.listed("labs.percent"))):
            return
        if fact == "hba1c" and unit_text not in ("%", "mmol/mol", ""):
            unit_text = ""
        claim = self._claim(
            statement,
            context,
            match,
            fact,
            chosen[2],
            unit_text,
            limit,
            False,
            chosen[1],
            chosen[1] + 1,
            chosen[0] or row_day,
        )
        if claim is not None:
            claim.strength += 1 if name == "calcium-corrected" else 0
            if fact == "fasting-glucose" and not self.fasted and not any(word in words for word in self.listed("labs.fasting")):
                return
            yield claim

    def _unit_in(self, tokens: list[Token], inside: list[int]) -> tuple[str, int]:
        for index in inside:
            unit, end = self._unit(tokens, index, inside[-1] + 1)
            if unit and folded(unit) not in self.listed("labs.thousands"):
                return unit, end
        return "", 0

    def _looks_range(self, tokens: list[Token], inside: list[int]) -> bool:
        texts = [tokens[i].text for i in inside]
        numbers = [i for i in inside if tokens[i].kind == "n"]
        return (len(numbers) == 2 and any(sign in texts for sign in ("-", "–", "—"))) or (
            bool(numbers) and texts[0] in ("<", ">", "≤", "≥", "(", "[")
        )

    def _by_heads(self, statement: Statement, context: Context, cells: dict[int, list[int]]) -> Iterator[Claim]:
        """A table whose columns are measurements: one row of values under their names."""
        from linewise.phrases.tokens import tokens_of

        tokens = statement.tokens
        day = next((token.day for token in tokens if token.day is not None), None)
        for cell, inside in cells.items():
            header = statement.headers[cell] if cell < len(statement.headers) else ""
            head = tokens_of(header, [(0, len(header))]) if header else []
            found = next((match for match in self.paper.lexicon.matches(head, False) if match.has("lab")), None) if head else None
            if found is None:
                continue
            fact = _ALIASES.get(found.id("lab") or "", found.id("lab") or "")
            at = next((i for i in inside if tokens[i].kind == "n"), None)
            if fact not in self.units or at is None:
                continue
            value = number(tokens[at])
            if value is None:
                continue
            unit, end = self._unit(tokens, at + 1, inside[-1] + 1)
            if not unit:
                unit = self._unit_in(head, list(range(found.last, len(head))))[0]
            limit, _ = self._limits(tokens, end, inside[-1] + 1, value)
            if limit is None:
                limit, _ = self._limits(head, found.last, len(head), value)
            claim = self._claim(statement, context, Match(at, at + 1, found.terms), fact, value, unit, limit, False, at, end, day)
            if claim is not None:
                yield claim

    def _head(self, header: str) -> tuple[str, Day | None]:
        """What a column is: a day, or the kind of its head."""
        if not header:
            return "", None
        known = _HEADS.get((id(self.paper), header))
        if known is not None:
            return known
        american = self.paper.american
        days = self.paper.words.dates(self.paper.language).find(
            header, not american if american is not None else None, self.paper.date
        )
        structure = self.paper.lexicon.structure
        from linewise.phrases.tokens import tokens_of

        tokens = tokens_of(header, [(0, len(header))])
        found = structure.matches(tokens, False) if structure is not None and tokens else []
        kind = next((match.id("column") or "" for match in found if match.has("column")), "")
        result = ("day", days[0]) if days else (kind, None)
        _HEADS[(id(self.paper), header)] = result
        if len(_HEADS) > 4000:
            _HEADS.clear()
        return result

    # Genes of drug breakdown

    def _pharmacogenes(self, statement: Statement, context: Context) -> Iterator[Claim]:
        values = {
            "dpyd": {"normal": "normal", "intermediate": "partial", "poor": "deficient"},
            "cyp2d6": {"normal": "normal", "intermediate": "intermediate", "poor": "poor"},
        }
        text = self.paper.sheet.text
        for match in statement.matches:
            gene = match.id("pgx")
            if gene is None or context.family(match.first):
                continue
            start, stop = statement.tokens[match.first].start, statement.end
            if gene == "ugt1a1":
                found = re.search(r"\*\s?(1|6|28)\s?/\s?\*\s?(1|6|28)", text[start:stop])
                if found:
                    pair = "/".join(f"*{one}" for one in sorted(found.groups(), key=int))
                    if pair in self.codes["ugt1a1"].values:
                        yield Claim(
                            "ugt1a1",
                            pair,
                            start,
                            start + found.end(),
                            True,
                            "",
                            self._day(statement, match.first),
                            None,
                            None,
                            1,
                            statement.number,
                            statement.section,
                        )
                continue
            if any(one.has("pending") for one in statement.matches if abs(one.first - match.last) < 12) and not any(
                one.has("pgxvalue") for one in statement.matches
            ):
                continue
            ahead = [one for one in statement.matches if one.has("pgxvalue") and one.first >= match.last]
            near = sorted(ahead, key=lambda one: one.first)
            order = {"poor": 0, "intermediate": 1, "normal": 2}
            near = sorted(near, key=lambda one: order[one.id("pgxvalue") or "normal"])
            if near and not any(one.has("plan") for one in statement.matches if one.first < match.first):
                value = values[gene][near[0].id("pgxvalue") or "normal"]
                sure = not any(
                    one.has("pending") and folded(context.words(one.first, one.last)) not in self.listed("labs.recommended")
                    for one in statement.matches
                )
                yield Claim(
                    gene,
                    value,
                    start,
                    statement.tokens[near[0].last - 1].end,
                    sure,
                    "",
                    self._day(statement, match.first),
                    None,
                    None,
                    1,
                    statement.number,
                    statement.section,
                )


_HEADS: dict[tuple[int, str], tuple[str, Day | None]] = {}
