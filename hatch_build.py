"""Build hook: a wheel carries the compiled knowledge and the set of decisions, so that it works in an empty folder, offline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compile `knowledge/` and `tests/cases/` into the package. Editable installs read the folders themselves."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        from linewise.bench.decisions import made, packed
        from linewise.knowledge import Knowledge
        from linewise.knowledge.load import load
        from linewise.knowledge.store import write

        artefact = root / "build" / "compiled.msgpack"
        content = load(root / "knowledge")
        write(content, artefact)
        build_data["force_include"][str(artefact)] = "linewise/knowledge/compiled.msgpack"

        decisions = root / "build" / "decisions.json.gz"
        decisions.write_bytes(packed(made(root / "tests" / "cases", Knowledge(content))))
        build_data["force_include"][str(decisions)] = "linewise/bench/decisions.json.gz"
