"""Lengths of time as people say them. They are rounded, never exact: a range does not know days."""

from __future__ import annotations

_YEAR = 12
_MONTHS_UNTIL, _HALVES_FROM = 24, 120
"""Below two years in months, from ten years on in halves of a year."""


def span(months: float, words: dict[str, str], about: bool = True) -> str:
    """`about 14 months`, `about 4 years and 9 months`, `about 16 and a half years`; `about=False` for a time that was set, not found."""
    text = _words(months, words)
    return words["about"].format(span=text) if about else text


def _words(months: float, words: dict[str, str]) -> str:
    whole = max(round(months), 1)
    if months >= _HALVES_FROM:
        years, half = divmod(round(months / (_YEAR / 2)), 2)
        return words["half"].format(n=years) if half else _count(years, "year", words)
    if whole < _MONTHS_UNTIL:
        return _count(whole, "month", words)
    years, rest = divmod(whole, _YEAR)
    said = _count(years, "year", words)
    return words["joined"].format(years=said, months=_count(rest, "month", words)) if rest else said


def _count(n: int, unit: str, words: dict[str, str]) -> str:
    return words[unit] if n == 1 else words[f"{unit}s"].format(n=n)
