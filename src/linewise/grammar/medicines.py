"""Medicines that are taken now besides the cancer's treatment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import Claim, Context
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import folded, number

from .courses import NOT_READ
from .drugs import Drugs

_LIST = frozenset({"medications", "current-treatment"})
_NEVER = frozenset(
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
        "clinical",
        "results",
        "specimen",
        "labs",
    }
)


class Medicines:
    """Reads the medicines of one paper."""

    def __init__(self, paper: Paper, drugs: Drugs) -> None:
        self.listed, self.beginnings = paper.words.listed, paper.words.beginnings
        self.paper, self.drugs = paper, drugs

    def claims(self, statement: Statement) -> Iterator[Claim]:
        context = Context(self.paper, statement)
        if statement.section in _NEVER and not (statement.section == "labs" and self._speaks_of_taking(statement, context)):
            return
        if statement.section == "stopped":
            for match in statement.matches:
                for drug in self.drugs.drugs_of(match) if match.has("drug") else ():
                    start, end = statement.tokens[match.first].start, statement.tokens[match.last - 1].end
                    yield Claim(
                        "medications", drug, start, end, False, "stopped", None, None, None, 2, statement.number, "stopped"
                    )
            return
        named = [match for match in statement.matches if match.has("drug") and not self._is_lab(statement, match)]
        if not named:
            return
        lead = self._lead(statement, context, named[0].first)
        for index, match in enumerate(named):
            stop = named[index + 1].first if index + 1 < len(named) else len(statement.tokens)
            before = named[index - 1].last if index else 0
            if index and self._within(statement, named[index - 1], match):
                continue  # a brand in brackets after the name
            ahead = index
            while ahead + 1 < len(named) and self._within(statement, named[ahead], named[ahead + 1]):
                ahead += 1
            stop = named[ahead + 1].first if ahead + 1 < len(named) else len(statement.tokens)
            lead = self._between(statement, context, before, match.first, lead) if index else lead
            if self._to_replace(statement, context, match):
                continue
            for drug in self.drugs.drugs_of(match):
                if self.drugs.anticancer(drug) and drug not in self.drugs.parts["other-use"]:
                    continue
                if drug in self.drugs.parts["never-taken"]:
                    continue
                beside = statement.section not in _LIST and self.drugs.beside(drug)
                if beside and not self.drugs.of_bone(drug):
                    continue
                taken, why = self._taken(statement, context, match, stop, lead, index, named)
                weak = beside and statement.section not in _LIST and self._under(statement, match)
                if (taken is None or (taken and weak)) and beside and statement.section not in NOT_READ:
                    taken, why = self._beside_a_line(statement, match, stop)
                if taken is None:
                    continue
                start, end = statement.tokens[match.first].start, statement.tokens[match.last - 1].end
                yield Claim(
                    "medications",
                    drug,
                    start,
                    end,
                    taken,
                    why,
                    None,
                    None,
                    None,
                    2 if statement.section in _LIST else 0,
                    statement.number,
                    statement.section,
                    {"fuzzy": match.fuzzy},
                )

    def _speaks_of_taking(self, statement: Statement, context: Context) -> bool:
        """A sentence that follows the values of the day and is none: `She tells me she takes …`."""
        return any(
            match.id("medstate") == "taken" and folded(context.words(match.first, match.last)) in self.listed("medicines.takes")
            for match in statement.matches
        )

    def _to_replace(self, statement: Statement, context: Context, match: Match) -> bool:
        """`Consider A instead of B`: a thought of the writer; whether B is taken stands elsewhere."""
        near = next((one for one in statement.matches if one.last == match.first and one.has("formerly")), None)
        return near is not None and context.said("plan", 0, near.first) is not None

    def _is_lab(self, statement: Statement, match: Match) -> bool:
        """`calcium`, `iron`, `vitamin D` as measurements."""
        if statement.section in _LIST:
            return False
        return match.has("lab") or any(one.has("lab") and one.first == match.first for one in statement.matches)

    def _within(self, statement: Statement, one: Match, other: Match) -> bool:
        between = statement.tokens[one.last : other.first]
        same = set(self.drugs.drugs_of(one)) == set(self.drugs.drugs_of(other))
        if same and len(between) <= 3:
            return True
        after = statement.tokens[other.last : other.last + 1]
        return len(between) == 1 and between[0].text == "(" and bool(after) and after[0].text in ")®" and same

    def _lead(self, statement: Statement, context: Context, first: int) -> str:
        """What the words before the first name say of all: `STOP taking:`, `NEW`, `continue`."""
        for match in reversed(statement.matches):
            if match.first < first and match.has("medstate"):
                return match.id("medstate") or ""
        heading = statement.heading.lower()
        if heading and statement.section == "medications":
            return "taken"
        return ""

    def _between(self, statement: Statement, context: Context, first: int, stop: int, lead: str) -> str:
        if any(token.text == ";" or (token.text == "." and not token.glued) for token in statement.tokens[first:stop]):
            lead = "taken" if statement.section in _LIST else ""
        for match in statement.matches:
            if first <= match.first < stop and match.has("medstate"):
                gap = stop - match.last
                if gap <= 2 and not self._bracketed(statement, match, first, stop):
                    lead = match.id("medstate") or lead
        return lead

    def _bracketed(self, statement: Statement, match: Match, first: int, stop: int) -> bool:
        depth = 0
        for token in statement.tokens[first : match.first]:
            depth += (token.text in "([") - (token.text in ")]")
        return depth > 0

    def _taken(
        self, statement: Statement, context: Context, match: Match, stop: int, lead: str, index: int, named: Sequence[Match]
    ) -> tuple[bool | None, str]:
        section = statement.section
        relative = context.family(match.first)
        if relative:
            return False, f"of the family: “{relative}”"
        own = self._own(statement, match, stop, index + 1 < len(named))
        if not own and self._paired(statement, match, index, named):
            far = named[index + 2].first if index + 2 < len(named) else len(statement.tokens)
            own = self._own(statement, named[index + 1], far, index + 2 < len(named))
        if section in _LIST:
            if own == "stopped":
                return False, "stopped"
            if own == "taken":
                return True, ""
            if lead == "stopped":
                return False, "stopped"
            if self._over(statement, match, stop):
                return False, "its days are over"
            negated = context._before(match.first, "neg")
            if (
                negated
                and match.first
                and any(one.has("neg") and match.first - one.last <= 3 for one in statement.matches if one.last <= match.first)
            ):
                return False, f"negated: “{negated}”"
            if any(one.has("allergyword") for one in statement.matches):
                return False, "an allergy"
            if any(
                one.has("plan")
                and one.first < match.first
                and folded(context.words(one.first, one.last)) in self.listed("medicines.plans")
                for one in statement.matches
            ):
                return False, "said of a plan"
            return True, ""
        if section in NOT_READ and section not in ("plan", "labs"):
            return None, ""
        beside = section in ("illnesses", "diagnosis", "oncology") and self._beside_illness(statement, match)
        if not beside and not self._said_to_take(statement, context, match):
            return None, ""
        if own == "stopped" or lead == "stopped":
            return False, "stopped"
        if section in ("plan",) and own != "taken":
            going = any(
                one.has("given")
                and match.first - one.last <= 3
                and folded(context.words(one.first, one.last)).startswith(self.beginnings("medicines.going-on"))
                for one in statement.matches
                if one.last <= match.first
            )
            if not going:
                return None, ""
        if (
            context._before(match.first, "neg")
            or context._before(match.first, "doubt")
            or any(one is not None and (one.has("past") or one.has("declined")) for _, one, _t in context.back(match.first, 6))
        ):
            return False, "negated, or of the past"
        if self._short_course(statement, match, stop):
            return False, "a course in hospital"
        return True, ""

    def _paired(self, statement: Statement, match: Match, index: int, named: Sequence[Match]) -> bool:
        """`A and B were stopped`: what is said behind the second holds for both."""
        between = statement.tokens[match.last : named[index + 1].first] if index + 1 < len(named) else []
        listed = index and statement.tokens[match.first - 1].text == ","  # of `A, B and C was changed`, the last one only
        return not listed and len(between) == 1 and between[0].norm in self.listed("common.and")

    def _beside_illness(self, statement: Statement, match: Match) -> bool:
        """`atrial fibrillation (A)`."""
        at = match.first - 1
        if at < 1 or statement.tokens[at].text != "(":
            return False
        return any(one.has("illness") and one.last == at for one in statement.matches)

    def _said_to_take(self, statement: Statement, context: Context, match: Match) -> bool:
        tokens = statement.tokens
        for _at, one, token in context.back(match.first, 12):
            if one is not None and one.has("drug"):
                between = tokens[one.last : match.first]
                if len(between) <= 6 and any(t.text in ",/+" or t.norm in self.listed("common.and") for t in between):
                    continue
                return False
            if one is not None and (one.has("medstate") and one.id("medstate") == "taken"):
                words = context.words(one.first, one.last).lower()
                return match.first - one.last <= 4 or folded(words) in self.listed("medicines.takes")
            if token.text in ";." or (False):
                return False
        after = [one for one in statement.matches if match.last <= one.first < match.last + 8 and one.has("medstate")]
        return any(
            one.id("medstate") == "taken" and folded(context.words(one.first, one.last)) in self.listed("medicines.taken-after")
            for one in after
        ) and not any(one.id("medstate") == "stopped" for one in after)

    def _under(self, statement: Statement, match: Match) -> bool:
        """`under fluids and A the calcium fell`: said of a stay, not of a drug for the bones that goes on."""
        before = statement.tokens[max(0, match.first - 4) : match.first]
        return any(token.norm in self.listed("courses.under") for token in before)

    def _beside_a_line(self, statement: Statement, match: Match, stop: int) -> tuple[bool, str]:
        """Whether a drug for the bones that is named among treatments is taken now: `since April 2024` says so, the name alone does not."""
        since = any(
            token.norm in self.listed("medicines.since") for token in statement.tokens[match.last : min(stop, match.last + 8)]
        )
        ended = any(one.has("medstate") and one.id("medstate") == "stopped" for one in statement.matches)
        return (True, "") if since and not ended else (False, "not said to be taken now")

    def _own(self, statement: Statement, match: Match, stop: int, more: bool) -> str:
        """What is said of this one after its name: in brackets, or up to the next name."""
        tokens = statement.tokens
        state = ""
        for one in statement.matches:
            if not match.last <= one.first < stop or not one.has("medstate"):
                continue
            between = tokens[match.last : one.first]
            depth = sum(token.text in "([" for token in between) - sum(token.text in ")]" for token in between)
            if depth <= 0 and more and any(token.text in ",;·•" for token in between):
                continue
            if depth <= 0 and more and stop - one.last <= 1 and any(token.text in ",;·." for token in between):
                continue
            if (
                any(
                    token.text == ";" or (token.text == "." and not token.glued and token.start > tokens[match.last - 1].end + 2)
                    for token in between
                )
                and not depth
            ):
                break
            if (
                more
                and depth <= 0
                and stop - one.last <= 1
                and one.first
                and tokens[one.first - 1].norm in self.listed("common.and")
            ):
                continue  # `takes A and stopped her B`: it leads the next one
            if more and depth <= 0 and stop - one.last <= 1 and tokens[one.first].text.isupper():
                continue  # it leads the next one
            words = [token.norm for token in tokens[one.first : one.last]]
            ahead = [token.norm for token in tokens[one.last : one.last + 1]]
            if (
                len(words) == 1
                and words[0] in self.listed("medicines.stop-words")
                and ahead
                and ahead[0] in self.listed("medicines.stop-when")
            ):
                continue
            if one.id("medstate") == "stopped":
                if (
                    words[0] in self.listed("medicines.stops-only-near")
                    and len(words) == 1
                    and depth <= 0
                    and any(token.text in "," for token in between)
                ):
                    continue
                if len(words) == 1 and words[0] in self.listed("medicines.negations") and len(between) > 3:
                    continue
                if (
                    len(words) == 1
                    and words[0] in self.listed("medicines.pause")
                    and any(
                        token.norm in self.listed("medicines.days-of-a-pause")
                        for token in tokens[max(0, one.first - 3) : one.first]
                    )
                ):
                    continue
                return "stopped"
            if len(words) != 1 or words[0] not in self.listed("medicines.no-sign-of-taking"):
                state = state or "taken"
        return state

    def _over(self, statement: Statement, match: Match, stop: int) -> bool:
        """A number of days from a day that has passed, or an end that has passed."""
        tokens = statement.tokens
        about = self.paper.date
        if about is None or not about.month or not about.day:
            return False
        now = dt.date(about.year, about.month, about.day)
        single = len([one for one in statement.matches if one.has("drug")]) <= 2
        reach = range(match.last, stop) if not single else range(match.last, len(tokens))
        days = [tokens[i].day for i in reach if tokens[i].day is not None]
        for i in reach:
            if (
                tokens[i].norm in self.listed("medicines.days")
                and i
                and tokens[i - 1].kind == "n"
                and (i < 2 or tokens[i - 2].norm not in self.listed("medicines.every"))
            ):
                length = number(tokens[i - 1])
                start = next((day for day in days if day is not None and day.month and day.day), None)
                if length is not None and start is not None and length <= 60:
                    return dt.date(start.year, start.month, start.day) + dt.timedelta(days=length) < now
        if (
            len(days) == 2
            and days[0] is not None
            and days[1] is not None
            and days[0].key < days[1].key < about.key
            and any(tokens[i].text in "-–" for i in reach)
        ):
            return True
        until = [one.last for one in statement.matches if one.has("until") and match.last <= one.first < stop]
        last = [tokens[at].day for at in until if at < len(tokens)]
        if any(day is not None and day.key < about.key for day in last):
            return True  # `until 24 May`, in a list of June
        ends = [
            cell
            for cell, header in enumerate(statement.headers)
            if any(word in folded(header) for word in self.listed("medicines.end"))
        ]
        for token in tokens:
            day = token.day
            if token.cell in ends and day is not None and day.key <= about.key:
                return True
        return False

    def _short_course(self, statement: Statement, match: Match, stop: int) -> bool:
        window = statement.tokens[match.last : min(stop, match.last + 8)]
        days = [token for token in window if token.kind == "d"]
        return len(days) >= 2 or any(
            token.text in "-–"
            and index + 1 < len(window)
            and window[index + 1].kind == "n"
            and window[index - 1].kind == "n"
            and "/" in [one.text for one in window[index : index + 4]]
            for index, token in enumerate(window)
        )
