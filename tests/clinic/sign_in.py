"""The sign-in server of a hospital, as SMART App Launch 2.2 has it, honest or misbehaving."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt

from .hospital import Hospital, send


class SignIn:
    """Adds the sign-in to a hospital. `claims`, `tokens` and `says` change what it says."""

    def __init__(self, hospital: Hospital) -> None:
        self.hospital = hospital
        self.codes: dict[str, dict[str, str]] = {}
        self.claims: dict[str, Any] = {}
        self.tokens: dict[str, Any] = {}
        self.says: dict[str, Any] = {}
        self.kid = "one"
        self.slow = 0.0  # seconds before a token is renewed
        self.spent: set[str] | None = (
            None  # refresh tokens that were used: a second use is refused; None takes each as often as it comes
        )
        self.requests: list[dict[str, str]] = []
        self.put()

    def put(self) -> None:
        answers = self.hospital.answers
        answers["/fhir/.well-known/smart-configuration"] = lambda handler: send(handler, self.configuration())
        answers["/token"] = self._token
        answers["/fhir"] = self._transaction

    def configuration(self) -> dict[str, Any]:
        base = self.hospital.base
        found = {
            "issuer": self.hospital.fhir,
            "jwks_uri": f"{base}/jwks",
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "capabilities": [
                "launch-ehr",
                "launch-standalone",
                "client-public",
                "sso-openid-connect",
                "permission-v2",
                "permission-online",
            ],
            "code_challenge_methods_supported": ["S256"],
        }
        return found | self.says

    def allow(self, address: str) -> str:
        """What the person's browser is sent back to, after an authorization request at this address."""
        asked = {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def _token(self, handler: BaseHTTPRequestHandler) -> None:
        form = {name: values[-1] for name, values in parse_qs(self.hospital.posted[-1][1].decode()).items()}
        self.requests.append(form)
        if form["grant_type"] == "refresh_token":
            time.sleep(self.slow)
            if self.spent is not None:
                if form["refresh_token"] in self.spent:
                    send(handler, {"error": "invalid_grant"}, 400)
                    return
                self.spent.add(form["refresh_token"])
            send(handler, {"access_token": "renewed", "token_type": "Bearer", "expires_in": 300} | self.tokens)
            return
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        )
        if asked is None or challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            send(handler, {"error": "invalid_grant"}, 400)
            return
        now = int(time.time())
        claims = {
            "iss": self.hospital.fhir,
            "aud": asked["client_id"],
            "sub": "7",
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
        }
        claims |= {"fhirUser": f"{self.hospital.fhir}/Practitioner/7", **self.claims}
        algorithm = "ES384" if self.kid == "one" else "RS384"
        claims = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode({"alg": algorithm, "kid": self.kid}, claims, self.hospital.keys[self.kid], algorithms=[algorithm])
        found = {
            "access_token": "token",
            "token_type": "Bearer",
            "expires_in": 300,
            "patient": "anna",
            "id_token": token,
            "scope": asked["scope"],
        }
        send(handler, {name: value for name, value in (found | self.tokens).items() if value is not None})

    def _transaction(self, handler: BaseHTTPRequestHandler) -> None:
        bundle = json.loads(self.hospital.posted[-1][1])
        entries = [
            {"response": {"status": "201 Created", "location": f"{one['resource']['resourceType']}/{n}"}}
            for n, one in enumerate(bundle["entry"])
        ]
        send(handler, {"resourceType": "Bundle", "type": "transaction-response", "entry": entries})
