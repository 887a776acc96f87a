"""What one criterion of a trial says, as criteria of the language, and what of it was not understood.

Each sentence is taken apart by the rules of the words file. A part that a rule understands leaves a mark; words that carry no meaning of
their own are dropped. What is then left was not understood, and opens the sentence on the side on which it could change the answer:

- an inclusion "A, and something else" fails where A fails, and is never fulfilled by A alone;
- an exclusion "A, or something else" holds where A holds, and is never ruled out by A alone;
- a qualification or an exception ("unless", "allowed if") takes the other side away, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from . import pair
from .labs import take_labs
from .model import Kind, Point
from .pair import OPEN, Pair
from .parts import (
    ITEM,
    MARKED,
    SET,
    SETTING,
    Part,
    agreeing,
    also_meant,
    filled,
    firm_ones,
    inside_of,
    joining,
    of_kind,
    plain_or,
    turned,
)
from .tags import Named, plain, tagged
from .words import Rule, Words

_MARK = "¤{}¤"
_WORD = re.compile(r"[a-z0-9+%<>=⟨⟩‡][\w+%.'/⟨⟩-]*")
_SEGMENT = re.compile(r",|;|\bor\b|\band\b|\(|\)|/(?=\s|¤)")
_SENTENCE = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\d)\.(?=\s|$)|(?<=\d)\.(?=\s+[a-z])|;\s*(?=[^\s<>=])")
_AND_HAS = re.compile(r"\band (?:has|have|had|is|are|who|that|with)\b|¤ and ¤")
_LISTED = re.compile(r"¤ ?,[^.]*¤ ?,? and ¤")
_NUMBERED = re.compile(r"\S[\s,;(](?:2|b|ii)[.)]\s", re.IGNORECASE)
"""A list inside a line, "1) … 2) …": whether all or one is meant is not clear."""
_ASKED = "§"
"""Stands where a text says something that no record tells."""
_NARROWS = "‡"
"""Stands for words that narrow what is beside them, in a way that was not understood."""


class Reading(msgspec.Struct, frozen=True):
    """What a criterion says. `left` are the words that were not understood; `rules` those that understood the rest.

    `asked`: it is about nothing that a record tells. `fine` are criteria under which what is asked need not be known before.
    `outside`: a treatment is named of which the knowledge has no drug.
    """

    says: Pair = OPEN
    asked: bool = False
    left: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    fine: tuple[str, ...] = ()
    outside: bool = False
    firm: bool = False

    @property
    def understood(self) -> bool:
        return self.asked or not self.says.says_nothing


def receptors(text: str, words: Words) -> list[str]:
    """What a title says of receptors, as criteria: only where it says one thing."""
    reading = _Reading("inclusion", words)
    found = plain(text, words)
    if words.alternatives.search(found):
        return []
    reading.sentence(found, firm=True)
    return reading.firm


def read_point(point: Point, words: Words) -> Reading:
    """One criterion, with its sub-points."""
    return _Reading(point.kind, words).point(point.parts)


class _Reading:
    """The state of reading one criterion."""

    def __init__(self, kind: Kind, words: Words) -> None:
        self.kind, self.words = kind, words
        self.left: list[str] = []
        self.rules: list[str] = []
        self.fine: list[str] = []
        self.asked = False
        self.outside = False
        self.escape = False
        self.figures = False
        self.whole = ""
        self.left_to_ask = False
        self.firm: list[str] = []  # what must not fail, whatever else the criterion says

    def point(self, parts: Sequence[str]) -> Reading:
        whole = self.whole = plain(" ".join(parts), self.words)
        self.figures = any(re.search(rf"{lab.find.pattern}[^<>;.]{{0,60}}[<>]", whole, re.IGNORECASE) for lab in self.words.labs)
        lead = self.sentences(parts[0], first=True)
        if self.words.conditional.match(plain(parts[0], self.words)) or self._for_some(parts[0]):
            self.escape = True
        found = self._with_list(lead, parts) if len(parts) > 1 else lead
        if self.left_to_ask and self.kind == "inclusion":
            return Reading(OPEN, True, tuple(self.left), tuple(self.rules))
        says = self._opened(found) if self.escape and found is not None else found
        if says is not None and self.firm and self.kind == "inclusion" and not self._alternatives(parts[0]):
            says = Pair(says.when, pair.both([says, *agreeing([pair.exactly(one) for one in self.firm])]).may)
        if says is None:
            blank = not self.left and self.asked
            return (
                Reading(OPEN, blank or not self.rules, tuple(self.left), tuple(self.rules), tuple(self.fine))
                if blank
                else self._unread()
            )
        return Reading(
            says, False, tuple(self.left), tuple(dict.fromkeys(self.rules)), tuple(self.fine), self.outside, bool(self.firm)
        )

    def _alternatives(self, lead: str) -> bool:
        """Whether the first sentence is for one arm or cohort, or for several cancers."""
        sentences = _cut(plain(lead, self.words))
        return bool(sentences) and self.words.alternatives.search(sentences[0]) is not None

    def _unread(self) -> Reading:
        return Reading(OPEN, False, tuple(self.left), tuple(self.rules), tuple(self.fine), self.outside)

    def _with_list(self, lead: Pair | None, parts: Sequence[str]) -> Pair | None:
        """The head of a list and its items: all of an inclusion, any of an exclusion, unless the head or the items say otherwise."""
        head = plain(parts[0], self.words)
        items = [(plain(part, self.words), self._item(part)) for part in parts[1:]]
        known = [says for _, says in items if says is not None]
        every = self.kind == "inclusion"
        if self.words.any_of.search(head) or any(re.search(r"(^or\b|\bor$)", text) for text, _ in items):
            every = False
        elif self.words.all_of.search(head):
            every = True
        if not known:
            return lead
        listed = pair.both(known) if every else pair.either(known)
        if not every and self.kind == "inclusion" and len(known) < len(items):
            listed = pair.either([listed, OPEN])
        if lead is None or (self.kind == "exclusion" and parts[0].rstrip().endswith(":")):
            return listed  # the items say which: "significant heart disease, such as: …"
        return pair.both([lead, listed]) if self.kind == "inclusion" else pair.either([lead, listed])

    def _item(self, part: str) -> Pair | None:
        """One item of a list; one for a single arm or cohort opens itself, not the list."""
        says = self.sentences(part)
        return self._opened(says) if says is not None and self._for_some(part) else says

    def _for_some(self, part: str) -> bool:
        """Whether a text is for one arm or cohort, or holds a list of its own whose joints are not clear."""
        return self.words.group_inside.search(plain(part, self.words)) is not None or _NUMBERED.search(part) is not None

    def _opened(self, says: Pair) -> Pair:
        return Pair(says.when, pair.YES) if self.kind == "inclusion" else Pair(pair.NO, says.may)

    # Sentences

    def sentences(self, text: str, first: bool = False) -> Pair | None:
        """What the sentences of one bullet say together; None where they say nothing that a record tells."""
        found: list[Pair] = []
        for number, sentence in enumerate(_cut(plain(text, self.words))):
            if self.words.note.match(sentence):
                self.escape = self.escape or bool(self.words.escape.search(sentence))
                continue
            if (number or not first) and self.words.permitted.search(sentence) and not self.words.bound.search(sentence):
                self.escape = True
                continue
            says = self.sentence(sentence, firm=first and number == 0)
            if says is not None:
                found.append(says)
        if not found:
            return None
        return pair.both(found) if self.kind == "inclusion" else pair.either(found)

    def sentence(self, text: str, firm: bool = False) -> Pair | None:
        """One sentence. An inclusion that says what is not allowed is read as an exclusion, and turned round."""
        words = self.words
        if self.kind == "exclusion":
            says = self._read(text, self.kind)
            return OPEN if says is not None and words.lacking.match(text) else says
        if words.conditional.match(text):
            return OPEN
        if words.permitted.search(text) and not words.bound.search(text):
            return self._permitted(text)
        if not (words.negated.match(text) or words.barred.search(text)):
            return self._read(text, self.kind, firm)
        text = words.barred.sub(" ", words.negated.sub("", text, count=1))
        says = self._read(text, "exclusion")
        if says is None:
            return None
        if words.and_else.search(text):
            return OPEN
        opposite = pair.opposite(says)
        return Pair(opposite.when, pair.YES) if words.or_else.search(text) else opposite

    def _permitted(self, text: str) -> Pair | None:
        """What an inclusion lets through: everybody without it, and with it those who meet its condition, if it names one."""
        permitted = self.words.permitted.search(text)
        behind = permitted.end() if permitted else 0
        if self.words.strong.search(text):
            return OPEN  # let through, but for something
        condition = self.words.condition.search(text)
        asked = self.words.proviso.search(text, behind)
        # What stands behind "eligible if" is asked of these people: it does not say who they are.
        says = self._read(text[: asked.start()] if asked else text, "exclusion")
        if says is None:
            return None
        return Pair(pair.negated(says.may), pair.YES) if condition else pair.exactly(pair.YES)

    def _read(self, text: str, kind: Kind, firm: bool = False) -> Pair | None:
        tags = tagged(text, self.words)
        pairs: list[Pair] = []
        text = take_labs(tags.text, self.words, pairs, _MARK)
        parts = [Part(says, "laboratory") for says in pairs]
        text = self._rules(text, tags.named, kind, parts)
        if any(one.outside for one in tags.named):
            self.outside = True
        self.rules += [part.rule for part in parts if part.rule]
        text = turned(text, parts, self.words)
        if kind == "exclusion" and SETTING.search(text):
            for part in parts:
                part.says = Pair(pair.NO, part.says.may) if part.loose else part.says
            if re.search(r"\bor\b[^¤]*⟨(?:adv|adj)⟩", text):  # another setting, of which nothing else was understood
                for part in parts:
                    part.says = Pair(part.says.when, pair.YES) if part.of_lines else part.says
        if firm and kind == "inclusion":
            self.firm += firm_ones(text, parts)
        return self._together(text, kind, parts)

    def _rules(self, text: str, named: list[Named], kind: Kind, parts: list[Part]) -> str:
        whole = text
        for rule in self.words.rules:
            if (
                rule.kind not in ("any", kind)
                or (rule.vague and self.figures)
                or (rule.unless is not None and rule.unless.search(whole))
            ):
                continue
            start = 0
            while (found := rule.find.search(text, start)) is not None and found.end() > found.start():
                if not of_kind(rule, found, named):
                    start = found.start() + 1
                    continue
                before, after = text[: found.start()].rstrip(), text[found.end() :].lstrip()
                put = " ".join(one for one in (joining(found.group(0)), self._put(rule, found, named, kind, parts)) if one)
                text = f"{before} {put} {after}"
                start = len(before) + len(put) + 1
        return text

    def _put(self, rule: Rule, found: re.Match[str], named: list[Named], kind: Kind, parts: list[Part]) -> str:
        """The mark for a part that a rule understood; a sign for one that no record tells. What was understood inside it stays."""
        inside = [] if rule.owns else inside_of(found.group(0))
        if rule.drop or rule.narrow or rule.asked:
            self.asked = self.asked or rule.asked
            self.left_to_ask = self.left_to_ask or rule.whole
            if rule.asked:
                self.rules.append(rule.id)
            if rule.fine is not None:
                self.fine.append(rule.fine)
            sign = _ASKED if rule.asked else _NARROWS if rule.narrow else ""
            return " ".join([sign, *inside, *self._exception(rule, found)]).strip()
        when, may = rule.when, rule.may
        found_in = also_meant(rule, found, named)
        if found_in is None:
            when, may = pair.NO, pair.YES
        else:
            named = found_in
        counts = self.words.counts
        says = Pair(
            filled(when, found, named, kind, counts), filled(may if may is not None else when, found, named, kind, counts)
        )
        if found.groupdict().get("not"):
            says = pair.opposite(says)
        loose = rule.of == "lines" and not SET.search(f"{when} {may}")
        parts.append(Part(says, rule.id, rule.stays, rule.firm, rule.ground, loose, rule.of == "lines"))
        return " ".join([_MARK.format(len(parts) - 1), *inside, *self._exception(rule, found)])

    def _exception(self, rule: Rule, found: re.Match[str]) -> list[str]:
        """The word by which a part that a rule took whole makes an exception: the sentence is to be looked at."""
        if rule.owns and not rule.asked:
            return []
        words = self.words.takes_back if rule.asked and self.kind == "exclusion" else self.words.strong
        exception = words.search(found.group(0))
        if exception is None and rule.stays and self.kind == "exclusion":
            exception = self.words.time_limit.search(found.group(0))
        return [exception.group(0)] if exception else []

    # What the parts say together

    def _together(self, text: str, kind: Kind, parts: list[Part]) -> Pair | None:
        left: list[str] = []
        said: list[Pair] = []
        loose: list[Pair] = []  # what stands for itself and was not understood
        excepted = self.words.escape.search(text)
        if kind == "exclusion" and excepted is not None and "¤" in text[: excepted.start()]:
            text = text[: excepted.start()]  # an exception only takes back, so what it says need not be known
        for segment in _SEGMENT.split(text):
            unknown = self._unknown(segment)
            marks = [parts[int(number)].says for number in MARKED.findall(segment)]
            if self.kind == "exclusion":
                marks = [one for one in marks if one.when != pair.YES]  # what is true of everybody excludes nobody
            left += unknown
            if not marks and unknown:
                loose.append(self._loose(segment, unknown, kind))
            elif marks:
                says = marks[0] if len(marks) == 1 else pair.both(marks) if kind == "inclusion" else pair.mixed(marks)
                said.append(Pair(pair.NO, says.may) if unknown else says)
        self.left += left
        if not said:
            return pair.either(loose) if loose else None
        found = self._connected(text, kind, said, bool(left))
        if loose:
            found = pair.either([found, *loose]) if kind == "exclusion" else pair.both([found, OPEN])
        strong = self.words.strong.search(text) is not None
        if excepted is not None and strong and kind == "inclusion" and found.when == pair.YES:
            return OPEN  # what is let through but for something: who has that is not let through
        if excepted is not None and (kind == "exclusion" or strong or not all(part.stays for part in parts)):
            found = Pair(found.when, pair.YES) if kind == "inclusion" else Pair(pair.NO, found.may)
        return found

    def _loose(self, segment: str, unknown: list[str], kind: Kind) -> Pair:
        """An exclusion in words of illness alone is none for somebody who has no illness that it could mean."""
        if kind == "exclusion" and not any(self.words.hard.search(one) for one in (segment, *unknown)):
            return Pair(pair.NO, self.words.illness)
        return OPEN

    def _connected(self, text: str, kind: Kind, said: list[Pair], left: bool) -> Pair:
        joins = self._joins(text)
        if kind == "inclusion":
            if "or" not in joins:
                return pair.both(agreeing(said))
            other = left or _ASKED in text
            if not other and plain_or(text):
                return pair.either(said)
            return pair.mixed([*said, OPEN] if other else said) if len(said) > 1 or other else said[0]
        narrowed = "and" in joins and ("or" not in joins or _AND_HAS.search(text) is not None)
        return pair.mixed(said) if narrowed and len(said) > 1 and not _LISTED.search(text) else pair.either(said)

    def _joins(self, text: str) -> list[str]:
        """The joining words that stand between two things said: not those inside "histologically or cytologically confirmed"."""
        order = ITEM.findall(text)
        things = [
            place for place, word in enumerate(order) if word[0] in "¤§‡" or (word not in ("and", "or") and self._unknown(word))
        ]
        return [word for place, word in enumerate(order) if word in ("and", "or") and things and things[0] < place < things[-1]]

    def _unknown(self, segment: str) -> list[str]:
        """The words of a segment that carry meaning and were not understood."""
        found = []
        for word in _WORD.findall(MARKED.sub(" ", segment).replace(_ASKED, " ")):
            word = word.strip(".'-/")
            if word.endswith("-only") or (
                word and word not in self.words.filler and not all(one in self.words.filler for one in re.split(r"[-/]", word))
            ):
                found.append(word)
        return found


def _cut(text: str) -> list[str]:
    """The sentences of a text."""
    return [one.strip(" .;:") for one in _SENTENCE.split(text) if one and one.strip(" .;:")]
