"""A region is data: what decides there, what blocks, whose statements hold there. Adding one touches no code."""

from __future__ import annotations

import datetime as dt
import shutil

import polars as pl
import pytest

import linewise
from linewise.columns import events as model
from linewise.columns.decide import Matrix
from linewise.exchange import codes_of
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.knowledge.check import check_folder
from linewise.knowledge.coverage import markdown
from linewise.knowledge.store import opened
from linewise.plan import make_plan
from places import ROOT

DAY = dt.date(2026, 11, 30)
PROFILE = {"sex": "female", "age": 60, "menopausal_status": "postmenopausal", "er": {"status": "positive"}, "her2": {"ihc": "0"},
           "metastatic_sites": ["bone"], "metastatic_lines": [], "region": "CH"}  # fmt: skip
SWITZERLAND = """
CH: {label: Switzerland, short: Switzerland, decides: [approved, recommended], blocks: [withdrawn]}
LI: {label: Liechtenstein, short: Liechtenstein, also: [CH], decides: [approved, recommended], blocks: [withdrawn]}
"""
STATEMENT = "  - {body: Swissmedic, region: CH, since: 2018-02, says: approved, source: fda-ribociclib-2024}\n"
OPTION = "ribociclib-aromatase-inhibitor"


@pytest.fixture(scope="module")
def alps(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Knowledge:
    """The medicine of this checkout with two more regions, by two edits of its files."""
    root = tmp_path_factory.mktemp("alps") / "knowledge"
    shutil.copytree(ROOT / "knowledge", root)
    with (root / "regions.yaml").open("a") as file:
        file.write(SWITZERLAND)
    (option,) = root.rglob(f"{OPTION}.yaml")
    text = option.read_text(encoding="utf-8")
    source = next(iter(knowledge.treatments[OPTION].standing[0].source))
    option.write_text(
        text.replace("standing:\n", "standing:\n" + STATEMENT.replace("fda-ribociclib-2024", source)), encoding="utf-8"
    )
    assert check_folder(root)[0] == []
    return opened(root)


def test_a_new_region_answers_by_its_own_policy_and_has_its_column_and_its_name(alps: Knowledge) -> None:
    codes, records = codes_of(alps), []
    for region in ("CH", "LI"):
        record = read_profile(PROFILE | {"region": region}, region, codes)
        assert record.unread == [] and record.region == region
        plan = make_plan(record, alps, DAY)
        assert plan.status(OPTION) == "suitable", region
        assert {one.id for one in plan.offered if one.kind == "systemic"} == {OPTION}, region
        records.append(record)
    matrix = Matrix(alps, DAY, None)
    table = matrix.status(matrix.table(model.of_records(records))).select(pl.col(OPTION).cast(pl.String)).collect()
    assert table[OPTION].to_list() == ["suitable", "suitable"]
    assert "| Option | US | EU | UK | DE | CH | LI | Trials |" in markdown(alps)
    assert [alps.content.regions[name].label for name in alps.around("LI")] == ["Liechtenstein", "Switzerland"]


def test_who_decides_and_what_holds_where_is_as_the_policy_says(knowledge: Knowledge) -> None:
    for treatment in knowledge.treatments.values():
        for one in treatment.standing:
            assert ("DE" in one.where) is bool({"DE", "EU"} & set(one.region))
            assert ("UK" in one.deciding) is ("UK" in one.region and one.says in ("recommended", "established"))
            assert ("US" in one.deciding) is ("US" in one.region and one.says in ("approved", "recommended", "established"))
            assert one.blocking == (one.where if one.says in ("not-recommended", "withdrawn") else ())


def test_a_region_that_nobody_knows_is_refused(knowledge: Knowledge) -> None:
    record = read_profile(PROFILE | {"region": "US"}, "me", codes_of(knowledge))
    with pytest.raises(linewise.LinewiseError, match="there is no region `CH`; choose US, EU, UK, DE"):
        make_plan(record, knowledge, DAY, "CH")
    with pytest.raises(linewise.LinewiseError, match="there is no region `CH`"):
        Matrix(knowledge, DAY, "CH")
    with pytest.raises(linewise.LinewiseError, match='region: "CH" is not one of "US", "EU", "UK", "DE"'):
        read_profile(PROFILE, "me", codes_of(knowledge))
