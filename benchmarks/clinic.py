"""The clinic's server under load: CDS calls with prefetch, a record of 10,000 resources, memory over many calls.

Every call is signed, audited and answered by a real process on this machine; the client and the server share its cores, so the figures are a lower
bound. `LINEWISE_CLINIC_STORE` names a PostgreSQL store; SQLite in a scratch folder without it. `CALLS` and `CALLERS` change the load.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

ROOT = Path(__file__).parents[1]
CALLS = int(os.environ.get("CALLS", "1000"))
CALLERS = int(os.environ.get("CALLERS", "4"))
KINDS = {
    "conditions": "Condition", "observations": "Observation", "procedures": "Procedure", "medicationStatements": "MedicationStatement",
    "medicationRequests": "MedicationRequest", "medicationAdministrations": "MedicationAdministration", "allergies": "AllergyIntolerance",
    "specimens": "Specimen",
}  # fmt: skip


def main() -> None:
    """Measure, and print a line for each."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        try:
            typical, large = prefetch(resources()), prefetch(many(10_000))
            bench.call(typical)
            print(row(f"{CALLS} calls, {CALLERS} at a time, prefetch of 38 resources", *bench.load(typical, CALLS)))
            grown = bench.memory()
            bench.load(typical, CALLS)
            print(f"memory of the server after {CALLS} and {2 * CALLS} calls: {grown:.0f} and {bench.memory():.0f} MB")
            print(row("20 calls, 2 at a time, prefetch of 10,000 resources", *bench.load(large, 20, 2)))
            print(f"memory of the server after that: {bench.memory():.0f} MB")
            bench.pages = many(10_000)
            print(row("5 calls, 10,000 resources read in pages of 200", *bench.load(None, 5, 1)))
        finally:
            bench.close()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), workers=2)
        try:
            print(bench.killed(prefetch(resources())))
        finally:
            bench.close()
    print(
        "A database that goes away under load and comes back: tests/clinic/test_postgres.py. Criteria against cql-execution: python -m benchmarks cohort."
    )


def row(name: str, seconds: list[float], whole: float) -> str:
    """Calls a second, median, 95th and 99th percentile."""
    cuts = statistics.quantiles(seconds, n=100)
    middle = statistics.median(seconds)
    figures = f"median {middle * 1000:.0f} ms, 95 of 100 within {cuts[94] * 1000:.0f} ms, 99 within {cuts[98] * 1000:.0f} ms"
    return f"{name}: {len(seconds) / whole:.1f} a second; {figures}"


def resources() -> list[dict[str, Any]]:
    bundle = json.loads((ROOT / "examples" / "anna.json").read_text(encoding="utf-8"))
    return [entry["resource"] for entry in bundle["entry"]]


def many(count: int) -> list[dict[str, Any]]:
    """The example person with as many further blood counts, day after day."""
    found = resources()
    for number in range(count - len(found)):
        day = f"{2015 + number % 10}-{number // 10 % 12 + 1:02d}-{number // 120 % 28 + 1:02d}"
        code = {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}
        value = {"value": 12.0 + number % 30 / 10, "unit": "g/dL", "system": "http://unitsofmeasure.org", "code": "g/dL"}
        found.append(
            {
                "resourceType": "Observation", "id": f"hb{number}", "status": "final", "code": code, "subject": {"reference": "Patient/anna"},
                "effectiveDateTime": day, "valueQuantity": value,
            }
        )  # fmt: skip
    return found


