"""`python scripts/release.py [--to FOLDER] [--sign minisign]`: make a release of the commit that is checked out, and prove it.

It builds the wheel twice from two fresh copies of the commit with other file times and compares the bytes, installs the wheel with its extras into an empty
environment and lets it make a plan, and writes beside the wheel: the bill of materials (`sbom.json`, CycloneDX), the licences of everything installed
(`licences.md`), and `SHA256SUMS`. With `--sign minisign` the sums are signed by the maintainer's own key, which never lies in the repository.
docs/releasing.md says how to check a release.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTRAS = ("clinic", "cohort", "omop", "pdf", "read", "web")
BUILD_TIMES = (1_000_000_000, 1_500_000_000)
"""Times given to the files of the two copies, in seconds since 1970: a build that depends on them is not reproducible."""


class Failed(Exception):
    """A step of the release that did not hold, in words for the maintainer."""


def run(*command: str | Path, cwd: Path | None = None, quiet: bool = True) -> str:
    """The output of a command; `Failed` with its last lines where it ends with an error."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command[:4]))} …: {(done.stderr or done.stdout).strip()[-2000:]}")
    if not quiet:
        print(done.stdout, end="")
    return done.stdout


def copied(root: Path, to: Path, moment: int) -> Path:
    """A fresh copy of the commit, every file with the same time."""
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=root, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(to, filter="data")
    for path in sorted(to.rglob("*")):
        os.utime(path, (moment, moment))
    return to


def built(copy: Path, out: Path) -> Path:
    """The wheel of a copy."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out, cwd=copy)
    (wheel,) = out.glob("*.whl")
    return wheel


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wheel_of(root: Path, out: Path) -> Path:
    """The wheel of a commit, built twice; `Failed` where the two differ."""
    with tempfile.TemporaryDirectory() as place:
        found = []
        for number, moment in enumerate(BUILD_TIMES):
            copy = copied(root, Path(place, f"copy{number}"), moment)
            found.append(built(copy, Path(place, f"out{number}")))
        if found[0].read_bytes() != found[1].read_bytes():
            raise Failed("two builds of this commit differ: something depends on the time, the place or the order of files")
        out.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(found[0], out))


def environment(wheel: Path, to: Path) -> Path:
    """An empty environment with the wheel and all that its extras need, in the versions of requirements.lock. Its Python."""
    run(sys.executable, "-m", "venv", to)
    python = to / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    names = f"{wheel.resolve()}[{','.join(EXTRAS)}]"
    run(sys.executable, "-m", "uv", "pip", "install", "--python", python, "--constraint", plain_lock(to), names)
    return python


def plain_lock(folder: Path) -> Path:
    """requirements.lock as constraints: pip and uv take no hashes there."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line.removesuffix(" \\") for line in lines if line and not line.startswith((" ", "#"))]
    path = folder / "constraints.txt"
    path.write_text("\n".join(pins) + "\n", encoding="utf-8")
    return path


def tried(python: Path) -> None:
    """The installed wheel makes a plan in an empty folder."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(ROOT / "examples" / "anna.json", place)
        run(python, "-m", "linewise", "plan", "anna.json", "--region", "EU", cwd=Path(place))


def bill(python: Path, out: Path) -> Path:
    """The bill of materials of an environment, in CycloneDX."""
    path = out / "sbom.json"
    command = ("environment", "--output-reproducible", "--pyproject", ROOT / "pyproject.toml", "--of", "JSON", "-o", path, python)
    run(sys.executable, "-m", "cyclonedx_py", *command)
    return path


def licences(sbom: Path, out: Path) -> Path:
    """A table of what is installed and under which licence; one that names none is said so."""
    rows = ["| Package | Version | Licence |", "|---|---|---|"]
    for part in sorted(json.loads(sbom.read_text(encoding="utf-8"))["components"], key=lambda part: part["name"].lower()):
        said = {_licence(one) for one in part.get("licenses", ())} - {""}
        rows.append(f"| {part['name']} | {part.get('version', '')} | {'; '.join(sorted(said)) or 'none named'} |")
    path = out / "licences.md"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def _licence(entry: dict[str, object]) -> str:
    if "expression" in entry:
        return str(entry["expression"])
    named = entry.get("license")
    if not isinstance(named, dict):
        return ""
    text = str(named.get("id") or named.get("name") or "").strip()
    return text.splitlines()[0] if text else ""


def sums(out: Path, files: Sequence[Path]) -> Path:
    path = out / "SHA256SUMS"
    path.write_text("".join(f"{sha256(one)}  {one.name}\n" for one in sorted(files)), encoding="utf-8")
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--to", type=Path, default=ROOT / "dist", metavar="FOLDER", help="where the files go (default: dist)")
    parser.add_argument("--sign", choices=["minisign"], help="sign SHA256SUMS with this program and the key that it finds")
    asked = parser.parse_args(arguments)
    try:
        if run("git", "status", "--porcelain", cwd=ROOT).strip():
            raise Failed("there are changes that are not committed: a release is made of a commit")
        print("1 of 4: two builds")
        wheel = wheel_of(ROOT, asked.to)
        with tempfile.TemporaryDirectory() as place:
            print("2 of 4: installed into an empty environment, and tried")
            python = environment(wheel, Path(place))
            tried(python)
            print("3 of 4: bill of materials and licences")
            sbom = bill(python, asked.to)
        listed = licences(sbom, asked.to)
        print("4 of 4: sums")
        total = sums(asked.to, [wheel, sbom, listed])
        if asked.sign:
            run("minisign", "-S", "-m", total)
        print(
            f"In {asked.to}: {', '.join(sorted(one.name for one in asked.to.iterdir()))}{'' if asked.sign else ' (not signed)'}"
        )
    except Failed as fault:
        print(f"no release: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
