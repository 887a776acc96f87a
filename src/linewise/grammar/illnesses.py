"""Illnesses and symptoms: what the person has now."""

from __future__ import annotations

import re
from collections.abc import Iterator

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import NEVER, Claim, Context
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import folded, number

_HISTORY = {
    "stroke-history",
    "pulmonary-embolism-history",
    "stevens-johnson-syndrome-history",
    "osteonecrosis-jaw-history",
    "myelodysplastic-syndrome-history",
    "kidney-transplant",
    "liver-transplant",
    "mechanical-heart-valve",
    "coronary-heart-disease",
}
_MAY_COME = frozenset({"active-infection", "interstitial-lung-disease", "herpes-zoster"})
_OFTEN_A_HARM = frozenset(
    {"interstitial-lung-disease", "osteonecrosis-jaw-history", "peripheral-neuropathy", "thrombocytopenia", "heart-failure"}
)
_WITHOUT_EFFECT = frozenset({"gastro-oesophageal-reflux-disease", "osteoarthritis", "gout", "anxiety"})
"""Illnesses that are read and shown, and change no plan."""
_LISTS = frozenset({"illnesses", "diagnosis"})


class Illnesses:
    """Reads the illnesses and symptoms of one paper."""

    def __init__(self, paper: Paper, harms: set[tuple[int, int]]) -> None:
        self.listed, self.written = paper.words.listed, paper.words.written
        self.paper, self.harms = paper, harms
        self.facts = paper.words.knowledge.facts

    def claims(self, statement: Statement) -> Iterator[Claim]:
        if statement.section in NEVER or statement.section in ("technique",):
            return
        context = Context(self.paper, statement)
        for match in statement.matches:
            if match.has("illness"):
                yield from self._illness(statement, context, match)
            if match.has("symptom") and not match.has("drug"):
                yield from self._symptom(statement, context, match)

    def _illness(self, statement: Statement, context: Context, match: Match) -> Iterator[Claim]:
        start, end = statement.tokens[match.first].start, statement.tokens[match.last - 1].end
        if (start, end) in self.harms or statement.section in ("allergies", "gene-list", "results", "microscopic", "specimen"):
            return
        if any(a <= start < b for a, b in self.harms):
            return
        name = self._named(statement, match)
        known = name in self.facts["comorbidities"].values
        if not known and name not in _WITHOUT_EFFECT:
            return
        if self._other_thing(statement, context, match):
            return
        sure, why = self._holds(statement, context, match, name)
        if not known:
            sure, why = False, "no illness that changes a plan here"
        strength = 2 if statement.section in _LISTS else 0
        yield Claim(
            "comorbidities", name, start, end, sure, why, None, None, None, strength, statement.number, statement.section
        )  # fmt: skip

    def _named(self, statement: Statement, match: Match) -> str:
        """The illness that words name, by the day where that decides; nothing where it is another one in truth."""
        name = match.id("illness") or ""
        if name == "thrombocytopenia-chronic":
            return "thrombocytopenia"
        if name == "steroid-diabetes" or name.endswith("-chronic"):
            return ""
        if name == "myocardial-infarction-old":
            recent = self.paper.date
            last = statement.days[-1] if statement.days else None
            fresh = last is not None and recent is not None and (last.months_to(recent) or 99) <= 6
            return "myocardial-infarction-recent" if fresh else "coronary-heart-disease"
        return name

    def _other_thing(self, statement: Statement, context: Context, match: Match) -> bool:
        """`Diabetes: > 6.4`, the scale of a measurement; short names that mean something else in results."""
        after = statement.tokens[match.last : match.last + 2]
        measured = statement.section == "labs" or self.paper.kind == "laboratory"
        if measured and any(token.kind == "n" or token.text in "<>≥≤" for token in after):
            return True
        words = context.words(match.first, match.last)
        if words in self.written("illnesses.short-names") and statement.section in ("specimen", "results", "person"):
            return True
        short = len(words) <= 3 and words.isupper()
        if short and (
            self.paper.kind == "gene panel" or [one.text for one in statement.tokens[match.first - 1 : match.first]] == ["%"]
        ):
            return True  # the head of a column, or `98 % RA` (room air)
        if words in self.written("illnesses.also-a-biopsy"):
            before = statement.tokens[max(0, match.first - 1) : match.first]
            near = any(one.has("site") and -1 <= one.first - match.last <= 2 for one in statement.matches)
            if near or (before and before[0].text in "-–" and before[0].glued):
                return True  # `Leber-PE`: a piece taken for the microscope
        shared = words in self.written("illnesses.also-a-share")
        if shared and len({token.cell for token in statement.tokens}) > 3:
            return True  # the head of a column of shares
        return shared and any(token.text == "%" for token in statement.tokens[match.last : match.last + 4])

    def _holds(self, statement: Statement, context: Context, match: Match, name: str) -> tuple[bool, str]:
        """Whether the person has this illness now, and if not, why. Where there are several reasons, the last one is given."""
        tokens, section = statement.tokens, statement.section
        sure, why = context.standing(match.first, match.last)
        past = self._past(statement, context, match)
        if sure and past and name not in _HISTORY:
            sure, why = False, f"of the past: “{past}”"
        if name == "deep-vein-thrombosis-recent" and sure:
            sure, why = self._recent(statement, match)
        if section == "past-illnesses" and name not in _HISTORY and sure:
            sure, why = False, "among past illnesses"
        if section in ("plan", "imaging") and name in _MAY_COME:
            sure, why = False, "said of what may come"
        plan = next((one for _, one, _t in context.back(match.first, 8) if one is not None and one.has("plan")), None)
        if sure and plan is not None and folded(context.words(plan.first, plan.last)) in self.listed("illnesses.plans"):
            sure, why = False, "said of what may come"
        if sure and any(token.norm in self.listed("illnesses.explains") for token in tokens[: match.first]):
            sure, why = False, "it explains what something comes with"
        after = [token.norm for token in tokens[match.last : match.last + 2]]
        medicine = any(word in self.listed("illnesses.medication") for word in after)
        if not medicine and any(word in self.listed("illnesses.of-other-things") for word in after):
            sure, why = False, "a test, a vaccine or a risk"
        if name == "autoimmune-disease" and sure and context.said("lab") is not None and section == "labs":
            sure = False
        if any(token.text == "?" for token in (*tokens[match.last : match.last + 1], *tokens[match.first - 1 : match.first])):
            sure, why = False, "uncertain: “?”"
        drug = any(one.has("drug") for one in statement.matches)
        if sure and drug and name in _OFTEN_A_HARM and section not in _LISTS:
            sure, why = False, "perhaps a harm of a treatment"
        if name == "thyroid-disease" and any(one.has("othercancer") for one in statement.matches):
            sure = False
        return sure, why

    def _past(self, statement: Statement, context: Context, match: Match) -> str:
        for _at, one, token in context.back(match.first, 5):
            if token.text in ",;.":
                break
            if one is not None and one.has("past") and statement.section not in ("illnesses",):
                return context.words(one.first, one.last)
            if (
                one is not None
                and one.has("past")
                and folded(context.words(one.first, one.last)) in self.listed("illnesses.past")
            ):
                return context.words(one.first, one.last)
        for _at, one, token in context.ahead(match.last, 9):
            if token.text in ",;" or (token.text == "." and not token.glued) or token.text == "·":
                break
            if one is not None and one.has("past-after"):
                return context.words(one.first, one.last)
            if one is not None and (one.has("illness") or one.has("drug")):
                break
        return ""

    def _recent(self, statement: Statement, match: Match) -> tuple[bool, str]:
        days = [token.day for token in statement.tokens[max(0, match.first - 6) :] if token.day is not None]
        if days and self.paper.date is not None:
            months = days[0].months_to(self.paper.date)
            years = self.paper.date.year - days[0].year
            if (months is not None and months > 6) or (months is None and years > 0):
                return False, "not recent"
            return True, ""
        return (True, "") if statement.section in ("diagnosis",) and not days else (False, "when is not said")

    def _day(self, statement: Statement) -> None:
        return None

    def _symptom(self, statement: Statement, context: Context, match: Match) -> Iterator[Claim]:
        name = match.id("symptom") or ""
        start, end = statement.tokens[match.first].start, statement.tokens[match.last - 1].end
        if name not in self.facts["symptoms"].values or name == "pain" or name == "anxiety":
            return
        if statement.section not in ("symptoms", "exam", "oncology", "", "assessment", "treatment", "diagnosis", "person"):
            return
        sure, why = context.standing(match.first, match.last)
        if any(a <= start < b for a, b in self.harms):
            return
        past = self._past(statement, context, match)
        if past:
            sure, why = False, f"of the past: “{past}”"
        present = context.said("complains") is not None or statement.section == "symptoms"
        if not present:
            sure, why = False, why or "not said to be there now"
        if any(
            one.has("historic") or one.has("plan") or one.has("past")
            for _, one, _t in context.back(match.first, 14)
            if one is not None and folded(context.words(one.first, one.last)) not in self.listed("illnesses.no-history")
        ):
            sure, why = False, "not said to be there now"
        grade = self._grade(statement, match)
        claim = Claim("symptoms", name, start, end, sure, why, None, None, None, 0, statement.number, statement.section)
        if grade is not None:
            claim.extra["grade"] = grade
        yield claim

    def _grade(self, statement: Statement, match: Match) -> int | None:
        return grade_near(statement, match)


