"""Build hook: a wheel carries the compiled knowledge, so that it works in an empty folder, offline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compile `knowledge/` into the package. Editable installs read the folder itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        from linewise.knowledge.load import load
        from linewise.knowledge.store import write

        artefact = root / "build" / "compiled.msgpack"
        write(load(root / "knowledge"), artefact)
        build_data["force_include"][str(artefact)] = "linewise/knowledge/compiled.msgpack"
