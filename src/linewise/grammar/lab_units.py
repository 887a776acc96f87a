"""Units and printed limits of measurements: which unit stands here, what a value is in the fact's own unit, which limit is printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from linewise.phrases.lexicon import Words
from linewise.phrases.tokens import Token, folded, number


class LabUnits:
    """The units of `knowledge/reading/units.yaml`, looked for among words."""

    def __init__(self, words: Words) -> None:
        self.listed = words.listed
        self.facts: Mapping[str, Mapping[str, Any]] = words.of("units")["units"]
        written = frozenset(unit for about in self.facts.values() for unit in about["write"])
        self.known = written | self.listed("labs.other-units")

    def at(self, tokens: list[Token], first: int, stop: int) -> tuple[str, int]:
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
            if plain in self.known:
                best, end = plain, at + 1
            if token.text in ",;)":
                break
        return best, end

    def within(self, tokens: list[Token], inside: list[int]) -> tuple[str, int]:
        for index in inside:
            unit, end = self.at(tokens, index, inside[-1] + 1)
            if unit and folded(unit) not in self.listed("labs.thousands"):
                return unit, end
        return "", 0

    def limits(self, tokens: list[Token], first: int, stop: int, value: float) -> tuple[float | None, float | None]:
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

    def looks_range(self, tokens: list[Token], inside: list[int]) -> bool:
        texts = [tokens[i].text for i in inside]
        numbers = [i for i in inside if tokens[i].kind == "n"]
        return (len(numbers) == 2 and any(sign in texts for sign in ("-", "–", "—"))) or (
            bool(numbers) and texts[0] in ("<", ">", "≤", "≥", "(", "[")
        )

    def percent_beside(self, tokens: list[Token], first: int, stop: int) -> tuple[float, int] | None:
        for at in range(first, stop):
            if tokens[at].kind == "n" and at + 1 < len(tokens) and tokens[at + 1].text == "%":
                value = number(tokens[at])
                return (value, at + 2) if value is not None else None
            if tokens[at].text in ";":
                return None
        return None

    def converted(self, fact: str, value: float, unit: str) -> float | None:
        about = self.facts[fact]
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
