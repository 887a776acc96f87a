"""The desktop program: the app in the browser, started by a double click, without a terminal.

It takes the first port that is free and opens the browser. What cannot be told in a terminal is written to `linewise.log` in the folder of the records.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import traceback

from linewise.cli.serve import PORT, data_folder, serve
from linewise.errors import LinewiseError


def main() -> int:
    """Run the app until it is closed; returns the exit status."""
    folder = data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    log = open(folder / "linewise.log", "a", encoding="utf-8", buffering=1)  # noqa: PTH123, SIM115  open as long as the program runs
    if sys.stdout is None or sys.stderr is None:  # a program with a window has neither
        sys.stdout = sys.stderr = log
    options = argparse.Namespace(port=free_port(), no_browser=bool(os.environ.get("LINEWISE_NO_BROWSER")))
    try:
        return serve(options)
    except LinewiseError as error:
        print(f"linewise: {error}", file=log)
    except Exception:
        traceback.print_exc(file=log)
    return 1


def free_port() -> int:
    """The usual port, or another where something else has it."""
    for port in (PORT, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return PORT


if __name__ == "__main__":
    sys.exit(main())
