"""A wheel built from the repository carries the compiled knowledge and works in an empty folder, offline."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from places import ROOT

PROFILE = "sex: female\nage: 60\nmenopausal_status: postmenopausal\ner: {status: positive}\nher2: {ihc: '0'}\nmetastatic_sites: [bone]\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--no-index",
            "--wheel-dir",
            str(out),
            str(ROOT),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return next(out.glob("linewise-*.whl"))


def test_the_wheel_carries_the_knowledge_and_no_source_of_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "linewise/knowledge/compiled.msgpack" in names
    assert "linewise/bench/decisions.json.gz" in names
    assert "linewise/views/definitions/Observation.json" in names
    assert not [name for name in names if name.endswith(".yaml") and "/static/" not in name]


def test_it_works_in_an_empty_folder_offline(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, system_site_packages=False)
    site = next(home.glob("lib/python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    for package in ("msgspec", "yaml", "_yaml", "jinja2", "markupsafe"):  # what it depends on, from where this test runs
        found = [Path(path) / package for path in sys.path if (Path(path) / package).is_dir()]
        if found:
            (site / package).symlink_to(found[0])
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "me.yaml").write_text(PROFILE, encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "empty"),
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [str(home / "bin" / "python"), "-m", "linewise.cli", "plan", "me.yaml", "--region", "EU"],
        cwd=tmp_path / "empty",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "HR+/HER2-" in done.stdout
    assert "aromatase inhibitor" in done.stdout
