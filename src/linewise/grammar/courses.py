"""Courses of treatment: which drugs together, from when to when, in which setting, why they ended; and what was only planned, offered or declined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import Context, Course
from linewise.phrases.dates import Day
from linewise.phrases.layout import Statement
from linewise.phrases.lexicon import Match
from linewise.phrases.tokens import Token, folded, number

NOT_READ = frozenset(
    {
        "definitions",
        "therapies",
        "education",
        "family",
        "gene-list",
        "trap",
        "allergies",
        "controls",
        "technique",
        "administration",
        "variants",
        "vus",
        "negatives",
        "pending",
        "stopped",
    }
)


class Group(msgspec.Struct):
    """Drugs named together in a statement: tokens `first` to `last`."""

    drugs: list[str]
    first: int
    last: int
    cell: int = 0
    regimen: bool = False
    fuzzy: bool = False


class Courses:
    """Reads the courses of one paper."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.joins = paper.words.joins(paper.language)
        self.knowledge = paper.words.knowledge
        self.regimens = paper.words.of("regimens").get("regimens", {})
        self.parts = paper.words.of("parts")

    def follow(self, statement: Statement, given: list[Course]) -> None:
        """A sentence without drugs that goes on about the course before it: `PD 07/2023 (lung)`, `Stopped for rash.`"""
        if (
            statement.before is None
            or not given
            or len(statement.tokens) > 26
            or statement.section in NOT_READ
            or statement.section == "plan"
        ):
            return
        last = given[-1]
        earlier = {one.number for one in _chain(statement)}
        if (
            last.statement not in earlier
            or statement.number - last.statement > 2
            or last.state not in ("given", "going-on")
            or last.stopped_for
        ):
            return
        context = Context(self.paper, statement)
        stop = next(
            (
                one
                for one in statement.matches
                if one.has("stop") and not context.negated(one.first, one.last) and not self._conditional(statement, context, one)
            ),
            None,
        )
        response = next((one for one in statement.matches if one.has("response") and self._best_near(statement, one)), None)
        if response is not None:
            last.response = last.response or response.id("response")
        harmed = any(one.has("harm") for one in statement.matches) and any(one.has("stopverb") for one in statement.matches)
        if stop is None and harmed:
            last.stopped_for, last.state = "toxicity", "given"
        if stop is None or context.family(stop.first):
            return
        reason = stop.id("stop")
        harm = any(one.has("harm") for one in statement.matches)
        stopped = any(one.has("stopverb") for one in statement.matches)
        if reason == "toxicity" and not stopped:
            return
        if reason == "completion" and not stopped and stop.first > 3:
            return
        last.stopped_for = "toxicity" if stopped and harm and reason not in ("progression", "choice") else reason
        day = next((token.day for token in statement.tokens if token.day is not None), None)
        if last.last is None and day is not None and (last.first is None or day.key >= last.first.key):
            last.last = day
            if last.first is not None:
                last.months = last.first.months_to(day)
        last.state = "given"

    # Which drugs count

    def anticancer(self, drug: str) -> bool:
        return (
            any(self.knowledge.is_a(drug, name) for name in self.parts["anticancer-classes"])
            or drug in self.parts["anticancer-drugs"]
        )

    def beside(self, drug: str) -> bool:
        return any(self.knowledge.is_a(drug, name) for name in self.parts["beside-classes"]) or drug in self.parts["beside-drugs"]

    def only_joins(self, drug: str) -> bool:
        return any(self.knowledge.is_a(drug, name) for name in self.parts["joins-classes"])

    def drugs_of(self, match: Match) -> list[str]:
        regimen = match.id("regimen")
        if regimen:
            return list(self.regimens[regimen]["drugs"])
        name = match.id("drug")
        return name.split("+") if name else []

    def groups(self, statement: Statement) -> list[Group]:
        """The groups of drugs in a statement, in order; only those of the cancer's treatment."""
        found: list[Group] = []
        for match in statement.matches:
            drugs = [drug for drug in self.drugs_of(match) if self.anticancer(drug)]
            if not drugs or self._mentioned(statement, match):
                continue
            cell = statement.tokens[match.first].cell
            last = found[-1] if found else None
            if (
                last is not None
                and last.cell == cell
                and self._joined(statement, last.last, match.first)
                and not self._one_after_other(statement, last, match, drugs)
            ):
                last.drugs += [drug for drug in drugs if drug not in last.drugs]
                last.last = match.last
            else:
                found.append(Group(drugs, match.first, match.last, cell, match.has("regimen"), match.fuzzy))
        return found

    def _one_after_other(self, statement: Statement, last: Group, match: Match, drugs: Sequence[str]) -> bool:
        """`AC-T, letrozole`: with only a comma between them, chemotherapy and endocrine therapy follow each other."""
        between = [token.text for token in statement.tokens[last.last : match.first]]
        if between != [","]:
            return False
        chemo = [all(self.knowledge.is_a(drug, "chemotherapy") for drug in some) for some in (last.drugs, drugs)]
        endocrine = [all(self.knowledge.is_a(drug, "endocrine-therapy") for drug in some) for some in (last.drugs, drugs)]
        return (chemo[0] and endocrine[1]) or (endocrine[0] and chemo[1])

    def _mentioned(self, statement: Statement, match: Match) -> bool:
        """Names that are part of other words: `trastuzumab-naive`, `HP` for a history and physical."""
        tokens = statement.tokens
        after = tokens[match.last : match.last + 2]
        if (
            len(after) == 2
            and after[0].text == "-"
            and after[1].norm
            in ("naive", "naiv", "free", "resistant", "refractory", "resistent", "refraktar", "sensitive", "eligible", "allergy")
        ):
            return True
        word = tokens[match.first].text
        if match.last - match.first == 1 and len(word) <= 3 and match.has("regimen"):
            before = tokens[match.first - 1] if match.first else None
            if before is not None and before.glued and before.text in "&/-" and match.first > 1 and tokens[match.first].glued:
                return True
            if word == "AC" and any(token.norm in ("joint", "shoulder", "ac") for token in after):
                return True
            if word in ("TH", "PH", "HP", "EC", "AC", "TC") and statement.section in (
                "person",
                "administration",
                "labs",
                "exam",
                "results",
                "specimen",
            ):
                return True
        return False

    def _joined(self, statement: Statement, first: int, stop: int) -> bool:
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
            elif token.kind == "d" or token.norm in ("pd", "progress", "progression"):
                return False
        if any(
            match.has("follows")
            for match in statement.matches
            if first <= match.first < stop
            and match.id("follows")
            and statement.tokens[match.first].norm not in ("after", "nach", "x", "later", "before", "following")
        ):
            return False
        words = [token for token in plain if not (token.kind == "n" or token.norm in _DOSE or token.text in ".%²")]
        if not words:
            return not plain
        return (
            all(token.norm in self.joins or token.norm in _WITH or token.norm in _DOSE for token in words)
            and any(token.norm in self.joins for token in words)
            and not any(token.kind == "d" for token in plain)
        )

    # Courses

    def courses(self, statement: Statement) -> Iterator[Course]:
        if statement.section in NOT_READ:
            return
        told = ("treatment", "oncology", "clinical", "current-treatment", "metastatic", "adjuvant")
        if self.paper.kind == "gene panel" and statement.section not in told:
            return
        context = Context(self.paper, statement)
        groups = self.groups(statement)
        if not groups:
            return
        chains = self._chained(statement, groups)
        lead = self._leading_dates(statement, groups[0].first)
        for index, group in enumerate(chains):
            before = chains[index - 1].last if index else 0
            after = chains[index + 1].first if index + 1 < len(chains) else len(statement.tokens)
            course = self._course(
                statement, context, group, before, after, lead if index == 0 or self._all_share(statement, chains) else [], index
            )
            if course is not None:
                yield course

    def _chained(self, statement: Statement, groups: list[Group]) -> list[Group]:
        """Chemotherapies of early disease in sequence are one course: `EC followed by paclitaxel`."""
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

    def _leading_dates(self, statement: Statement, first: int) -> list[Day]:
        return [token.day for token in statement.tokens[:first] if token.day is not None]

    def _all_share(self, statement: Statement, groups: Sequence[Group]) -> bool:
        return bool(statement.headers)

    def _course(
        self, statement: Statement, context: Context, group: Group, before: int, after: int, lead: list[Day], index: int
    ) -> Course | None:
        tokens = statement.tokens
        start, end = tokens[group.first].start, tokens[group.last - 1].end
        drugs = tuple(dict.fromkeys(group.drugs))
        made = Course(drugs, start, end, statement=statement.number, section=statement.section)
        relative = context.family(group.first)
        if relative:
            made.sure, made.why = False, f"of the family: “{relative}”"
            return made
        window = self._window(statement, group, before, after)
        made.setting, number_said = self._setting(statement, group, before, after)
        made.number = number_said
        self._dates(statement, group, window, before, lead, made)
        self._reason(statement, context, group, window, made)
        self._response(statement, group, window, made)
        self._state(statement, context, group, window, before, made)
        if group.fuzzy:
            made.why = made.why or "the name is spelt otherwise"
        made.maintenance = any(
            match.has("maintenance")
            for match in statement.matches
            if before <= match.first < group.first + 1 or window[0] <= match.first < window[0] + 3
        )
        if window[1] > group.last:
            made.end = tokens[window[1] - 1].end if window[1] - group.last < 40 else made.end
        return made

    def _window(self, statement: Statement, group: Group, before: int, after: int) -> tuple[int, int]:
        """The words after a group that speak of it: up to the next group, or what introduces that."""
        stop = after
        if after < len(statement.tokens):
            for at in range(after - 1, group.last, -1):
                token = statement.tokens[at]
                if (
                    token.text in ";"
                    or token.norm in ("then", "followed", "dann", "anschliessend", "danach", "and", "und")
                    or token.text == ","
                ):
                    stop = at
                    break
                match = next(
                    (one for one in statement.matches if one.first == at and (one.has("follows") or one.has("given"))), None
                )
                if match is not None:
                    stop = at
                    if not match.has("follows"):
                        break
                if after - at > 9:
                    break
        if statement.headers and any(statement.headers):
            stop = len(statement.tokens)
        return group.last, max(stop, group.last)

    def _setting(self, statement: Statement, group: Group, before: int, after: int) -> tuple[str | None, int]:
        best: str | None = None
        line = 0
        for match in statement.matches:
            close = match.first < group.first or (best is None and match.first - group.last < 10)
            if match.has("setting") and match.first < after and close:
                best = match.id("setting")
            if match.has("linenumber") and match.first < after:
                line = int(match.id("linenumber") or 0)
        if best is None:
            above = statement.parent
            for _ in range(3):
                if above is None:
                    break
                settings = [match.id("setting") for match in above.matches if match.has("setting")]
                if settings:
                    best = settings[-1]
                    break
                above = above.parent
        if best is None and statement.section in ("adjuvant", "metastatic"):
            best = statement.section
        return best, line

    # When

    def _dates(
        self, statement: Statement, group: Group, window: tuple[int, int], before: int, lead: list[Day], made: Course
    ) -> None:
        tokens = statement.tokens
        after = [
            (i, tokens[i].day)
            for i in range(window[0], window[1])
            if tokens[i].day is not None and not self._other_event(statement, i, window[0])
        ]
        ahead = [
            (i, tokens[i].day)
            for i in range(before, group.first)
            if tokens[i].day is not None and self._own_date(statement, i, before, group)
        ]
        used = [(i, day) for i, day in after if day is not None]
        whole = len(used) > 1 and self._ranged(tokens, used[0][0], used[1][0])
        if whole and ahead and not (len(ahead) >= 2 and self._ranged(tokens, ahead[-2][0], ahead[-1][0])):
            ahead = []  # `Relapse March 2022: palbociclib March 2022 - June 2024`
        if ahead and (not used or lead or self._introduces(statement, ahead[-1][0], group.first)):
            pair = [(i, day) for i, day in ahead if day is not None]
            if len(pair) >= 2 and self._ranged(tokens, pair[-2][0], pair[-1][0]):
                made.first, made.last = pair[-2][1], pair[-1][1]
            elif pair and self._headed(statement, pair):
                pass
            else:
                at, day = pair[-1]
                word = self._word_before(statement, at)
                if word == "until":
                    made.last = day
                else:
                    made.first = day
                if (used and self._word_before(statement, used[0][0]) == "until") or (
                    used and word != "until" and self._ranged(tokens, at, used[0][0])
                ):
                    made.last = used[0][1]
        elif used:
            at, day = used[0]
            if len(used) > 1 and self._ranged(tokens, at, used[1][0]):
                made.first, made.last = day, used[1][1]
            else:
                word = self._word_before(statement, at)
                if word == "until":
                    made.last = day
                    if len(used) > 1 and self._word_before(statement, used[1][0]) == "since":
                        made.first = used[1][1]
                else:
                    made.first = day
                    if len(used) > 1 and self._word_before(statement, used[1][0]) == "until":
                        made.last = used[1][1]
                    elif len(used) == 1 and word == "" and self._ended(statement, window, at):
                        made.first, made.last = None, day
        if made.last is not None and any(
            match.has("maintenance") for match in statement.matches if group.first <= match.first < window[1]
        ):
            ends = [day for i, day in used if self._word_before(statement, i) == "until"]
            if ends and ends[-1].key > made.last.key:
                made.last = ends[-1]
        self._by_column(statement, made)
        self._length(statement, group, window, before, made)
        if made.first is not None and made.last is not None:
            if (
                made.first.key[: 2 if not made.first.month or not made.last.month else 3]
                > made.last.key[: 2 if not made.last.month else 3]
                and made.first.year >= made.last.year
                and made.first.key > made.last.key
            ):
                made.first = None
            elif made.months is None:
                made.months = made.first.months_to(made.last)

    def _after_harm(self, statement: Statement, group: Group) -> bool:
        """`thyroiditis on pembrolizumab`, `progressed on letrozole`: `on` tells of what happened, not of what goes on."""
        before = [match for match in statement.matches if match.last <= group.first - 1 and group.first - match.last <= 3]
        return any(_after_harm_words(match) for match in before)

    def _by_column(self, statement: Statement, made: Course) -> None:
        """Columns headed by a start and an end."""
        structure = self.paper.lexicon.structure
        if not any(statement.headers) or structure is None:
            return
        from linewise.phrases.tokens import tokens_of

        for cell, header in enumerate(statement.headers):
            head = tokens_of(header, [(0, len(header))])
            kinds = {match.id("column") for match in structure.matches(head, False) if match.has("column")} if head else set()
            days = [token.day for token in statement.tokens if token.cell == cell and token.day is not None]
            if not days:
                continue
            if "end" in kinds and "date" not in kinds:
                made.last = days[-1]
            elif "date" in kinds and len(days) == 1 and made.first is None:
                made.first = days[0]

    def _own_date(self, statement: Statement, at: int, before: int, group: Group) -> bool:
        """Whether a date before a group is its own: not in brackets that closed long before, nor of the group before it."""
        between = statement.tokens[at + 1 : group.first]
        closed = [index for index, token in enumerate(between) if token.text == ")"]
        if closed and sum(token.text == "(" for token in between[: closed[0]]) == 0:
            return not before and len(between) - closed[0] <= 2
        if before and any(token.text in ",;" for token in between):
            return False
        return not (before and any(match.has("follows") for match in statement.matches if at < match.first < group.first))

    def _headed(self, statement: Statement, pair: list[tuple[int, Day]]) -> bool:
        """A date far from the drugs that belongs to something else said first."""
        return False

    def _other_event(self, statement: Statement, at: int, first: int) -> bool:
        """Whether a date belongs to progression, to a dose change or to a scan, not to the course."""
        for match in statement.matches:
            near = first <= match.first < at and at - match.last <= 2
            if near and (match.has("reduce") or match.has("imaging") or (match.has("response") and not match.has("stop"))):
                return True
        return False

    def _introduces(self, statement: Statement, at: int, first: int) -> bool:
        between = statement.tokens[at + 1 : first]
        return len(between) <= 6

    def _ranged(self, tokens: Sequence[Token], one: int, other: int) -> bool:
        between = tokens[one + 1 : other]
        return (
            len(between) <= 4
            and bool(between)
            and all(
                token.text in "-–—"
                or token.norm
                in ("to", "bis", "until", "till", "through", "zu", "zum", "end", "ende", "of", "approx", "ca", ".", "and", "|")
                or token.text in "(:"
                for token in between
            )
        ) or (other - one == 1)

    def _word_before(self, statement: Statement, at: int) -> str:
        for match in reversed(statement.matches):
            if match.last <= at and at - match.last <= 2:
                words = [token.norm for token in statement.tokens[match.last : at]]
                if (match.has("until") and not match.has("since")) or (match.has("stop") or match.has("stopverb")):
                    return "until"
                if match.has("since") or match.has("given"):
                    return "since"
                if words and words[-1] in ("in", "im", "on", "am"):
                    continue
                break
        token = statement.tokens[at - 1] if at else None
        if token is not None and token.text in "-–—" and (at < 2 or statement.tokens[at - 2].kind != "d"):
            return "until"
        if token is not None and token.norm in ("to", "bis", "until", "till"):
            return "until"
        return ""

    def _ended(self, statement: Statement, window: tuple[int, int], at: int) -> bool:
        """A lone date after a word of ending: `progressed in March 2023`, `completed 11/2013`."""
        for match in statement.matches:
            if window[0] <= match.first <= at and (match.has("stop") or match.has("stopverb")) and at - match.last <= 5:
                return True
        return False

    def _length(self, statement: Statement, group: Group, window: tuple[int, int], before: int, made: Course) -> None:
        """`for 18 months`, `5 years of`, `x 6 months`."""
        tokens = statement.tokens
        for match in statement.matches:
            unit = match.id("length")
            if unit is None or not max(before, group.first - 6) <= match.first < window[1]:
                continue
            if match.first > group.last + 12:
                continue
            token = tokens[match.first - 1] if match.first else None
            amount = number(token) if token is not None and token.kind == "n" else None
            if amount is None and token is not None:
                word = next((one for one in statement.matches if one.has("numberword") and one.last == match.first), None)
                amount = float(word.id("numberword") or 0) if word is not None else None
            if amount is None or amount > 60 or (unit == "week"):
                continue
            around = [one.norm for one in tokens[max(0, match.first - 5) : match.first]]
            after = [one.norm for one in tokens[match.last : match.last + 3]]
            if any(
                word in ("every", "alle", "q", "each", "in", "next", "after", "vor", "about", "nach", "age", "aged")
                for word in around[-3:]
            ) or any(word in ("ago", "old", "alt", "alte", "later", "spater") for word in after):
                lasted = any(word == "nach" for word in around[-3:]) and made.last is not None
                if not lasted:
                    continue
            if made.months is None:
                made.months = amount * (12 if unit == "year" else 1)

    # Why it ended, and how it went

    def _reason(self, statement: Statement, context: Context, group: Group, window: tuple[int, int], made: Course) -> None:
        found: list[tuple[int, str]] = []
        stopped = False
        for match in statement.matches:
            if not window[0] <= match.first < window[1] and not (
                group.first - 8 <= match.last <= group.first
                and match.id("stop") == "progression"
                and self._on(statement, match, group)
            ):
                continue
            reason = match.id("stop")
            if match.has("stopverb"):
                stopped = True
            if reason is None:
                continue
            if context.negated(match.first, match.last) or self._conditional(statement, context, match):
                continue
            if reason == "progression" and self._not_its_own(statement, match, group):
                continue
            if reason == "completion" and any(
                one.has("response") and abs(one.first - match.first) <= 1 for one in statement.matches
            ):
                continue
            if (
                reason == "toxicity"
                and not stopped
                and any(one.has("reduce") for one in statement.matches if window[0] <= one.first < match.first + 6)
            ):
                continue
            found.append((match.first, reason))
        if any(match.has("stopverb") for match in statement.matches if window[0] <= match.first < window[1]):
            stopped = True
        harm = next(
            (
                match
                for match in statement.matches
                if match.has("harm") and window[0] <= match.first < window[1] and not context.negated(match.first, match.last)
            ),
            None,
        )
        reasons = {reason for _, reason in found}
        if "choice" in reasons:
            made.stopped_for = "choice"
        elif "progression" in reasons and not ("toxicity" in reasons and found[0][1] == "toxicity"):
            made.stopped_for = "progression"
        elif "toxicity" in reasons or (stopped and harm is not None and self._caused(statement, harm)):
            made.stopped_for = "toxicity"
        elif "completion" in reasons:
            made.stopped_for = "completion"
        if made.stopped_for is None and self._column_reason(statement, made, harm is not None):
            return
        if made.stopped_for is None and (stopped or made.last is not None):
            made.stopped_for = None
            made.why = made.why

    def _column_reason(self, statement: Statement, made: Course, harm: bool) -> bool:
        if not any(statement.headers) or not harm:
            return False
        structure = self.paper.lexicon.structure
        from linewise.phrases.tokens import tokens_of

        for header in statement.headers:
            if (
                "stop" in header.lower()
                or "discont" in header.lower()
                or "abbruch" in header.lower()
                or "beend" in header.lower()
            ):
                head = tokens_of(header, [(0, len(header))])
                if structure is not None and head:
                    made.stopped_for = "toxicity"
                    return True
        return False

    def _on(self, statement: Statement, match: Match, group: Group) -> bool:
        between = [token.norm for token in statement.tokens[match.last : group.first]]
        if not between and match.has("given"):
            return True  # `progressed on letrozole`
        return (
            bool(between) and between[0] in ("on", "unter", "after", "through", "under", "during", "while") and len(between) <= 3
        )

    def _not_its_own(self, statement: Statement, match: Match, group: Group) -> bool:
        """Progression on something named later in the sentence, or progression that brought this course."""
        after = [token.norm for token in statement.tokens[match.last : match.last + 2]]
        if (
            after
            and after[0] in ("on", "unter")
            and any(
                one.has("drug") or one.has("regimen") for one in statement.matches if match.last <= one.first <= match.last + 3
            )
        ):
            return match.first > group.last
        before = [token.norm for token in statement.tokens[max(0, match.first - 3) : match.first]]
        return any(word in ("after", "nach") for word in before[-2:]) and match.first > group.last and False

    def _conditional(self, statement: Statement, context: Context, match: Match) -> bool:
        before = statement.tokens[max(0, match.first - 4) : match.first]
        norms = [token.norm for token in before]
        return (
            any(
                word
                in (
                    "until",
                    "bis",
                    "bei",
                    "if",
                    "on",
                    "at",
                    "falls",
                    "without",
                    "ohne",
                    "upon",
                    "no",
                    "till",
                    "free",
                    "time",
                    "prevent",
                    "risk",
                )
                for word in norms[-2:]
            )
            and statement.tokens[match.first].text != "PD"
            and not (norms and norms[-1] in ("bei", "at", "bis", "until") and self._dated_after(statement, match))
        )

    def _dated_after(self, statement: Statement, match: Match) -> bool:
        return any(token.day is not None for token in statement.tokens[max(0, match.first - 6) : match.last + 4])

    def _caused(self, statement: Statement, harm: Match) -> bool:
        return any(
            (match.has("cause") and -8 <= match.first - harm.first < 4)
            or (match.has("stopverb") and 0 <= harm.first - match.last <= 4)
            for match in statement.matches
        )

    def _response(self, statement: Statement, group: Group, window: tuple[int, int], made: Course) -> None:
        for match in statement.matches:
            value = match.id("response")
            if (
                value is None
                or not window[0] <= match.first < window[1]
                or (match.id("receptor") and not self._best_near(statement, match))
            ):
                continue
            if self._best_near(statement, match):
                made.response = value
                return
        structure = self.paper.lexicon.structure
        if any(statement.headers) and structure is not None:
            from linewise.phrases.tokens import tokens_of

            for cell, header in enumerate(statement.headers):
                head = tokens_of(header, [(0, len(header))])
                if head and any(match.id("column") == "response" for match in structure.matches(head, False)):
                    for match in statement.matches:
                        if statement.tokens[match.first].cell == cell and match.has("response"):
                            made.response = match.id("response")
                            return

    def _best_near(self, statement: Statement, match: Match) -> bool:
        for one in statement.matches:
            if one.has("best") and one.last <= match.first and match.first - one.last <= 2:
                words = " ".join(token.norm for token in statement.tokens[one.first : one.last])
                return words.startswith(("best", "bor", "maximum")) or "ansprechen" in words
        return False

    # Whether it was given

    def _state(
        self, statement: Statement, context: Context, group: Group, window: tuple[int, int], before: int, made: Course
    ) -> None:
        tokens = statement.tokens
        nearest = ""
        word = ""
        for at, match, token in context.back(group.first, 30):
            if at < before and nearest:
                break
            if token.text == ";" or (token.text == "." and not token.glued):
                break
            if match is None:
                continue
            words = context.words(match.first, match.last).lower()
            if match.has("declined"):
                nearest, word = "declined", words
                break
            if match.has("plan") and match.has("given"):
                continue
            if match.has("plan") and not self._weak_plan(words, statement, context, match, group):
                nearest, word = "planned", words
                break
            if match.has("given") or (match.has("ongoing") and words not in ("to", "present")):
                if words in _WEAK and group.first - match.last > 3:
                    continue
                nearest, word = "given", words
                if words in (
                    "on",
                    "after",
                    "since",
                    "under",
                    "unter",
                    "nach",
                    "following",
                    "had",
                    "mit",
                    "with",
                    "seit",
                    "cycle",
                    "prior",
                    "past",
                    "therapie mit",
                    "behandlung mit",
                    "treatment with",
                    "therapy with",
                ):
                    continue
                break
        if nearest == "given" and word in ("on", "after", "under", "following", "had", "unter", "nach", "prior"):
            pass
        later = self._later(statement, context, group, window)
        if not later and self._alternative(statement, group, window):
            later = self._later(statement, context, group, (group.last, len(tokens)))
        state = "given"
        why = ""
        if nearest == "declined" or later == "declined":
            state, why = "declined", "declined"
        elif nearest == "planned":
            state, why = "planned", f"said of a plan: “{word}”"
        elif later == "planned" and nearest != "given":
            state, why = "planned", "said of a plan"
        if statement.section in ("plan", "wishes") and state == "given":
            going = nearest == "given" and word.startswith(
                (
                    "contin",
                    "remain",
                    "stay",
                    "fort",
                    "weiter",
                    "receiv",
                    "keep",
                    "maintain",
                    "currently",
                    "is on",
                    "was on",
                    "has been",
                    "started",
                    "commenced",
                    "begonnen",
                    "erhielt",
                    "progress",
                    "after",
                    "nach",
                    "since",
                    "seit",
                    "under",
                    "unter",
                    "completed",
                    "previous",
                    "stable on",
                    "established",
                )
            )
            if not going and not (made.first is not None and made.last is not None) and later != "given":
                state, why = "suggested", "it stands among plans"
        if state == "planned" and made.first is not None and made.last is not None and word not in ("if", "falls", "would"):
            state, why = "given", ""
        if (
            self.paper.date is not None
            and made.first is not None
            and made.first.key > (self.paper.date.year, self.paper.date.month or 12, self.paper.date.day or 31)
            and (made.first.month or made.first.year > self.paper.date.year)
        ):
            state, why = "planned", "it lies ahead"
        doubt = context._before(group.first, "doubt")
        if (
            doubt
            and state == "given"
            and doubt not in ("?",)
            and doubt.lower() not in ("possible", "likely", "potential", "unclear", "versus", "vs", "risk of")
        ):
            why = why or ""
        if tokens[group.last : group.last + 1] and tokens[group.last].text == "?":
            state, why = "suggested", "uncertain: “?”"
        ongoing = self._ongoing(statement, context, group, window, word if nearest == "given" else "", made)
        if state == "given":
            made.state = "going-on" if ongoing else "given"
        else:
            made.state = state
            made.sure = False
            made.why = why
        if statement.section in ("clinical",) and state == "given" and made.sure:
            made.why = made.why or ""

    def _alternative(self, statement: Statement, group: Group, window: tuple[int, int]) -> bool:
        """`olaparib or talazoparib may be considered`: what is said after the last of them holds for each."""
        after = statement.tokens[group.last : group.last + 2]
        return bool(after) and any(match.first == group.last and match.has("also-negated") for match in statement.matches)

    def _weak_plan(self, words: str, statement: Statement, context: Context, match: Match, group: Group) -> bool:
        """Words that plan something only right before it."""
        gap = group.first - match.last
        near = {
            "no",
            "not",
            "kein",
            "keine",
            "keinen",
            "nicht",
            "without",
            "ohne",
            "start",
            "beginn",
            "ab",
            "add",
            "begin",
            "möglich",
            "possible",
            "possibly",
            "later",
            "später",
            "never",
            "against",
            "avoid",
            "until",
            "dann",
            "statt",
            "instead of",
            "may",
            "option",
            "options",
            "indikation",
            "future",
            "trial of",
            "alternativ",
            "alternative",
            "on progression",
            "at progression",
            "bei progress",
            "potential",
            "aim to",
            "antrag",
        }
        if words in ("bei progress", "on progression", "at progression", "upon progression") and any(
            token.day is not None for token in statement.tokens[: group.first]
        ):
            return True
        if words == "ab":
            return made_of_date(statement, match.last)
        if words in ("until", "start", "beginn", "begin", "beginnen") and any(
            token.day is not None for token in statement.tokens
        ):
            return True
        if words in ("no", "kein", "keine", "not", "nicht", "ohne", "without"):
            return gap > 3
        return words in near and gap > 6

    def _later(self, statement: Statement, context: Context, group: Group, window: tuple[int, int]) -> str:
        """What is said of the drugs after their names: `was declined`, `is planned`, `was started`, `begonnen`."""
        tokens = statement.tokens
        plain = False
        for match in statement.matches:
            if not window[0] <= match.first < min(window[1] + 2, group.last + 22):
                continue
            if any(token.text == ";" or (token.text == "." and not token.glued) for token in tokens[group.last : match.first]):
                break
            words = context.words(match.first, match.last).lower()
            if match.has("declined"):
                return "declined"
            if match.has("given") and words not in (
                "on",
                "after",
                "since",
                "under",
                "had",
                "mit",
                "unter",
                "nach",
                "with",
                "following",
                "seit",
                "cycle",
                "cycles",
                "zyklen",
                "zyklus",
                "prior",
                "past",
            ):
                return "given"
            if match.has("plan") and words in (
                "planned",
                "recommended",
                "considered",
                "offered",
                "discussed",
                "proposed",
                "suggested",
                "option",
                "scheduled",
                "pending",
                "requested",
                "applied for",
                "to start",
                "to be started",
                "to begin",
                "geplant",
                "vorgesehen",
                "empfohlen",
                "beantragt",
                "beantragen",
                "angeboten",
                "besprochen",
                "diskutiert",
                "erwogen",
                "in betracht",
                "kommt in frage",
                "indiziert",
                "vorgeschlagen",
                "soll",
                "should",
                "will",
                "would",
                "could",
                "may",
                "können",
                "möglich",
                "eingeleitet werden",
                "if",
                "falls",
                "wenn",
                "is an option",
                "once approved",
                "kontraindiziert",
                "contraindicated",
                "eligible",
                "funding",
                "kostenzusage",
                "planen",
                "sollte",
                "empfehlen",
                "erwägen",
                "approval for",
                "not given",
                "not started",
                "nicht begonnen",
                "omitted",
                "as next line",
                "ordered",
                "in reserve",
                "reserve",
                "option for",
                "withheld",
                "later",
                "alternativ",
                "in future",
                "in the future",
                "next line",
                "zu erwägen",
                "wäre",
                "ausstehend",
                "abgelehnt",
                "prüfung",
                "zu prüfen",
                "for consideration",
                "als option",
                "möchten",
                "beginn geplant",
                "might",
                "can be",
            ):
                plain = True
                if (
                    words
                    in (
                        "will",
                        "should",
                        "may",
                        "would",
                        "later",
                        "option",
                        "if",
                        "could",
                        "soll",
                        "möglich",
                        "pending",
                        "funding",
                        "falls",
                        "wenn",
                    )
                    and match.first - group.last > 5
                ):
                    plain = False
                    continue
                return "planned"
        return "planned" if plain else ""

    def _ongoing(
        self, statement: Statement, context: Context, group: Group, window: tuple[int, int], word: str, made: Course
    ) -> bool:
        if made.stopped_for or (made.last is not None):
            return False
        if statement.section == "current-treatment":
            return True
        tokens = statement.tokens
        if any(match.has("stopverb") for match in statement.matches if window[0] <= match.first < window[1]) and not any(
            match.has("reduce") for match in statement.matches if window[0] <= match.first < window[1]
        ):
            return False
        for match in statement.matches:
            words = context.words(match.first, match.last).lower()
            if match.has("ongoing") and (window[0] <= match.first < window[1] or group.first - 8 <= match.first < group.first):
                if words in ("since", "seit") and not made_of_date(statement, match.last):
                    continue
                far = match.first >= window[0] + 14 and not any(statement.headers)
                if words in ("current", "today", "now", "present", "active", "continue") and far:
                    continue
                return True
        if word == "on" and self._after_harm(statement, group):
            return False
        if word.startswith(
            (
                "on",
                "contin",
                "remain",
                "receiving",
                "taking",
                "currently",
                "maintained",
                "established",
                "stable on",
                "is on",
                "stay",
                "keep",
                "derzeit",
                "aktuell",
                "laufend",
                "unter",
                "under",
                "tolerat",
            )
        ):
            return True
        del tokens
        return False


