"""Somebody of each role, signed in to a server."""

from __future__ import annotations

from typing import Any

from .conftest import Clinic, httpx
from .hospital import anna

PASSWORDS = {"clinician": "correct horse battery", "auditor": "staple at nine", "admin": "keys of the house"}
RECORD: dict[str, Any] = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in anna()]}


def signed_in(clinic: Clinic) -> dict[str, Any]:
    """A client for each role."""
    found = {}
    for role, password in PASSWORDS.items():
        assert clinic.run("user", "add", role, "--role", role, typed=password + "\n").returncode == 0
        answer = clinic.client.post("/api/v1/session", json={"name": role, "password": password})
        assert answer.status_code == 200 and answer.json()["role"] == role
        headers = {"Authorization": f"Bearer {answer.json()['token']}"}
        found[role] = httpx.Client(base_url=clinic.base, headers=headers, timeout=30, trust_env=False)
    clinic.client.cookies.clear()
    return found
