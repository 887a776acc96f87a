"""Small cells: what a report may say of how many people there are.

Hiding small counts alone does not hide them: a total less its other parts gives them back. So every count of people that leaves the program is
rounded as well, totals and parts each on their own, and everything else in a report (shares, widths, heights of curves) is worked out from the
rounded counts, never from the exact ones. A total less a part is then known to no more than the rounding of both, whatever other tables stand
beside it. The method is that of safe rounding in statistical disclosure control (Hundepool and others, Statistical Disclosure Control, Wiley
2012, chapter 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

LEAST = 11
"""Counts of people below this are not shown: a usual limit for what may leave a health system."""

_COARSE = 20
"""Up to this limit counts are rounded to 5, above it to 10."""


@dataclass(frozen=True)
class Cells:
    """How counts are shown. `least` is the smallest that is; with 1 everything is shown as it is, for the owner's own eyes."""

    least: int = LEAST

    @property
    def base(self) -> int:
        """What counts are rounded to."""
        return 1 if self.least <= 1 else 5 if self.least <= _COARSE else 10

    @property
    def exact(self) -> bool:
        """Whether counts are shown as they are."""
        return self.base == 1

    @property
    def first(self) -> int:
        """The smallest rounded count: no count below `least` hides behind it."""
        return -(-self.least // self.base) * self.base

    def shown(self, count: float) -> int | None:
        """A count as it may be shown: 0, rounded, or None where it is small. Halves go up."""
        if count <= 0:
            return 0
        if count < self.least:
            return None
        return max(self.first, int((count + self.base / 2) // self.base) * self.base)

    def text(self, count: float | None) -> str:
        """A count in words: `1,235`, or `<11`. None is one that is hidden already."""
        kept = None if count is None else self.shown(count)
        return f"<{self.least}" if kept is None else f"{kept:,}"

    def column(self, name: str) -> pl.Expr:
        """The same as `shown`, for a column."""
        count, half = pl.col(name).cast(pl.Int64), self.base // 2
        rounded = pl.max_horizontal(pl.lit(self.first, dtype=pl.Int64), (count + half) // self.base * self.base)
        return pl.when(count <= 0).then(pl.lit(0, dtype=pl.Int64)).when(count >= self.least).then(rounded).alias(name)

    def table(self, frame: pl.DataFrame, counts: Sequence[str], rest: Sequence[str] = ()) -> pl.DataFrame:
        """A table with every count as it may be shown, null where it is hidden; `rest` goes with a hidden count of its row."""
        if not counts:
            return frame
        hidden = pl.any_horizontal(*((pl.col(name) > 0) & (pl.col(name) < self.least) for name in counts)).fill_null(False)
        rest_of = [pl.when(hidden).then(None).otherwise(pl.col(name)).alias(name) for name in rest]
        return frame.with_columns(*(self.column(name) for name in counts), *rest_of)

    def share(self, part: int | None, whole: int | None) -> float | None:
        """The percentage that follows from two counts as they are shown; None where one of them is hidden."""
        return None if part is None or not whole else round(min(part / whole, 1.0) * 100, 1)