def _after_harm_words(match: Match) -> bool:
    return match.has("harm") or match.has("symptom") or match.has("stop") or match.has("illness")


def _chain(statement: Statement) -> Iterator[Statement]:
    above = statement.before
    while above is not None:
        yield above
        above = above.before


def made_of_date(statement: Statement, at: int) -> bool:
    """Whether a date follows within a word or two."""
    return any(token.day is not None for token in statement.tokens[at : at + 3])


_DOSE = frozenset(
    {
        "mg",
        "g",
        "mcg",
        "ug",
        "m2",
        "m",
        "bd",
        "od",
        "daily",
        "weekly",
        "iv",
        "po",
        "sc",
        "im",
        "q3w",
        "q4w",
        "q",
        "w",
        "d",
        "x",
        "oral",
        "taglich",
        "tgl",
        "wochentlich",
        "monatlich",
        "monthly",
        "tablet",
        "tablets",
        "dose",
        "dense",
        "kg",
        "h",
        "s",
        "c",
        "i",
        "v",
        "p",
        "o",
        "days",
        "day",
        "tag",
        "tage",
        "d1",
        "bid",
        "qd",
        "once",
        "twice",
        "cycles",
        "cycle",
        "zyklen",
        "auc",
        "3weekly",
        "every",
        "weeks",
        "week",
        "alle",
        "wochen",
        "mo",
        "metronomic",
        "metronomisch",
        "two",
        "three",
        "four",
        "qw",
        "low",
        "full",
        "reduced",
        "tds",
        "qds",
        "1-21",
        "to",
        "doses",
        "hoch",
        "depot",
        "injections",
        "injection",
        "subcutaneous",
        "intravenous",
    }
)
_WEAK = frozenset(
    {
        "on",
        "after",
        "since",
        "under",
        "unter",
        "nach",
        "following",
        "had",
        "mit",
        "with",
        "seit",
        "cycle",
        "prior",
        "past",
        "z. n.",
        "z.n.",
        "erfolgte",
        "erfolgt",
    }
)
_WITH = frozenset(
    {
        "je",
        "each",
        "all",
        "your",
        "her",
        "his",
        "ihr",
        "ihre",
        "ihrem",
        "ihren",
        "combination",
        "kombination",
        "in",
        "the",
        "addition",
        "together",
        "combined",
        "zusammen",
        "kombiniert",
        "of",
        "concurrent",
        "concurrently",
        "a",
        "monthly",
        "first",
        "line",
        "since",
        "jeweils",
        "simultaneous",
    }
)


def classes_said(statement: Statement) -> set[str]:
    return {folded(token.text) for token in statement.tokens}