def searchset(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": [{"resource": one} for one in found]}


def prefetch(found: list[dict[str, Any]]) -> dict[str, Any]:
    sets: dict[str, Any] = {
        name: searchset([one for one in found if one["resourceType"] == kind]) for name, kind in KINDS.items()
    }
    return sets | {"patient": next(one for one in found if one["resourceType"] == "Patient")}


class Bench:
    """A server, a hospital beside it, and calls."""

    def __init__(self, folder: Path, workers: int = 1) -> None:
        self.key = ECKey.generate_key("P-384", {"kid": "bench"})
        self.pages: list[dict[str, Any]] = []
        self.hospital = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self.hospital.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self.hospital.server_port}"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/cds-services/linewise-patient-view"
        ehr = {"name": "bench", "fhir": f"{self.base}/fhir", "iss": "bench:", "jku": f"{self.base}/jwks"}
        store = os.environ.get("LINEWISE_CLINIC_STORE") or f"sqlite:///{folder / 'bench.sqlite'}"
        whole = {
            "public_url": f"http://127.0.0.1:{port}",
            "store": store,
            "region": "US",
            "ehrs": [ehr],
            "calls_per_minute": 10**9,
            "fetch_seconds": 60,
        }
        whole |= {"key_file": str(folder / "key")}
        (folder / "key").write_bytes(base64.b64encode(os.urandom(32)))
        self.config = config = folder / "clinic.json"
        config.write_text(json.dumps(whole), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "linewise",
            "clinic",
            "serve",
            "--config",
            str(config),
            "--port",
            str(port),
            "--workers",
            str(workers),
        ]
        self.server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.client = httpx.Client(timeout=120, trust_env=False)
        for _ in range(600):
            try:
                self.client.get(f"http://127.0.0.1:{port}/health")
                return
            except httpx.TransportError:
                time.sleep(0.05)
        raise SystemExit("the server did not start")

    def close(self) -> None:
        self.server.terminate()
        self.server.wait(30)
        self.hospital.shutdown()

    def memory(self) -> float:
        """Resident memory of the server, in MB."""
        said = subprocess.run(["ps", "-o", "rss=", "-p", str(self.server.pid)], capture_output=True, text=True, check=True).stdout
        return int(said) / 1024

    def call(self, sent: dict[str, Any] | None) -> float:
        """Seconds of one call. Ends the run where it is not answered."""
        started = time.perf_counter()
        answer = self.asked(sent)
        taken = time.perf_counter() - started
        if answer.status_code != 200 or not any(card.get("suggestions") for card in answer.json()["cards"]):
            raise SystemExit(f"a call failed: {answer.status_code}")
        return taken

    def asked(self, sent: dict[str, Any] | None) -> httpx.Response:
        """What one signed call is answered."""
        now = int(time.time())
        claims = {"iss": "bench:", "aud": self.address, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())}
        token = jwt.encode({"alg": "ES384", "kid": "bench"}, claims, self.key, algorithms=["ES384"])
        body: dict[str, Any] = {
            "hook": "patient-view",
            "hookInstance": str(uuid.uuid4()),
            "context": {"userId": "Practitioner/1", "patientId": "anna"},
        }
        body |= {"fhirServer": f"{self.base}/fhir"} | ({"prefetch": sent} if sent is not None else {})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self.client.post(self.address, content=json.dumps(body).encode(), headers=headers)

    def killed(self, sent: dict[str, Any], calls: int = 60) -> str:
        """One of two workers is killed in the middle: what was answered stands in the trail, once, and the trail is whole."""
        answered: list[str] = []
        cut = 0
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.server.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        for number in range(calls):
            if number == calls // 2:
                os.kill(int(listed[-1]), signal.SIGKILL)
            try:
                answer = self.asked(sent)
                answered += [answer.headers["x-linewise-answer"]] if answer.status_code == 200 else []
            except httpx.TransportError:
                cut += 1
        command = [sys.executable, "-m", "linewise", "clinic", "audit"]
        said = subprocess.run(
            [*command, "export", "--config", str(self.config)], capture_output=True, text=True, check=True
        ).stdout
        rows = [json.loads(line)["id"] for line in said.splitlines()]
        whole = (
            subprocess.run([*command, "verify", "--config", str(self.config)], capture_output=True, check=False).returncode == 0
        )
        lost, twice = len(set(answered) - set(rows)), len(rows) - len(set(rows))
        return f"a worker killed: {len(answered)} of {calls} answered, {cut} cut off; {lost} lost and {twice} twice in the trail, which is {'whole' if whole else 'BROKEN'}"

    def load(self, sent: dict[str, Any] | None, calls: int, callers: int = CALLERS) -> tuple[list[float], float]:
        """Seconds of each of many calls, and of all together."""
        started = time.perf_counter()
        with ThreadPoolExecutor(callers) as pool:
            seconds = list(pool.map(lambda _: self.call(sent), range(calls)))
        return seconds, time.perf_counter() - started


def _handler(bench: Bench) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            kind = path.removeprefix("/fhir/").split("/")[0]
            if path == "/jwks":
                self._send({"keys": [bench.key.as_dict(private=False)]})
                return
            mine = [one for one in bench.pages if one["resourceType"] == kind]
            if kind == "Patient":
                self._send(mine[0])
                return
            first = int(query.partition("from=")[2] or 0)
            here = searchset(mine[first : first + 200]) | {"total": len(mine)}
            if first + 200 < len(mine):
                here["link"] = [{"relation": "next", "url": f"{bench.base}/fhir/{kind}?from={first + 200}"}]
            self._send(here)

        def _send(self, value: Any) -> None:
            data = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            return

    return Handler
