"""A hospital as tests need it: a FHIR server, a key set and a CDS client on a loopback port, honest or misbehaving."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from linewise.clinic.gather import TEMPLATES
from places import ROOT

Resource = dict[str, Any]


def anna() -> list[Resource]:
    """The resources of the example person."""
    bundle = json.loads((ROOT / "examples" / "anna.json").read_text(encoding="utf-8"))
    return [entry["resource"] for entry in bundle["entry"]]


def searchset(resources: list[Resource], **more: Any) -> Resource:
    entries = [{"resource": one, "search": {"mode": "match"}} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(resources), "entry": entries, **more}


def prefetch_of(resources: list[Resource]) -> dict[str, Any]:
    """What a record system sends along for these resources."""
    found: dict[str, Any] = {}
    for name, template in TEMPLATES.items():
        kind = template.split("?")[0].split("/")[0]
        mine = [one for one in resources if one["resourceType"] == kind]
        found[name] = mine[0] if name == "patient" else searchset(mine)
    return found


class Hospital:
    """The server. `answers` replaces what a path answers; `asked` lists the paths that were asked for."""

    def __init__(self, resources: list[Resource] | None = None, page: int = 0) -> None:
        self.resources = anna() if resources is None else resources
        self.page = page
        self.asked: list[str] = []
        self.posted: list[tuple[str, bytes]] = []
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.keys = {"one": ECKey.generate_key("P-384"), "two": RSAKey.generate_key(2048)}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        self.iss, self.fhir, self.jku = f"{self.base}/issuer", f"{self.base}/fhir", f"{self.base}/jwks"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def settings(self, **more: Any) -> dict[str, Any]:
        return {"name": "General", "fhir": self.fhir, "iss": self.iss, "jku": self.jku, "client_id": "linewise", **more}

    def jwt(self, audience: Any, kid: str = "one", header: dict[str, Any] | None = None, **claims: Any) -> str:
        key = self.keys[kid]
        algorithm = "ES384" if isinstance(key, ECKey) else "RS384"
        now = int(time.time())
        whole = {"iss": self.iss, "aud": audience, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4()), **claims}
        whole = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode({"alg": algorithm, "kid": kid, **(header or {})}, whole, key, algorithms=[algorithm])

    def key_set(self) -> Resource:
        return {"keys": [{**key.as_dict(private=False), "kid": kid, "use": "sig"} for kid, key in self.keys.items()]}

    def search(self, kind: str, query: dict[str, list[str]]) -> Resource:
        found = [one for one in self.resources if one["resourceType"] == kind]
        if not self.page:
            return searchset(found)
        first = int(query.get("from", ["0"])[0])
        here = searchset(found[first : first + self.page], total=len(found))
        if first + self.page < len(found):
            here["link"] = [{"relation": "next", "url": f"{self.fhir}/{kind}?patient=anna&from={first + self.page}"}]
        return here

    def call(self, hook: str = "patient-view", patient: str = "anna", **more: Any) -> Resource:
        """The body of a CDS Hooks call."""
        context: Resource = {"userId": "Practitioner/oncologist", "patientId": patient}
        context |= more.pop("context", {})
        return {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context, **more}


def _handler(hospital: Hospital) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hospital.asked.append(self.path)
            parts = urlsplit(self.path)
            special = hospital.answers.get(parts.path)
            if special is not None:
                special(self)
            elif parts.path == "/jwks":
                send(self, hospital.key_set())
            elif parts.path.startswith("/fhir/"):
                self._fhir(parts.path.removeprefix("/fhir/"), parse_qs(parts.query))
            else:
                send(self, {}, 404)

        def _fhir(self, path: str, query: dict[str, list[str]]) -> None:
            kind, _, id_ = path.partition("/")
            if id_:
                found = next((one for one in hospital.resources if one["resourceType"] == kind and one.get("id") == id_), None)
                send(self, found or {"resourceType": "OperationOutcome"}, 200 if found else 404)
            else:
                send(self, hospital.search(kind, query))

        def do_POST(self) -> None:
            hospital.asked.append(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            hospital.posted.append((self.path, body))
            special = hospital.answers.get(urlsplit(self.path).path)
            if special is not None:
                special(self)
            else:
                send(self, {}, 404)

        def log_message(self, *_: Any) -> None:
            return

    return Handler


def send(handler: BaseHTTPRequestHandler, value: Any, status: int = 200) -> None:
    data = json.dumps(value).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/fhir+json")
    handler.send_header("Content-Length", str(len(data)))
    with suppress(BrokenPipeError):  # who asked did not wait
        handler.end_headers()
        handler.wfile.write(data)


def example(name: str) -> Path:
    return ROOT / "examples" / name
