"""The person: sex, age, menopause, performance status, pregnancy, and wishes that are stated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import NEVER, Claim, Context
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import Token, folded, number, tokens_of


class PersonReader:
    """Reads what one paper says of the person."""

    def __init__(self, paper: Paper) -> None:
        self.listed, self.beginnings, self.written = paper.words.listed, paper.words.beginnings, paper.words.written
        self.paper = paper

    def claims(self, statement: Statement) -> Iterator[Claim]:
        context = Context(self.paper, statement)
        yield from self._of_heading(statement)
        if statement.section in NEVER - {"pending"}:
            if statement.section == "administration" or statement.section == "technique":
                yield from self._sex(statement, context)
            return
        yield from self._sex(statement, context)
        yield from self._age(statement, context)
        yield from self._menopause(statement, context)
        yield from self._performance(statement, context)
        yield from self._pregnancy(statement, context)
        yield from self._wishes(statement, context)
        yield from self._frail(statement, context)

    def _claim(
        self,
        statement: Statement,
        first: int,
        last: int,
        fact: str,
        value: object,
        sure: bool = True,
        why: str = "",
        strength: int = 0,
    ) -> Claim:
        day = next((token.day for token in reversed(statement.tokens[:first]) if token.day is not None), None)
        return Claim(
            fact,
            value,
            statement.tokens[first].start,
            statement.tokens[last - 1].end,
            sure,
            why,
            day,
            None,
            None,
            strength,
            statement.number,
            statement.section,
        )

    def _of_heading(self, statement: Statement) -> Iterator[Claim]:
        """`Patientin: …`: the heading itself says the sex."""
        if statement.section != "person" or statement.head == (0, 0):
            return
        tokens = tokens_of(self.paper.sheet.text, [statement.head])
        for match in self.paper.lexicon.matches(tokens, False):
            if match.has("sex") and tokens[match.first].norm not in self.listed("person.male-titles"):
                yield Claim(
                    "sex",
                    match.id("sex"),
                    tokens[match.first].start,
                    tokens[match.last - 1].end,
                    True,
                    "",
                    None,
                    None,
                    None,
                    5,
                    statement.number,
                    "person",
                )

    def _sex(self, statement: Statement, context: Context) -> Iterator[Claim]:
        for match in statement.matches:
            sex = match.id("sex")
            if sex is None or context.family(match.first):
                continue
            words = context.words(match.first, match.last)
            strength = 0
            if words in self.written("person.sex-letters"):
                near = statement.tokens[max(0, match.first - 8) : match.last + 1]
                labels = any(
                    one.has("born") or one.has("age") for one in statement.matches if abs(one.first - match.first) < 14
                ) or any(token.norm in self.listed("person.sex-labels", "person.record-number") for token in near)
                head = folded(self.paper.sheet.text[statement.head[0] : statement.head[1]])
                aged = (
                    match.first > 0
                    and (number(statement.tokens[match.first - 1]) or 0) >= 18
                    and statement.section in ("person", "", "clinical", "oncology", "assessment", "symptoms", "plan")
                )
                labels = labels or aged or any(word in head for word in self.listed("person.sex-labels"))
                labels = labels or self._own_cell(statement, match)
                if not aged and self._told_with_age(statement):
                    continue  # `M` of a middle name, where `(57 F)` stands on the line
                if not labels or (
                    match.first and statement.tokens[match.first - 1].text in ("G", ".") and statement.tokens[match.first].glued
                ):
                    continue
                if (
                    match.last < len(statement.tokens)
                    and statement.tokens[match.last].text in (".", ",")
                    and words == "M"
                    and statement.tokens[match.last].glued
                    and not any(token.norm in self.listed("person.sex-labels") for token in near)
                ):
                    continue
                strength = 6 if labels else 0
            elif folded(words) in self.listed("person.sex-words"):
                strength = 5
            elif self._addressed(statement, match):
                continue
            elif folded(words) in self.listed("person.titles"):
                strength = 4 if statement.section == "person" or any(one.has("born") for one in statement.matches) else -6
            elif folded(words) in self.listed("person.pronouns"):
                strength = -3
            yield self._claim(statement, match.first, match.last, "sex", sex, True, "", strength)

    def _told_with_age(self, statement: Statement) -> bool:
        """Whether a letter for the sex stands behind an age: `57 F`, `57 y F`."""
        tokens = statement.tokens
        return any(
            one.has("sex") and one.first and tokens[one.first - 1].kind == "n" and 18 <= (number(tokens[one.first - 1]) or 0) <= 110
            and self._context_words(statement, one) in self.written("person.sex-letters")
            for one in statement.matches
        )  # fmt: skip

    def _context_words(self, statement: Statement, match: Match) -> str:
        return " ".join(token.text for token in statement.tokens[match.first : match.last])

    def _own_cell(self, statement: Statement, match: Match) -> bool:
        """A letter that is a cell of its own, in the line at the head of a paper that has a day in the cell beside it: `NAME   F   21-Mar-1968`."""
        tokens = statement.tokens
        cell = tokens[match.first].cell
        alone = sum(token.cell == cell for token in tokens) == match.last - match.first
        return alone and statement.number < 6 and any(token.day is not None and abs(token.cell - cell) == 1 for token in tokens)

    def _addressed(self, statement: Statement, match: Match) -> bool:
        """Whether a title is that of a colleague: `Sehr geehrter Herr Kollege`, `Dear Mr …`, `Mr Petrakis, Consultant`."""
        before = [token.norm for token in statement.tokens[max(0, match.first - 2) : match.first]]
        after = [token.norm for token in statement.tokens[match.last : match.last + 2]]
        greeted = any(word in self.listed("person.addressed") for word in before)
        return greeted or any(word in self.listed("person.colleagues") for word in after)

    def _age(self, statement: Statement, context: Context) -> Iterator[Claim]:
        tokens = statement.tokens
        if (
            len(tokens) > 1
            and tokens[0].kind == "n"
            and tokens[1].glued
            and tokens[1].text in self.written("person.before-an-age")
        ):
            amount = number(tokens[0])  # `77F with …`
            if amount is not None and 18 <= amount <= 110:
                yield self._claim(statement, 0, 2, "age", int(amount), True, "", 2)
        for at in range(len(tokens) - 1) if statement.section == "person" else ():
            amount = number(tokens[at]) if tokens[at].kind == "n" else None
            ends = at + 2 >= len(tokens) or tokens[at + 2].cell != tokens[at].cell
            if amount is not None and 18 <= amount <= 110 and tokens[at + 1].text in self.written("person.sex-capitals") and ends:
                yield self._claim(statement, at, at + 2, "age", int(amount), True, "", 2)  # `Winslow, Theodora   56 F`
        for match in statement.matches:
            if not match.has("age") or context.family(match.first):
                continue
            words = context.words(match.first, match.last).lower()
            for at in (match.first - 1, match.first - 2, match.last, match.last + 1):
                if not 0 <= at < len(statement.tokens):
                    continue
                token = statement.tokens[at]
                amount = number(token) if token.kind == "n" else None
                if amount is None or not 18 <= amount <= 110 or amount != int(amount):
                    continue
                if folded(words) in self.listed("person.years") and not (
                    statement.section == "person" or any(one.has("born") or one.has("sex") for one in statement.matches)
                ):
                    continue
                yield self._claim(statement, min(at, match.first), max(at + 1, match.last), "age", int(amount), True, "", 2)
                break

    def _menopause(self, statement: Statement, context: Context) -> Iterator[Claim]:
        for match in statement.matches:
            value = match.id("menopause")
            if value:
                sure, why = context.standing(match.first, match.last)
                if any(one.has("reference") for one in statement.matches) or any(one.has("family") for one in statement.matches):
                    sure, why = False, "said of people in general"
                yield self._claim(statement, match.first, match.last, "menopausal-status", value, sure, why, 3)
            elif match.has("ovaries"):
                sure, why = context.standing(match.first, match.last)
                for _, one, _t in context.back(match.first, 10):
                    if one is not None and one.has("plan"):
                        sure, why = False, "planned"
                if any(one.has("plan") for one in statement.matches if 0 <= one.first - match.last < 8):
                    sure, why = False, "planned"
                if statement.section in ("plan", "pending"):
                    sure, why = False, "planned"
                yield self._claim(
                    statement,
                    match.first,
                    match.last,
                    "menopausal-status",
                    "postmenopausal",
                    sure,
                    why or "both ovaries were removed",
                    4,
                )

    def _performance(self, statement: Statement, context: Context) -> Iterator[Claim]:
        tokens = statement.tokens
        for match in statement.matches:
            scale = match.id("ecogscale")
            if scale is None and not match.has("performance"):
                continue
            if self.paper.kind == "pathology report" and any(one.has("receptor") for one in statement.matches):
                continue  # PS is the share of stained cells there
            others = [one for one in statement.matches if one.has("ecogscale") and one is not match]
            if scale == "karnofsky" and any(0 <= one.first - match.last <= 1 for one in others):
                continue  # `Karnofsky / ECOG: 90 % / 0`: the second is taken
            second = any(0 <= match.first - one.last <= 1 for one in others)
            named = any(one.has("ecogscale") and abs(one.first - match.first) < 5 for one in statement.matches)
            if match.has("performance") and named:
                continue
            for at in range(match.last, min(len(tokens), match.last + 6)):
                token = tokens[at]
                if token.text in ";.," and at > match.last:
                    break
                if any(one.first == at and (one.has("ecogscale") or one.has("response")) for one in statement.matches):
                    continue
                amount = number(token) if token.kind == "n" else None
                if amount is None:
                    continue
                if any(one.text in self.written("person.intensity-score") for one in tokens[at + 1 : at + 4]):
                    break  # `PS3, IS1`: the shares and the strength of stained cells
                value = self._ecog(tokens, at, amount, scale)
                if value is None and second:
                    continue
                if value is None:
                    break
                after = tokens[at + 1 : at + 3]
                ranged = len(after) == 2 and (after[0].text in "-–/" or after[0].norm in self.listed("common.to"))
                if ranged and after[1].text in ("0", "1", "2", "3", "4"):
                    yield self._claim(statement, match.first, at + 3, "ecog", value, False, "a range is given", 0)
                    break
                sure, why = context.standing(match.first, at + 1)
                if why.startswith("negated"):
                    sure, why = True, ""
                if any(
                    one.has("plan")
                    and 0 < match.first - one.first < 8
                    and folded(context.words(one.first, one.last)) in self.listed("person.conditions")
                    for one in statement.matches
                ):
                    sure, why = False, "a condition"
                strength = self._performance_strength(statement, context, match, at)
                yield self._claim(statement, match.first, at + 1, "ecog", value, sure, why, strength)
                break

    def _ecog(self, tokens: Sequence[Token], at: int, amount: float, scale: str | None) -> int | None:
        """A performance status on the scale of the ECOG; None for a share, a decimal, or a number that the scale does not have."""
        if scale == "karnofsky":
            found: int | None = self.paper.words.of("scales")["karnofsky"]["ecog"].get(int(amount))
            return found
        after = tokens[at + 1 : at + 3]
        decimal = len(after) == 2 and after[0].text in "%." and after[0].glued and after[1].glued and after[1].kind == "n"
        return int(amount) if amount in (0, 1, 2, 3, 4) and not decimal else None

    def _performance_strength(self, statement: Statement, context: Context, match: Match, at: int) -> int:
        """A performance status of the past, or one that was copied, gives way to another."""
        before = (one for _, one, _t in context.back(match.first, 12) if one is not None)
        after = (one for one in statement.matches if 0 <= one.first - at <= 4)
        old = any(one.has("historic") or one.has("past") for one in (*before, *after))
        copied = any(token.norm in self.listed("person.copied") and token.text != "H" for token in statement.tokens[:3])
        strength = -12 if old or copied or self._copied(statement) else 2
        return strength - 6 if statement.section in BACK else strength

    def _copied(self, statement: Statement) -> bool:
        """Text that says of itself that it was taken over from an earlier note."""
        return any(match.has("copied") for match in statement.matches) or (
            statement.parent is not None and any(match.has("copied") for match in statement.parent.matches)
        )

    def _frail(self, statement: Statement, context: Context) -> Iterator[Claim]:
        for match in statement.matches:
            if match.has("frailty"):
                sure, why = context.standing(match.first, match.last)
                words = context.words(match.first, match.last).lower()
                if (
                    any(word in words for word in self.listed("person.scale"))
                    or words in self.listed("person.frailty-alone")
                    or statement.section in ("plan", "social")
                ):
                    continue
                yield self._claim(statement, match.first, match.last, "frail", True, sure, why)

    def _pregnancy(self, statement: Statement, context: Context) -> Iterator[Claim]:
        tokens = statement.tokens
        for match in statement.matches:
            if not match.has("pregnancy") and not match.has("gravid"):
                continue
            weeks = [token for token in tokens[max(0, match.first - 3) : match.last + 3] if token.kind == "n"]
            amount = number(weeks[0]) if weeks else None
            if match.has("gravid") and amount is not None and 1 <= amount <= 42:
                sure, why = context.standing(match.first, match.last)
                if any(one.has("past") for one in statement.matches):
                    sure, why = False, "of the past"
                yield self._claim(statement, match.first, match.last, "gestational-week", int(amount), sure, why)
                yield self._claim(statement, match.first, match.last, "pregnancy-recorded", True, sure, why)

    def _wishes(self, statement: Statement, context: Context) -> Iterator[Claim]:
        tokens = statement.tokens
        for match in statement.matches:
            wish = match.id("wish")
            if wish:
                relative = context.family(match.first)
                before = " ".join(token.norm for token in tokens[max(0, match.first - 3) : match.first])
                no = folded(before).endswith(self.beginnings("person.no-wish")) and wish != "keep-hair"
                yield self._claim(
                    statement,
                    match.first,
                    match.last,
                    "prefers",
                    wish,
                    not relative and not no and statement.section not in ("clinical",),
                    relative,
                )
            if match.has("declined"):
                yield from self._declined(statement, context, match)
            if statement.section == "wishes" and match.id("decline") and self._none_of(statement, match):
                yield self._claim(statement, match.first, match.last, "declines", match.id("decline"))
            planned = match.id("planned")
            if planned:
                yield from self._planned(statement, context, match, planned)

    def _none_of(self, statement: Statement, match: Match) -> bool:
        """`no chemotherapy`, among the wishes of a person."""
        return any(one.has("neg") and 0 <= match.first - one.last <= 1 for one in statement.matches)

    def _declined(self, statement: Statement, context: Context, match: Match) -> Iterator[Claim]:
        """What a person does not want: right after the word, or right before it."""
        tokens = statement.tokens
        introduced = tokens[max(0, match.first - 1) : match.first]
        if context.family(match.first) or any(token.norm in self.listed("person.conditional") for token in introduced):
            return
        nearby = [one for one in statement.matches if one.has("decline")]
        for one in nearby:
            between = tokens[match.last : one.first] if one.first >= match.last else tokens[one.last : match.first]
            if len(between) > (4 if one.first >= match.last else 7) or any(token.text in ";." for token in between):
                continue
            if any(token.norm in self.listed("person.declined-a") for token in between) and one.first < match.first:
                continue
            before = " ".join(token.norm for token in tokens[max(0, one.first - 2) : one.first])
            if (
                any(word in before for word in self.listed("person.adjuvant"))
                or any(other.id("setting") == "adjuvant" for other in statement.matches)
                or any(
                    token.day is not None and self.paper.date is not None and token.day.year < self.paper.date.year - 1
                    for token in tokens
                )
            ):
                continue
            if any(other.has("drug") and match.first < other.first < one.first for other in statement.matches):
                continue
            past = any(token.norm in self.listed("person.back-then") for token in tokens[max(0, match.first - 3) : match.first])
            if past:
                continue
            yield self._claim(statement, min(match.first, one.first), max(match.last, one.last), "declines", one.id("decline"))

    def _planned(self, statement: Statement, context: Context, match: Match, planned: str) -> Iterator[Claim]:
        if context.family(match.first) or context.negated(match.first, match.last):
            return
        ahead = any(one.has("plan") or one.has("upcoming") for one in statement.matches if one.first != match.first)
        if planned == "surgery":
            ahead = any(one.has("upcoming") for one in statement.matches) and not any(
                one.has("past") for one in statement.matches
            )
            if context.said("cancer") is not None or (
                any(token.norm in self.listed("person.operations") for token in statement.tokens[match.first : match.last])
                and not any(one.has("upcoming") for one in statement.matches)
            ):
                return
        if planned == "pregnancy":
            over = any(token.norm in self.listed("person.wish-over") for token in statement.tokens[match.last : match.last + 3])
            sure = not over and not any(one.has("past") or one.has("doubt") for one in statement.matches)
            yield self._claim(statement, match.first, match.last, "planned", planned, sure)
            return
        done = any(one.has("past") or one.has("past-after") for one in statement.matches) or any(
            token.norm in self.listed("person.no-plan") for token in statement.tokens
        )
        upcoming = any(one.has("upcoming") for one in statement.matches)
        if planned == "tooth-extraction" or planned == "live-vaccine" or planned == "surgery":
            sure = (upcoming or ahead) and not done
            yield self._claim(
                statement, match.first, match.last, "planned", planned, sure, "" if sure else "not said to lie ahead"
            )


BACK = frozenset({"clinical", "superseded"})
