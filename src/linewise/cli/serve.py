"""`linewise serve`: the app for people, on this computer only."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from linewise.errors import LinewiseError

from .arguments import command

PORT = 8757


def add(commands: Any) -> None:
    """Add `serve`."""
    parser = command(
        commands,
        "serve",
        "the app in your browser: plan, diary, visit sheet, all on this computer",
        "  linewise serve\n  linewise serve --port 9000 --no-browser",
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"the port on 127.0.0.1 ({PORT})")
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")
    parser.set_defaults(run=serve)


def data_folder() -> Path:
    """Where everything is kept: the user's own data folder, by the XDG rules."""
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "share") / "linewise"


def serve(options: argparse.Namespace) -> int:
    """Run the app until it is stopped."""
    try:
        import uvicorn

        from linewise.web.app import create_app
        from linewise.web.door import new_key
    except ModuleNotFoundError as missing:
        raise LinewiseError(
            f"the app needs {missing.name}; install Linewise with its web extra: pip install 'linewise[web]'"
        ) from None
    from linewise.knowledge import open_knowledge

    port: int = options.port
    check_free(port, "linewise serve --port N")
    hosts = [f"127.0.0.1:{port}", f"localhost:{port}"]
    key = new_key()
    app = create_app(open_knowledge(), data_folder(), hosts, key=key, port=port)
    address = f"http://127.0.0.1:{port}/?key={key}"
    print(
        f"Linewise is open at {address}\nThe address is for you alone: its key lets you in. Everything stays on this computer. Stop it with Ctrl+C.",
        flush=True,
    )
    if not options.no_browser:
        _open_browser(address)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="warning", access_log=False, server_header=False, lifespan="off"
    )
    uvicorn.Server(config).run()
    return 0


def check_free(port: int, again: str, host: str = "127.0.0.1") -> None:
    """Whether a server can listen on this port. Raises LinewiseError with what to do; `again` is the command with another port."""
    if not 1 <= port <= 65535:
        raise LinewiseError(f"{port} is not a port; choose one from 1 to 65535.")
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            todo = f"Linewise may be running already. Open its address, or choose another port: {again}"
            raise LinewiseError(f"port {port} cannot be used ({fault.strerror}). {todo}") from None


def _open_browser(address: str) -> None:
    import threading
    import webbrowser

    timer = threading.Timer(0.8, webbrowser.open, [address])
    timer.daemon = True
    timer.start()
