"""How many people, or runs, a comparison takes: a sample that notices the fault in `make test`, the whole in `make verify`."""

from __future__ import annotations

from typing import Any

import pytest


def sizes(sample: Any, whole: Any) -> list[Any]:
    """The two sizes of one test or fixture, for `parametrize` or `params`."""
    return [pytest.param(sample, id=f"sample {sample}"), pytest.param(whole, id=f"whole {whole}", marks=pytest.mark.slow)]
