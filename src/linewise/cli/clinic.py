"""`linewise clinic`: the server for hospitals, its people, its audit trail, what it keeps."""

from __future__ import annotations

import argparse
import getpass
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from linewise.errors import LinewiseError

from .arguments import command
from .output import write_json

if TYPE_CHECKING:
    from linewise.clinic.settings import Settings
    from linewise.clinic.store import Store

PORT = 8758


def add(commands: Any) -> None:
    """Add `clinic`."""
    one = command(
        commands,
        "clinic",
        "the server for hospitals: CDS Hooks, SMART App Launch, REST, with an audit trail",
        "  linewise clinic serve                                   a trial run on this machine\n"
        "  linewise clinic try examples/anna.json                  and the cards for a record\n"
        "  linewise clinic serve --config clinic.yaml --port 8758\n"
        "  linewise clinic user add meier --role clinician --config clinic.yaml\n"
        "  linewise clinic audit verify --config clinic.yaml",
    )
    parts = one.add_subparsers(title="commands", metavar="COMMAND", required=True)
    serve = _part(parts, "serve", "run the server until it is stopped", _serve)
    serve.add_argument("--port", type=int, default=PORT)
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on; the proxy in front speaks TLS")
    serve.add_argument("--workers", type=int, default=1, help="how many processes")
    tried = _part(parts, "try", "send a record to a running trial server as a record system would, and print the cards", _try)
    tried.add_argument("record", help="a FHIR bundle of one person")
    tried.add_argument("--address", default=f"http://127.0.0.1:{PORT}")
    tried.add_argument("--format", choices=["text", "json"], default="text")
    user = parts.add_parser("user", help="who may sign in").add_subparsers(metavar="COMMAND", required=True)
    new = _part(user, "add", "add somebody, or give a new password and role; the password comes on standard input", _user_add)
    new.add_argument("name")
    new.add_argument("--role", required=True, choices=["clinician", "auditor", "admin"])
    gone = _part(user, "remove", "remove somebody and end their sessions", _user_remove)
    gone.add_argument("name")
    trail = parts.add_parser("audit", help="the audit trail").add_subparsers(metavar="COMMAND", required=True)
    _part(trail, "verify", "whether the trail is whole and untouched", _audit_verify)
    _part(trail, "export", "the whole trail as FHIR AuditEvents, one a line", _audit_export)
    _part(
        parts,
        "decisions",
        "what boards decided, beside what the plan said, one a line; and as counts on standard error",
        _decisions,
    )
    again = _part(parts, "replay", "an earlier answer, byte for byte, where answers are kept", _replay)
    again.add_argument("id")
    _part(parts, "forget", "delete what has reached its day", _forget)
    erase = _part(parts, "erase", "delete everything that is kept about a patient; the audit trail stays", _erase)
    erase.add_argument("--patient", required=True)


