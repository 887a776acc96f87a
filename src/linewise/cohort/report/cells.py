"""Small cells: what a report may say of how many people there are.

Hiding small counts alone does not hide them: a total less its other parts gives them back. So every count of people that leaves the program stands
for a whole step, totals and parts each on their own: 15 for 11 to 20, 25 for 21 to 30, and `<11` for the first step. Everything else in a report
(shares, widths, heights of curves) is worked out from these, never from the exact counts.

The steps are as wide as the range of the hidden counts and begin where it does. A total less one part then tells of a hidden count no more than that
it is hidden: of 1 to 10 at least 1 to 9 stay possible, whichever of several margins is taken. (With finer steps, as rounding to the nearest 5, an
attacker who puts several margins together finds exact counts; the tests did.) The method is midpoint rounding, as in OpenSAFELY's rules for what may
leave (https://www.opensafely.org/updated-output-checking-processes/), with steps as wide as what is hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

LEAST = 11
"""Counts of people below this are not shown: a usual limit for what may leave a health system."""


@dataclass(frozen=True)
class Cells:
    """How counts are shown. `least` is the smallest that is; with 1 everything is shown as it is, for the owner's own eyes."""

    least: int = LEAST

    @property
    def step(self) -> int:
        """How many counts stand behind each that is shown."""
        return max(self.least - 1, 1)

    @property
    def exact(self) -> bool:
        """Whether counts are shown as they are."""
        return self.least <= 1

    @property
    def first(self) -> int:
        """The smallest count other than 0 that is shown."""
        return 1 if self.exact else self.step + (self.step + 1) // 2

    def shown(self, count: float) -> int | None:
        """A count as it may be shown: 0, the middle of its step, or None where it is small. What is no whole number counts as the next below."""
        whole = int(count)
        if whole <= 0:
            return 0
        if self.exact:
            return whole
        if whole < self.least:
            return None
        return (whole - 1) // self.step * self.step + (self.step + 1) // 2

    def text(self, count: float | None) -> str:
        """A count in words: `1,235`, or `<11`. None is one that is hidden already."""
        kept = None if count is None else self.shown(count)
        return f"<{self.least}" if kept is None else f"{kept:,}"

    def column(self, name: str) -> pl.Expr:
        """The same as `shown`, for a column."""
        count, zero = pl.col(name).cast(pl.Int64), pl.lit(0, dtype=pl.Int64)
        middle = count if self.exact else (count - 1) // self.step * self.step + (self.step + 1) // 2
        return pl.when(count <= 0).then(zero).when(count >= self.least).then(middle).alias(name)

    def table(self, frame: pl.DataFrame, counts: Sequence[str], rest: Sequence[str] = ()) -> pl.DataFrame:
        """A table with every count as it may be shown, null where it is hidden; `rest` goes with a hidden count of its row.

        Where nothing of a row can be shown, that it has a 0 is hidden too: many small parts of a small whole would each be known to be 1.
        """
        if not counts:
            return frame
        small = [(pl.col(name) > 0) & (pl.col(name) < self.least) for name in counts]
        hidden = pl.any_horizontal(*small).fill_null(False)
        dark = hidden & ~pl.any_horizontal(*(pl.col(name) >= self.least for name in counts)).fill_null(False)
        shown = [pl.when(dark).then(None).otherwise(self.column(name)).alias(name) for name in counts]
        return frame.with_columns(*shown, *(pl.when(hidden).then(None).otherwise(pl.col(name)).alias(name) for name in rest))

    def share(self, part: int | None, whole: int | None) -> float | None:
        """The percentage that follows from two counts as they are shown; None where one of them is hidden."""
        return None if part is None or not whole else round(min(part / whole, 1.0) * 100, 1)
