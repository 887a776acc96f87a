"""A small invented medicine for tests of the record room: names that no clinic uses, so that nothing depends on knowledge/."""

from __future__ import annotations

from pathlib import Path

import pytest

from linewise.knowledge import Knowledge
from linewise.knowledge.load import load

FILES = {
    "facts/all.yaml": """
- {id: metastatic, label: metastatic, type: yes-no, stays: true}
- {id: age, label: age, type: number, unit: a, range: [0, 120]}
- {id: line, label: line, type: number, range: [1, 40]}
- {id: disease-free-interval, label: interval, type: number, range: [0, 600]}
- {id: marker, label: marker, type: choice, use: metastasis-first, values: {positive: {label: positive}, negative: {label: negative}}}
- {id: pump, label: pump, type: number, unit: "%", range: [0, 100], current-for: 6 months}
- {id: pump-before, label: earlier pump, type: number, unit: "%", range: [0, 100], earlier: pump}
- {id: count, label: count, type: number, range: [0, 100], use: highest}
- {id: expecting, label: expecting a child, type: yes-no, silence: none}
- {id: sites, label: sites, type: set, values: {bone: {label: bone}, liver: {label: liver, is: [inner]}}}
- {id: comorbidities, label: illnesses, type: set, silence: none, values: {gout: {label: gout}, asthma: {label: asthma}}}
- {id: symptoms, label: symptoms, type: set, silence: none, standing-after: 3 days, values: {fever: {label: fever}, cough: {label: cough}}}
""",
    "effects/rash.yaml": "{id: rash, label: rash, also: [dermatitis]}",
    "effects/cough.yaml": "{id: cough, label: cough}",
    "classes/all.yaml": """
- {id: blocker, label: blocker, makes-line: true, swaps: true}
- {id: hormone, label: hormone, makes-line: true, maintains: [poison]}
- {id: poison, label: poison, makes-line: true}
- {id: companion, label: companion, joins-line: true}
- {id: bone-drug, label: bone drug}
""",
    **{
        f"drugs/{name}.yaml": f"{{id: {name}, label: {name}, classes: [{kind}]}}"
        for name, kind in {
            "alfa": "blocker", "bravo": "blocker", "hotel": "hormone", "india": "hormone", "papa": "poison",
            "quebec": "poison", "charlie": "companion", "bonafide": "bone-drug",
        }.items()
    },
}  # fmt: skip


@pytest.fixture(scope="session")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    root: Path = tmp_path_factory.mktemp("knowledge")
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Knowledge(load(root))