def grade_near(statement: Statement, match: Match) -> int | None:
    """The grade written right before or after a harm: `G3 neutropenia`, `neutropenia grade 3`, `Grad III`, `grade 2-3` (the higher)."""
    tokens = statement.tokens
    grades = [one for one in statement.matches if one.id("grade") == "grade"]
    for one in (*(one for one in grades if one.first > match.first), *(one for one in grades if one.first < match.first)):
        if one.first < match.first and any(
            0 <= one.first - other.last <= 2 for other in statement.matches if other.has("harm") or other.has("symptom")
        ):
            continue  # `diarrhoea grade 1 and rash`: it is that of the harm before it
        gap = match.first - one.last if one.first < match.first else one.first - match.last
        if not 0 <= gap <= 4:
            continue
        between = tokens[one.last : match.first] if one.first < match.first else tokens[match.last : one.first]
        if any(token.text in ";." for token in between) or (
            one.first > match.first and any(token.text == "," for token in between)
        ):
            continue
        for at in range(one.last, min(len(tokens), one.last + 2)):
            amount = number(tokens[at]) if tokens[at].kind == "n" else None
            if amount is None and tokens[at].text in ("I", "II", "III", "IV"):
                amount = float(("I", "II", "III", "IV").index(tokens[at].text) + 1)
            if amount is not None and amount in (1, 2, 3, 4):
                after = tokens[at + 1 : at + 3]
                if len(after) == 2 and after[0].text in "-/–" and after[1].text in ("2", "3", "4"):
                    return int(after[1].text)
                return int(amount)
    text = re.sub(r"\s+", " ", " ".join(token.text for token in tokens[max(0, match.first - 3) : match.last + 4]))
    found = re.search(r"(?:CTCAE|CTC|°)\s*:?\s*([1-4])\b", text)
    return int(found.group(1)) if found else None
