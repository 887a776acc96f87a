"""Who is a child, and how old everybody is: one rule, for one person, for many, and in an export."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linewise.bulk import ingest
from linewise.columns import age as columns
from linewise.exchange import Codes
from linewise.exchange.fhir import read_fhir
from linewise.record import age

days = st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31))


@given(st.lists(st.tuples(days, days), min_size=1))
@example([(dt.date(2004, 2, 29), dt.date(2022, 2, 28)), (dt.date(2004, 2, 29), dt.date(2022, 3, 1))])
def test_columns_count_birthdays_as_one_person_does(pairs: list[tuple[dt.date, dt.date]]) -> None:
    frame = pl.DataFrame(pairs, {"born": pl.Date, "day": pl.Date}, orient="row")
    found = frame.select(columns.whole_years(pl.col("born"), pl.col("day"))).to_series().to_list()
    assert found == [age.whole_years(born, day) for born, day in pairs]


@pytest.mark.parametrize(
    ("day", "child"), [("2022-02-27", True), ("2022-02-28", True), ("2022-03-01", False), ("2024-02-29", False)]
)
def test_a_child_is_one_in_an_export_too(day: str, child: bool, tmp_path: Path, codes: Codes) -> None:
    """Born on a leap day, last seen the day before the eighteenth birthday is counted: bulk took this person for an adult."""
    cancer = {"coding": [{"system": "http://snomed.info/sct", "code": "254837009"}]}
    resources = [
        {"resourceType": "Patient", "id": "a", "birthDate": "2004-02-29"},
        {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/a"}, "code": cancer, "onsetDateTime": day},
    ]
    for resource in resources:
        (tmp_path / f"{resource['resourceType']}.ndjson").write_text(json.dumps(resource) + "\n")
    (alone,) = read_fhir(resources, "export", codes)
    many = ingest(tmp_path, tmp_path / "work", codes, progress=lambda text: None).whole().patients["scope"].to_list()
    assert [("a child" in (scope or "")) for scope in (alone.scope, *many)] == [child, child]
