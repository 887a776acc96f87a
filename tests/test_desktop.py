"""The desktop program, built and started as a person would: no Python, no terminal, an empty home folder."""

from __future__ import annotations

import re
import subprocess
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import desktop
import pytest


@pytest.mark.slow
def test_it_starts_in_an_empty_home_and_shows_the_first_page(tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller", reason="PyInstaller is not installed (group dev)")
    program = desktop.build(tmp_path / "made")
    home = tmp_path / "home"
    home.mkdir()
    surroundings = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LINEWISE_NO_BROWSER": "1"}
    with subprocess.Popen([program], stdout=subprocess.PIPE, text=True, env=surroundings, cwd=home) as running:
        try:
            assert running.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+/\?key=\S+", running.stdout.readline())
            assert found is not None
            opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
            _opened(opener, found[0])  # the key of the address is exchanged for a cookie
            page = _opened(opener, found[0].partition("?")[0])
        finally:
            running.terminate()
    assert "Linewise" in page
    assert "Try the example" in page


def _opened(opener: urllib.request.OpenerDirector, address: str) -> str:
    """The page at an address, once the program listens."""
    for _ in range(100):
        try:
            with opener.open(address) as answer:
                return str(answer.read().decode())
        except OSError:
            time.sleep(0.3)
    raise AssertionError("the program never answered")


def test_what_is_left_out_is_nothing_that_the_app_of_a_person_loads() -> None:
    """Modules of the app that need a left-out package would break only in the built program."""
    loaded = subprocess.run(
        [desktop.sys.executable, "-c", "import sys, linewise.web.app, linewise.cli.serve; print('\\n'.join(sys.modules))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert not {name.partition(".")[0] for name in loaded} & set(desktop.LEFT_OUT)
