"""SMART App Launch 2.2 as a client: from the record system's launch to a session with its tokens, which never leave the server.

A launch is bound to the browser that began it, used once, and only for a record system that the settings name. Who looks is known from the id token.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
import uuid
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey

from . import openid
from .gather import TEMPLATES, check_id
from .house import House
from .keys import hashed
from .logs import say
from .outside import OutsideError
from .refused import Refused
from .settings import Ehr, origin_of, same_base

_LAUNCH_SECONDS = 600.0
_SPARE = 5.0  # seconds before its end in which an access token counts as expired
_TURN_SECONDS = 60.0
_KEY_SECONDS = 3650 * 86_400.0
_WRITTEN = ("MedicationRequest", "RequestGroup", "ServiceRequest", "Provenance")


class Server(msgspec.Struct):
    """What a record system says of its sign-in."""

    authorize: str
    token: str
    issuer: str
    jwks: str
    v2: bool
    says_iss: bool  # it names itself in the answer to the authorization (RFC 9207)
    refresh: str  # the scope that gives a refresh token here; empty where none is announced


class Launch(msgspec.Struct):
    """One launch on its way."""

    iss: str
    fhir: str
    verifier: str
    nonce: str
    bound: str  # the hash of what the browser keeps
    server: Server


class Session(msgspec.Struct):
    """One opened chart: whose, for whom, with which token. Kept encrypted in the store."""

    fhir: str
    hospital: str
    patient: str
    user: str
    access: str
    expires: float
    refresh: str
    token: str  # the address that gives tokens
    bound: str
    csrf: str


# The launch


async def begin(house: House, iss: str, launch: str) -> tuple[str, str, str]:
    """Where to send the browser, the name of its cookie and what the cookie holds. Raises Refused before anybody unknown is contacted."""
    ehr = _hospital(house, iss)
    server = await _server(house, iss, ehr)
    state, bind = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    kept = Launch(iss, ehr.fhir, secrets.token_urlsafe(64), secrets.token_urlsafe(24), hashed(bind), server)
    await house.asked(house.store.keep, "launch", state, msgspec.json.encode(kept), _LAUNCH_SECONDS)
    asked = {
        "response_type": "code",
        "client_id": ehr.client_id,
        "redirect_uri": f"{house.settings.base}/callback",
        "scope": _scope(server, bool(launch)),
        "state": state,
        "aud": iss,
        "nonce": kept.nonce,
        "code_challenge": openid.challenge(kept.verifier),
        "code_challenge_method": "S256",
    }
    if launch:
        asked["launch"] = launch
    joined = "&" if urlsplit(server.authorize).query else "?"
    return f"{server.authorize}{joined}{urlencode(asked)}", cookie_of_state(state), bind


def cookie_of_state(state: str) -> str:
    """A name for each launch, so that two that begin in one browser do not mix."""
    return f"lw_launch_{hashed(state)[:16]}"


def _hospital(house: House, iss: str) -> Ehr:
    found = house.settings.at(iss) or house.settings.ehr(iss, None)
    if not iss or found is None or not found.client_id:
        say("launch refused", why="issuer not listed")
        raise Refused(403, "This record system is not known here. Nothing was sent to it.")
    return found


async def _server(house: House, iss: str, ehr: Ehr) -> Server:
    base = iss.rstrip("/")
    try:
        found = await house.outside.json("GET", f"{base}/.well-known/smart-configuration", headers={"Accept": "application/json"})
        if not isinstance(found.get("issuer"), str) or not isinstance(found.get("jwks_uri"), str):
            found = await _openid(house, base) | found
    except OutsideError as fault:
        raise Refused(502, f"The record system does not say how to sign in ({fault.what}).") from None
    capabilities, scopes = (
        value if isinstance(value := found.get(name), list) else [] for name in ("capabilities", "scopes_supported")
    )
    for name in ("authorization_endpoint", "token_endpoint"):
        if not isinstance(found.get(name), str) or not house.outside.known(found[name]):
            raise Refused(502, f"The record system names no {name.replace('_', ' ')} on a server that the settings list.")
    refresh = (
        "online_access"
        if "permission-online" in capabilities
        else "offline_access"
        if {"permission-offline", "offline_access"} & {*capabilities, *scopes}
        else ""
    )
    return Server(
        found["authorization_endpoint"],
        found["token_endpoint"],
        str(found.get("issuer") or base),
        str(found.get("jwks_uri") or ehr.jku),
        "permission-v2" in capabilities,
        found.get("authorization_response_iss_parameter_supported") is True,
        refresh,
    )


async def _openid(house: House, base: str) -> dict[str, Any]:
    try:
        found = await openid.configuration(house, base)
    except OutsideError:
        return {}
    return {name: found[name] for name in ("issuer", "jwks_uri") if isinstance(found.get(name), str)}


def _scope(server: Server, within: bool) -> str:
    """The least that a plan and its proposals need: reading what the prefetch names, creating proposals."""
    read = [template.split("?")[0].split("/")[0] for template in TEMPLATES.values()] + ["Medication"]
    found = ["openid", "fhirUser", "launch" if within else "launch/patient"]
    if server.refresh:
        found.append(server.refresh)
    for kind in dict.fromkeys([*read, *_WRITTEN]):
        if server.v2:
            found.append(f"patient/{kind}.{'c' if kind in _WRITTEN else ''}{'rs' if kind in read else ''}")
        else:
            found += [f"patient/{kind}.read"] if kind in read else []
            found += [f"patient/{kind}.write"] if kind in _WRITTEN else []
    return " ".join(found)


# The way back


async def finish(house: House, query: dict[str, str], cookies: dict[str, str]) -> tuple[str, str, Session]:
    """The handle of a new session, what its cookie holds, and the session. Raises Refused."""
    state = query.get("state", "")
    if not state or len(state) > 200:
        raise Refused(400, "This answer belongs to no launch.")
    bind = cookies.get(cookie_of_state(state), "")
    data = await house.asked(house.store.kept, "launch", state)
    if data is None:
        raise Refused(400, "This answer belongs to no launch, or to one that is over. Start again from the record system.")
    launch = msgspec.json.decode(data, type=Launch)
    if not bind or not hmac.compare_digest(hashed(bind), launch.bound):
        raise Refused(
            403,
            "This launch was begun in another browser, or the browser keeps no cookie here. Open Linewise in a window of its own.",
        )
    if await house.asked(house.store.take, "launch", state) is None:
        raise Refused(400, "This launch was used already.")
    issuer = query.get("iss")
    if (issuer is not None and issuer != launch.server.issuer) or (issuer is None and launch.server.says_iss):
        raise Refused(400, "The answer names another issuer than the launch.")
    if "error" in query or not query.get("code"):
        raise Refused(403, "The record system did not allow it.")
    ehr = house.settings.at(launch.fhir)
    if ehr is None:
        raise Refused(403, "This record system is no longer known here.")
    given = {
        "grant_type": "authorization_code",
        "code": query["code"],
        "redirect_uri": f"{house.settings.base}/callback",
        "code_verifier": launch.verifier,
    }
    tokens = await _tokens(house, ehr, launch.server.token, given)
    said = launch.server
    claims = await openid.identity(house, tokens.get("id_token"), said.jwks, said.issuer, ehr.client_id, launch.nonce)
    patient = tokens.get("patient")
    if not isinstance(patient, str) or not patient:
        raise Refused(403, "The record system named no patient. Open a chart first.")
    user = str(claims.get("fhirUser") or claims.get("profile") or claims.get("sub"))
    user = user.removeprefix(f"{ehr.fhir.rstrip('/')}/")
    handle, bind = secrets.token_urlsafe(18), secrets.token_urlsafe(32)
    session = Session(
        fhir=ehr.fhir,
        hospital=ehr.name,
        patient=check_id(patient),
        user=user,
        access=tokens["access_token"],
        expires=_expiry(tokens),
        refresh=_refresh(tokens),
        token=launch.server.token,
        bound=hashed(bind),
        csrf=secrets.token_urlsafe(24),
    )
    await keep(house, handle, session)
    return handle, bind, session


def _refresh(tokens: dict[str, Any]) -> str:
    """The refresh token; empty where there is none that could be sent."""
    found = tokens.get("refresh_token")
    return found if isinstance(found, str) else ""


def _expiry(tokens: dict[str, Any]) -> float:
    seconds = tokens.get("expires_in")
    known = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return time.time() + (float(seconds) if known and seconds is not None else 300.0)


async def _tokens(house: House, ehr: Ehr, address: str, given: dict[str, str]) -> dict[str, Any]:
    """What the token endpoint answers. Raises Refused."""
    form = {**given, "client_id": ehr.client_id}
    if ehr.client_auth == "private_key_jwt":
        form |= {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": await _assertion(house, ehr, address),
        }
    return await openid.tokens(house, address, form, "record system")


# Sessions


async def keep(house: House, handle: str, session: Session) -> None:
    await house.asked(
        house.store.keep, "app", handle, msgspec.json.encode(session), house.settings.session_minutes * 60.0, session.patient
    )


def cookie_of(handle: str) -> str:
    """A name for each opened chart, so that two charts in one browser do not mix."""
    return f"lw_{hashed(handle)[:24]}"


async def session_of(house: House, handle: str, cookies: dict[str, str]) -> Session:
    """The session of a handle, for the browser that it was opened in. Raises Refused (401)."""
    data = await house.asked(house.store.kept, "app", handle) if len(handle) < 100 else None
    bind = cookies.get(cookie_of(handle), "")
    if data is None or not bind:
        raise Refused(401, "This chart is not open here. Open it from the record system.")
    session = msgspec.json.decode(data, type=Session)
    if not hmac.compare_digest(hashed(bind), session.bound):
        raise Refused(401, "This chart is not open here. Open it from the record system.")
    return session


async def close(house: House, cookie: str, bind: str) -> None:
    """End the session that a cookie belongs to."""
    for name, data in await house.asked(house.store.beginning, "app", cookie.removeprefix("lw_")):
        if hmac.compare_digest(hashed(bind), msgspec.json.decode(data, type=Session).bound):
            await house.asked(house.store.drop_hashed, "app", name)


async def access_of(house: House, handle: str, session: Session, fresh: bool = False) -> str:
    """The access token, renewed where it has expired, or with `fresh` in any case, and the record system allows. Raises Refused (401, 503).

    A refresh token may be good for one use, so of several requests, in whichever worker, one renews and the others wait for what it brings.
    """
    if session.expires > time.time() + _SPARE and not fresh:
        return session.access
    if not session.refresh or house.settings.at(session.fhir) is None:
        raise _ended()
    turn = f"{handle} {session.expires}"
    if not await house.asked(house.store.keep_new, "turn", turn, b"", _TURN_SECONDS):
        return await _renewed_by_another(house, handle, session, turn)
    try:
        renewed = await _renewed(house, session)
        if not await house.asked(house.store.renew, "app", handle, msgspec.json.encode(renewed)):
            raise _ended()  # it was closed meanwhile, and stays closed
    finally:
        await house.asked(house.store.drop, "turn", turn)
    return _with(session, renewed)


async def _renewed(house: House, session: Session) -> Session:
    ehr = house.settings.at(session.fhir)
    assert ehr is not None
    try:
        tokens = await _tokens(house, ehr, session.token, {"grant_type": "refresh_token", "refresh_token": session.refresh})
    except Refused:
        raise _ended() from None
    if isinstance(tokens.get("patient"), str) and tokens["patient"] != session.patient:
        raise Refused(401, "The record system changed the patient. Open the chart again.")
    refresh = _refresh(tokens) or session.refresh
    return msgspec.structs.replace(session, access=tokens["access_token"], expires=_expiry(tokens), refresh=refresh)


async def _renewed_by_another(house: House, handle: str, session: Session, turn: str) -> str:
    """Wait until whoever has the turn has renewed the session."""
    until = time.monotonic() + house.settings.call_seconds + 2
    while time.monotonic() < until:
        await asyncio.sleep(0.05)
        data = await house.asked(house.store.kept, "app", handle)
        if data is None:
            raise _ended()
        found = msgspec.json.decode(data, type=Session)
        if found.expires != session.expires:
            return _with(session, found)
        if await house.asked(house.store.kept, "turn", turn) is None:
            raise _ended()  # it tried, and got none
    raise Refused(503, "The session is being renewed; try again.", {"Retry-After": "2"})


def _with(session: Session, renewed: Session) -> str:
    """The session at hand goes on with what was renewed: a token that was spent is not sent again."""
    session.access, session.expires, session.refresh = renewed.access, renewed.expires, renewed.refresh
    return session.access


def _ended() -> Refused:
    return Refused(401, "The session has ended. Open the chart again from the record system.")


# Our own key, for record systems that want to know us by one


async def client_key(house: House) -> ECKey:
    """Made once and kept, so that every worker signs with the same."""
    data = await house.asked(house.store.kept, "key", "client")
    if data is None:
        made = ECKey.generate_key("P-384", {"kid": uuid.uuid4().hex, "use": "sig", "alg": "ES384"})
        whole = msgspec.json.encode(made.as_dict(private=True))
        await house.asked(house.store.keep_new, "key", "client", whole, _KEY_SECONDS)
        data = await house.asked(house.store.kept, "key", "client")  # of several workers, the first has made it
    if data is None:  # one is there that the key of the house no longer opens: it is replaced
        await house.asked(house.store.keep, "key", "client", whole, _KEY_SECONDS)
        data = whole
    return ECKey.import_key(msgspec.json.decode(data))


async def key_set(house: House) -> dict[str, Any]:
    """Our public keys."""
    return {"keys": [(await client_key(house)).as_dict(private=False)]}


async def _assertion(house: House, ehr: Ehr, address: str) -> str:
    key, now = await client_key(house), int(time.time())
    claims = {"iss": ehr.client_id, "sub": ehr.client_id, "aud": address, "iat": now, "exp": now + 240, "jti": str(uuid.uuid4())}
    header = {"alg": "ES384", "typ": "JWT", "kid": str(key.as_dict(private=False)["kid"])}
    return jwt.encode(header, claims, key, algorithms=["ES384"])


def framed_by(house: House, fhir: str | None = None) -> str:
    """Who may show a page in a frame: the hospital with this server; for a page that shows nothing of a hospital, each that is listed."""
    shown = [one for one in house.settings.ehrs if fhir is None or same_base(one.fhir, fhir)]
    return " ".join(dict.fromkeys(["'self'", *(origin for one in shown for origin in one.origins)]))


def own_page(house: House, origin: str | None, site: str) -> bool:
    """Whether a form was sent by a page of ours, or by no browser at all."""
    return (origin is None or origin == "null" or origin_of(origin) == origin_of(house.settings.base)) and site in (
        "",
        "none",
        "same-origin",
    )
