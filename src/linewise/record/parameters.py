"""What the grouping into lines leaves to the researcher: every number that it uses, by name, with where it comes from."""

from __future__ import annotations

import msgspec

from linewise.errors import LinewiseError


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of the grouping, in days. The defaults are what plans use; a study may set its own.

    - `window`: agents begun within this time of the first are one regimen. 28 days, one usual cycle, as in the claims rules of Meng et al.
      (J Biomed Inform 2019;100:103335; `r_window` of their program).
    - `maintenance`: maintenance begins within this time of the end of what it follows. A choice of this project.
    - `grace`: how long after a supply has run out the next is still awaited. 30 days, the persistence window of OMOP's drug eras
      (OMOP CDM 5.4, table DRUG_ERA). What hangs on it: Gardarsdottir et al., J Clin Epidemiol 2010;63:422-427.
    - `pack`: how long what was handed over once may last where nobody says: three months, the usual longest pack. A choice of this project.
    - `gap`: a pause of everything that is longer begins a new line, as rules for claims have it (`l_disgap` of Meng et al.).
      None, the default: a pause never does, after the framework of Saini and Twelves.
    - `stockpile`: whether what is left of a supply that was handed over adds to the next. OMOP's drug eras take it as thrown away (DRUG_ERA,
      gap_days); two packs handed over on one day are then one.
    """

    window: int = 28
    maintenance: int = 90
    grace: int = 30
    pack: int = 90
    gap: int | None = None
    stockpile: bool = True

    def __post_init__(self) -> None:
        for name in ("window", "maintenance", "grace", "pack", "gap"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise LinewiseError(f"{name} is {value} days; it cannot be less than 0")

    @property
    def recent(self) -> int:
        """How long a drug given on single days may still be going on after the last: one cycle, and the delay that is allowed."""
        return self.window + self.grace

    def words(self) -> str:
        """As a report says them."""
        pause = "no longest pause" if self.gap is None else f"pauses up to {self.gap}"
        stock = "" if self.stockpile else ", supplies not added up"
        return f"a window of {self.window} days, {self.maintenance} to maintenance, {self.grace} of grace, {pause}{stock}"


STANDARD = Parameters()
"""The parameters of every plan."""
