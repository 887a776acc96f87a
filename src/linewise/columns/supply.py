"""What was known of each administration on a day, for everybody at once: `record.supply` as columns."""

from __future__ import annotations

import datetime as dt

import polars as pl

from linewise.record.parameters import Parameters

_DRUG = ["patient", "drug"]
_DAY = dt.timedelta(days=1)


def known_on(given: pl.DataFrame, grown: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """The rows known by their `day`, in their order, with `supply`, `end` and `ongoing` as worked out, and `open`.

    `grown` has the last progression known of each person: `patient`, `grown`.
    """
    given = given.filter(~pl.col("planned") & (pl.col("start").is_null() | (pl.col("start") <= pl.col("day"))))
    given = _as_of(given).join(grown, on="patient", how="left", maintain_order="left").with_row_index("row")
    given = given.with_columns(_stopped_on().alias("stop"))
    if given["supply"].null_count() < given.height:
        given = _supplied(given, parameters)
    single = (
        pl.col("supply").is_null() & pl.col("ongoing").is_null() & pl.col("stopped_for").is_null() & pl.col("start").is_not_null()
        & (pl.col("end").is_null() | (pl.col("end") == pl.col("start")))
    )  # fmt: skip
    return _opened(given.with_columns(single.alias("open"))).drop("row", "stop")


def _opened(given: pl.DataFrame) -> pl.DataFrame:
    """Of the single days those behind which neither a stop nor a supply of the drug is recorded."""
    if not given["open"].any():
        return given
    asked = given.filter("open").select(_DRUG).unique()
    last = given.join(asked, on=_DRUG, how="semi").group_by(_DRUG).agg(
        pl.col("stop").max().alias("last_stop"),
        pl.col("start").filter(pl.col("supply").is_not_null()).max().alias("last_supply"),
    )  # fmt: skip
    after = (pl.col("start") > pl.col("last_stop")).fill_null(True) & (pl.col("start") >= pl.col("last_supply")).fill_null(True)
    given = given.join(last, on=_DRUG, how="left", maintain_order="left")
    return given.with_columns(pl.col("open") & after).drop("last_stop", "last_supply")


def _as_of(given: pl.DataFrame) -> pl.DataFrame:
    """What ended later was going on. A supply counts where nothing better is said."""
    supply, said = pl.col("supply").is_not_null(), pl.col("ongoing").is_not_null() | pl.col("stopped_for").is_not_null()
    clear = supply & ~said & pl.col("start").is_not_null() & pl.col("end").is_not_null()
    sound = clear & (pl.col("start") <= pl.col("end"))
    unsure = supply & ((pl.col("ongoing").fill_null(False)) | pl.col("start").is_null() | (clear & ~sound.fill_null(False)))
    sound = sound.fill_null(False)
    given = given.with_columns(
        pl.when(sound).then(pl.col("supply")).alias("supply"), pl.when(~unsure).then(pl.col("end")).alias("end")
    )
    later = (pl.col("supply").is_null() & (pl.col("end") > pl.col("day"))).fill_null(False)
    return given.with_columns(
        pl.when(~later).then(pl.col("end")).alias("end"),
        pl.when(later).then(True).otherwise(pl.col("ongoing")).alias("ongoing"),
        pl.when(~later).then(pl.col("stopped_for")).alias("stopped_for"),
    )


def _stopped_on() -> pl.Expr:
    """The day from which the drug is said not to have been given any more."""
    said = pl.col("stopped_for").is_not_null() | ~pl.col("ongoing")
    return (
        pl.when(pl.col("supply").is_not_null() | pl.col("ongoing").fill_null(False)).then(None)
        .when(said.fill_null(False)).then(pl.coalesce("end", "start"))
        .when(pl.col("end").ne_missing(pl.col("start"))).then(pl.col("end"))
    )  # fmt: skip


def _supplied(given: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """Each supply until the next or until it ran out; of those only asked for, where others were handed over, only that they began."""
    supplies = given.filter(pl.col("supply").is_not_null()).sort(*_DRUG, "start", "end", "place", maintain_order=True)
    handed = (pl.col("supply") == "dispensed").any().over(_DRUG)
    supplies = supplies.with_columns(handed.alias("handed"))
    counted = supplies.filter(~pl.col("handed") | (pl.col("supply") == "dispensed"))
    length = (pl.col("end") - pl.col("start")).dt.total_days()
    whole = (length + 1).cum_sum()
    start = pl.col("start").to_physical().cast(pl.Int64)
    # What is left adds up: the last of all the days on which one may have begun, with everything handed over since.
    stocked = (whole + (start - whole + length + 1).cum_max() - 1).over(_DRUG)
    plain = (start + length).cum_max().over(_DRUG)
    stock = pl.col("handed") if parameters.stockpile else pl.lit(False)
    covered = pl.when(stock).then(stocked).otherwise(plain).cast(pl.Int32).cast(pl.Date)
    counted = counted.with_columns(covered.alias("covered"), pl.col("start").shift(-1).over(_DRUG).alias("after"))
    stops = given.filter(pl.col("stop").is_not_null()).select(*_DRUG, pl.col("stop").alias("halt"))
    halts = (
        counted.filter(pl.col("after").is_null()).select("row", *_DRUG, "start").join(stops, on=_DRUG)
        .filter(pl.col("halt") >= pl.col("start")).group_by("row").agg(pl.col("halt").min())
    )  # fmt: skip
    counted = counted.join(halts, on="row", how="left", maintain_order="left")
    last = pl.col("after").is_null()
    grew = (pl.col("grown") > pl.col("start")).fill_null(False)
    awaited = (pl.col("day") - pl.col("covered")).dt.total_days() <= parameters.grace
    bridged = (pl.col("after") - pl.col("covered")).dt.total_days() - 1 <= parameters.grace
    end = (
        pl.when(~last & bridged).then(pl.col("after"))
        .when(~last).then(pl.col("covered"))
        .when(pl.col("halt").is_not_null()).then(pl.min_horizontal("covered", "halt"))
        .when(grew & (pl.col("covered") > pl.col("day"))).then(None)
        .when(~grew & awaited).then(None)
        .otherwise(pl.col("covered"))
    )  # fmt: skip
    going = last & pl.col("halt").is_null() & ~grew & awaited
    counted = counted.select(
        "row", end.alias("new_end"), pl.when(going).then(True).alias("new_ongoing"), pl.col("supply").alias("new_supply")
    )
    silent = supplies.join(counted, on="row", how="anti").select(
        "row",
        pl.lit(None, dtype=pl.Date).alias("new_end"),
        pl.lit(False).alias("new_ongoing"),
        pl.lit(None, dtype=pl.String).alias("new_supply"),
    )
    told = pl.concat([counted, silent]).with_columns(pl.lit(True).alias("told"))
    given = given.join(told, on="row", how="left", maintain_order="left")
    return given.with_columns(
        pl.when("told").then(pl.col(f"new_{name}")).otherwise(pl.col(name)).alias(name) for name in ("end", "ongoing", "supply")
    ).drop("new_end", "new_ongoing", "new_supply", "told")
