"""Sign-in by a provider of the hospital: a real one in a process of its own (Authlib's, not ours), and answers of a dishonest one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from .conftest import Clinic, free_port, httpx
from .hospital import Hospital, send
from .people import RECORD

ROLES = {"board": "clinician", "data-protection": "auditor"}


class Provider:
    """oidc-provider-mock, which answers for any client and any name."""

    def __init__(self) -> None:
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(400):
            try:
                httpx.get(f"{self.issuer}/.well-known/openid-configuration", trust_env=False)
                return
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError("the provider did not start")

    def person(self, sub: str, **claims: Any) -> None:
        assert httpx.put(f"{self.issuer}/users/{sub}", json=claims, trust_env=False).status_code == 204

    def allow(self, address: str, name: str) -> str:
        """Where the browser is sent after this person signed in at that address."""
        answer = httpx.post(address, data={"sub": name}, trust_env=False)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    def settings(self, **more: Any) -> dict[str, Any]:
        return {"issuer": self.issuer, "client_id": "linewise", "client_secret": "a secret", "roles": ROLES, **more}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    pytest.importorskip("oidc_provider_mock", reason="oidc-provider-mock is not installed")
    found = Provider()
    yield found
    found.process.terminate()
    found.process.wait(20)


@pytest.fixture(scope="module")
def own(hospital: Hospital, provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    found = Clinic(tmp_path_factory.mktemp("openid"), [hospital.settings()], openid=provider.settings(), passwords=False)
    yield found
    found.stop()


@pytest.fixture
def browser(own: Clinic) -> Iterator[Any]:
    with httpx.Client(base_url=own.base, timeout=30, trust_env=False) as found:
        yield found


def begun(browser: Any) -> str:
    answer = browser.get("/sign-in")
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


def test_the_request_holds_what_the_specification_demands(browser: Any, own: Clinic, provider: Provider) -> None:
    first, second = ({name: one[-1] for name, one in parse_qs(urlsplit(begun(browser)).query).items()} for _ in range(2))
    assert first["response_type"] == "code" and first["client_id"] == "linewise" and "openid" in first["scope"].split()
    assert first["redirect_uri"] == f"{own.base}/sign-in/callback" and first["code_challenge_method"] == "S256"
    assert len(first["state"]) >= 22 and len(first["code_challenge"]) == 43 and first["nonce"]
    assert all(first[name] != second[name] for name in ("state", "nonce", "code_challenge"))


def test_somebody_with_a_role_may_ask_by_cookie_and_by_a_token_of_their_own(
    browser: Any, provider: Provider, own: Clinic
) -> None:
    provider.person("7", roles=["visitor", "board"], name="Dr Meier")
    answer = browser.get(provider.allow(begun(browser), "7"))
    assert answer.status_code == 200 and "clinician" in answer.text and "HttpOnly" in answer.headers["set-cookie"]
    assert browser.get("/api/v1/session").json() == {"name": "openid:7", "role": "clinician"}
    made = browser.post("/api/v1/token")
    assert made.status_code == 201
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    assert httpx.post(f"{own.base}/api/v1/plan", json=RECORD, headers=bearer, trust_env=False, timeout=30).status_code == 200
    assert browser.post("/api/v1/token", headers={"Origin": "https://evil.example"}).status_code == 403
    assert made.json()["token"] not in (own.folder / "clinic.sqlite").read_bytes().decode("latin-1")


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"roles": "data-protection"}, "auditor"),
        ({"roles": ["data-protection", "board"]}, "clinician"),
        ({"roles": ["admin", "BOARD", "clinician"]}, None),
        ({"roles": {"board": True}}, None),
        ({}, None),
    ],
)
def test_the_role_comes_from_the_claims_and_from_the_settings(
    browser: Any, provider: Provider, claims: dict[str, Any], role: str | None
) -> None:
    provider.person("8", **claims)
    answer = browser.get(provider.allow(begun(browser), "8"))
    assert answer.status_code == (200 if role else 403)
    session = browser.get("/api/v1/session")
    assert session.json()["role"] == role if role else session.status_code == 401


def test_a_sign_in_is_of_one_browser_and_used_once(browser: Any, provider: Provider) -> None:
    provider.person("7", roles=["board"])
    back = provider.allow(begun(browser), "7")
    with httpx.Client(trust_env=False) as other:
        assert other.get(back).status_code == 403
    assert browser.get(back).status_code == 200
    assert browser.get(back).status_code in (400, 403)
    assert browser.get("/sign-in/callback?code=x&state=invented").status_code == 400
    assert browser.get("/sign-in/callback").status_code == 400
    state = parse_qs(urlsplit(begun(browser)).query)["state"][0]
    assert browser.get("/sign-in/callback", params={"error": "access_denied", "state": state}).status_code == 403


def test_where_passwords_are_off_none_counts(own: Clinic) -> None:
    assert own.run("user", "add", "meier", "--role", "admin", typed="a long password\n").returncode == 0
    answer = own.client.post("/api/v1/session", json={"name": "meier", "password": "a long password"})
    assert answer.status_code == 403 and "/sign-in" in answer.json()["detail"]


def test_the_trail_names_who_signed_in_and_who_was_refused(browser: Any, own: Clinic, provider: Provider) -> None:
    provider.person("9", roles=["data-protection"])
    browser.get(provider.allow(begun(browser), "9"))
    events = [one["resource"] for one in browser.get("/api/v1/audit?_count=100").json()["entry"]]
    mine = [one for one in events if one["agent"][0]["who"] == {"identifier": {"value": "openid:9"}}]
    assert [one["outcome"] for one in mine if one["subtype"][0]["code"] == "sign-in"] == ["0"]
    assert any(one["outcome"] == "4" and one["subtype"][0]["code"] == "sign-in" for one in events)
    said = own.log.read_text()
    for word in ("code=", "eyJ", "a secret", "Traceback"):
        assert word not in said


# A dishonest provider


class Liar:
    """A provider of our own, to say what no honest one says. `claims` and `says` change it."""

    def __init__(self, hospital: Hospital) -> None:
        self.hospital, self.issuer, self.claims, self.says = hospital, f"{hospital.base}/op", {}, {}
        self.nonce, self.key = "", "two"

    def put(self) -> None:
        base = self.hospital.base
        found = {
            "issuer": self.issuer, "authorization_endpoint": f"{base}/op/authorize", "token_endpoint": f"{base}/op/token", "jwks_uri": f"{base}/jwks",
            **self.says,
        }  # fmt: skip
        self.hospital.answers["/op/.well-known/openid-configuration"] = lambda handler: send(handler, found)
        self.hospital.answers["/op/token"] = self._token

    def _token(self, handler: Any) -> None:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "7",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "roles": ["board"],
        } | self.claims
        token = self.hospital.jwt("linewise", kid=self.key, **claims)
        send(handler, {"access_token": "x", "token_type": "Bearer", "id_token": token})


@pytest.fixture(scope="module")
def lied_to(hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    found = Clinic(
        tmp_path_factory.mktemp("liar"), [hospital.settings()],
        openid={"issuer": f"{hospital.base}/op", "client_id": "linewise", "roles": ROLES, "roles_claim": "realm_access.roles"},
    )  # fmt: skip
    yield found
    found.stop()


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"realm_access": {"roles": ["board"]}}, 200),
        ({"realm_access": {"roles": ["board"]}, "nonce": "another"}, 403),
        ({"realm_access": {"roles": ["board"]}, "aud": "another"}, 403),
        ({"realm_access": {"roles": ["board"]}, "aud": ["linewise", "another"]}, 403),
        ({"realm_access": {"roles": ["board"]}, "aud": ["linewise", "another"], "azp": "linewise"}, 200),
        ({"realm_access": {"roles": ["board"]}, "iss": "https://evil.example"}, 403),
        ({"realm_access": {"roles": ["board"]}, "iat": None}, 403),
        ({"realm_access": {"roles": ["board"]}, "exp": 1}, 403),
        ({"realm_access": {"roles": ["board"]}, "sub": None}, 403),
        ({"realm_access": ["board"]}, 403),
    ],
)
def test_an_id_token_is_verified_whole(lied_to: Clinic, hospital: Hospital, claims: dict[str, Any], status: int) -> None:
    liar = Liar(hospital)
    liar.claims = claims
    liar.put()
    with httpx.Client(base_url=lied_to.base, trust_env=False, timeout=30) as browser:
        asked = {name: one[-1] for name, one in parse_qs(urlsplit(begun(browser)).query).items()}
        liar.nonce = asked["nonce"]
        back = f"/sign-in/callback?{urlencode({'code': 'c', 'state': asked['state']})}"
        assert browser.get(back).status_code == status


@pytest.mark.parametrize(
    "says", [{"issuer": "https://evil.example"}, {"token_endpoint": "http://198.51.100.9/token"}, {"jwks_uri": None}, {"authorization_endpoint": 7}]
)  # fmt: skip
def test_a_provider_that_leads_elsewhere_is_refused(lied_to: Clinic, hospital: Hospital, says: dict[str, Any]) -> None:
    liar = Liar(hospital)
    liar.says = says
    liar.put()
    assert lied_to.client.get("/sign-in").status_code == 502


def test_without_a_provider_there_is_no_such_address(clinic: Clinic) -> None:
    assert clinic.client.get("/sign-in").status_code == 404


@pytest.mark.parametrize(
    "more",
    [
        "openid: {issuer: 'http://op.example', client_id: a, roles: {a: admin}}",
        "openid: {issuer: 'https://op.example', client_id: a}",
        "openid: {issuer: 'https://op.example', client_id: a, roles: {a: king}}",
        "openid: {issuer: 'https://op.example', client_id: a, roles: {a: admin}, scopes: [profile]}",
        "passwords: false",
    ],
)
def test_settings_of_a_provider_that_are_wrong_are_told(tmp_path: Path, more: str) -> None:
    from linewise.clinic.settings import load
    from linewise.errors import LinewiseError

    file = tmp_path / "clinic.yaml"
    file.write_text(f"public_url: https://l.example\nstore: sqlite:///a\n{more}\n", encoding="utf-8")
    with pytest.raises(LinewiseError):
        load(str(file), {})


def test_the_secret_comes_from_the_environment(tmp_path: Path) -> None:
    from linewise.clinic.settings import load

    file = tmp_path / "clinic.yaml"
    said = "openid: {issuer: 'https://op.example', client_id: a, roles: {a: admin}}"
    file.write_text(f"public_url: https://l.example\nstore: sqlite:///a\n{said}\n", encoding="utf-8")
    found = load(str(file), {"LINEWISE_CLINIC_OPENID_SECRET": "s"}).openid
    assert found is not None and found.client_secret == "s"
