"""The parameters of the grouping on the command line are those of the readers."""

from __future__ import annotations

import argparse
import re

import pytest

from linewise.cli.lines import OPTIONS, add_parameters, parameters_of
from linewise.errors import LinewiseError
from linewise.record.parameters import STANDARD, Parameters


def asked(*options: str) -> Parameters:
    parser = argparse.ArgumentParser()
    add_parameters(parser)
    return parameters_of(parser.parse_args(options))


def test_nothing_asked_is_what_plans_use() -> None:
    assert asked() == STANDARD


def test_what_is_asked_is_used() -> None:
    assert asked("--window", "0", "--gap", "120", "--grace", "7", "--no-stockpile") == Parameters(
        window=0, gap=120, grace=7, stockpile=False
    )


def test_the_help_names_what_is_usual() -> None:
    for name, text in OPTIONS.items():
        usual = re.search(r"\((\d+)\)$", text)
        assert (int(usual[1]) if usual else None) == getattr(STANDARD, name)


@pytest.mark.parametrize("days", ["-3", "x", "1e3", "9999999", "٣"])
def test_what_is_no_number_of_days_is_refused(days: str) -> None:
    with pytest.raises(SystemExit):
        asked("--gap", days)


def test_a_negative_time_is_refused() -> None:
    with pytest.raises(LinewiseError, match="gap is -1 days"):
        Parameters(gap=-1)
