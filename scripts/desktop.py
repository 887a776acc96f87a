"""Build the desktop program: one folder that runs without Python, by PyInstaller.

    python scripts/desktop.py [FOLDER]        the folder `linewise` is made in it (dist/desktop)

The program is for the system that it is built on. Recipes for each system: docs/desktop.md.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("linewise.cli", "linewise.web", "linewise.journal", "linewise.papers", "linewise.reading", "linewise.trials", "linewise.sequence", "linewise.outlook", "linewise.plan", "linewise.exchange", "uvicorn")  # fmt: skip
"""Packages whose modules are loaded by name, or only when they are asked for."""
DATA = ("linewise.web",)
"""Packages whose files are needed beside their code: templates, styles, scripts, pictures."""
LEFT_OUT = (
    "polars",
    "duckdb",
    "pyarrow",
    "pyspark",
    "pandas",
    "numpy",
    "scipy",
    "matplotlib",
    "mcp",
    "sqlalchemy",
    "alembic",
    "psycopg",
    "pytest",
    "hypothesis",
    "lifelines",
    "weasyprint",
    "playwright",
    "tkinter",
)
"""What the app of a person never loads."""


def build(folder: Path) -> Path:
    """Make the program in a folder; returns the file that starts it. Raises CalledProcessError where PyInstaller fails."""
    sys.path.insert(0, str(ROOT / "src"))
    from linewise.knowledge.load import load
    from linewise.knowledge.store import write

    with tempfile.TemporaryDirectory() as work:
        artefact = Path(work) / "compiled.msgpack"
        write(load(ROOT / "knowledge"), artefact)
        command = [
            sys.executable, "-m", "PyInstaller", str(ROOT / "desktop" / "start.py"), "--name", "linewise", "--noconfirm", "--windowed", "--log-level", "ERROR",
            "--distpath", str(folder), "--workpath", str(Path(work) / "work"), "--specpath", work, "--paths", str(ROOT / "src"),
            "--add-data", f"{artefact}:linewise/knowledge",
        ]  # fmt: skip
        for name in PARTS:
            command += ["--collect-submodules", name]
        for name in DATA:
            command += ["--collect-data", name]
        for name in LEFT_OUT:
            command += ["--exclude-module", name]
        subprocess.run(command, check=True, env=_environment())
    return folder / "linewise" / ("linewise.exe" if sys.platform == "win32" else "linewise")


def _environment() -> dict[str, str]:
    import os

    return os.environ | {"PYTHONPATH": str(ROOT / "src")}


def main() -> int:
    """Build, and say where it is."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist" / "desktop"
    print(f"made: {build(folder)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