def _part(parts: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    found: argparse.ArgumentParser = parts.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    found.add_argument("--config", default=None, help="the settings (YAML or JSON); docs/clinic.md lists them")
    found.set_defaults(run=run)
    return found


def needed(missing: ModuleNotFoundError) -> LinewiseError:
    """What to do where the extra is not installed."""
    return LinewiseError(f"this needs {missing.name}; install Linewise with its clinic extra: pip install 'linewise[clinic]'")


def _settings(options: argparse.Namespace) -> Settings:
    from linewise.clinic.settings import load

    return load(options.config, port=getattr(options, "port", PORT))


def _store(options: argparse.Namespace) -> Store:
    try:
        from linewise.clinic.store import open_store
    except ModuleNotFoundError as missing:
        raise needed(missing) from None
    return open_store(_settings(options))


def _serve(options: argparse.Namespace) -> int:
    try:
        import uvicorn

        from linewise.clinic.app import create_app, house_of
        from linewise.clinic.logs import set_up
        from linewise.clinic.settings import PREFIX
    except ModuleNotFoundError as missing:
        raise needed(missing) from None
    from .serve import check_free

    settings = _settings(options)
    check_free(options.port, "linewise clinic serve --port N", options.host)
    house = house_of(settings)
    fault = house.fault()
    if fault is not None:
        print(f"linewise: cannot assess: {fault} Every question is refused until then.", file=sys.stderr)
    if not house.store.keys.lasting:
        print(
            f"linewise: there is no key of the house ({PREFIX}KEY or key_file): open charts and what is kept end with this process.",
            file=sys.stderr,
        )
    trial = " Trial: calls need no signature." if settings.trial else ""
    print(f"Linewise for clinics: {settings.base}/cds-services (listening on {options.host}:{options.port}).{trial}", flush=True)
    named: dict[str, Any] = {
        "host": options.host, "port": options.port, "access_log": False, "server_header": False, "log_config": None,
        "timeout_graceful_shutdown": 20, "proxy_headers": False, "lifespan": "on",
    }  # fmt: skip
    if options.workers > 1:
        if not house.store.keys.lasting:
            raise LinewiseError(f"several workers need one key: set {PREFIX}KEY or key_file (docs/clinic.md).")
        house.store.close()
        os.environ |= {f"{PREFIX}CONFIG": options.config or "", f"{PREFIX}PORT": str(options.port)}
        named["timeout_worker_healthcheck"] = 60  # a worker that is still reading the medicine on a busy machine is not dead
        uvicorn.run("linewise.clinic.app:from_environment", factory=True, workers=options.workers, **named)
        return 0
    set_up()
    signal.signal(
        signal.SIGTERM, lambda *_: None
    )  # the server takes it while it runs; what it passes on afterwards is an orderly end
    uvicorn.Server(uvicorn.Config(create_app(house), **named)).run()
    return 0


def _try(options: argparse.Namespace) -> int:
    try:
        from linewise.clinic.client import ask, words
    except ModuleNotFoundError as missing:
        raise needed(missing) from None

    cards = ask(options.address, options.record)
    if options.format == "json":
        write_json({"cards": cards}, indented=True)
    else:
        print(words(cards))
    return 0


def _user_add(options: argparse.Namespace) -> int:
    store = _store(options)
    from linewise.clinic.passwords import hash_of
    from linewise.journal.passphrases import common

    if not options.name.strip() or len(options.name) > 64:
        raise LinewiseError("a name has 1 to 64 characters.")
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    hashed = hash_of(password)
    if common(password, options.name):
        print("linewise: this is one of the first passwords that others would try; give another soon.", file=sys.stderr)
    store.add_user(options.name, hashed, options.role)
    print(f"{options.name} may sign in as {options.role}.")
    return 0


def _user_remove(options: argparse.Namespace) -> int:
    if not _store(options).remove_user(options.name):
        raise LinewiseError(f"nobody is called `{options.name}`.")
    print(f"{options.name} may no longer sign in.")
    return 0


def _audit_verify(options: argparse.Namespace) -> int:
    store = _store(options)
    from linewise.clinic.audit import verify

    rows, fault = verify(store)
    if fault:
        print(f"linewise: the audit trail was altered: {fault}; {rows} rows before it hold.", file=sys.stderr)
        return 1
    print(f"The audit trail is whole and untouched: {rows} rows.")
    return 0


def _audit_export(options: argparse.Namespace) -> int:
    store = _store(options)

    from linewise.clinic.audit import every

    for event in every(store):
        write_json(event)
    return 0


def _decisions(options: argparse.Namespace) -> int:
    store = _store(options)

    from linewise.clinic.decisions import concordance, every

    listed = every(store)
    for one in listed:
        write_json(one)
    counts = concordance(listed)
    if listed:
        print(
            f"linewise: {counts['as_offered']} of {counts['decisions'] - counts['without_a_plan']} as offered; {counts['without_a_plan']} without a plan.",
            file=sys.stderr,
        )
    return 0


def _replay(options: argparse.Namespace) -> int:
    found = _store(options).kept("answer", options.id)
    if found is None:
        raise LinewiseError(
            "no answer is kept under this id. Answers are kept where `keep_answers` is set, until `keep_days` have passed."
        )
    sys.stdout.buffer.write(found)
    return 0


def _forget(options: argparse.Namespace) -> int:
    print(f"{_store(options).forget_old()} rows had reached their day and are deleted.")
    return 0


def _erase(options: argparse.Namespace) -> int:
    print(
        f"{_store(options).erase(options.patient)} rows about this patient are deleted. The audit trail stays: it holds no clinical content."
    )
    return 0
