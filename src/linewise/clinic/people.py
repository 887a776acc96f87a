"""Sign-in of people by the hospital's own OpenID Connect provider, where the settings name one. Who somebody is and which role they have comes from the id token."""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from . import openid, pages
from .answered import answered
from .api import session_cookie
from .audit import Act
from .house import House
from .jar import cookie, cookies_of
from .keys import hashed
from .outside import OutsideError
from .refused import Refused, page
from .settings import OpenId

_SECONDS = 600
_COOKIE = "lw_sign_in"
_WHO = "sign-in provider"
_LONGEST_NAME = 64  # signs of a name in the trail


class Begun(msgspec.Struct):
    """One sign-in on its way."""

    verifier: str
    nonce: str
    bound: str  # the hash of what the browser keeps
    token: str
    jwks: str
    issuer: str
    basic: bool  # whether the provider wants the client's secret in a header
    says_iss: bool


def routes(house: House) -> list[Route]:
    """The addresses of the sign-in; none where no provider is set."""
    provider = house.settings.openid
    if provider is None:
        return []

    def audited(work: Any) -> Any:
        async def answer(request: Request) -> Response:
            act = Act(what="sign-in", who="unknown")
            return await answered(
                house, act, page, lambda: work(house, provider, request, act), lambda given: given.status_code != 302
            )

        return answer

    return [
        Route("/sign-in", audited(_begin), methods=["GET"]),
        Route("/sign-in/callback", audited(_finish), methods=["GET"]),
    ]


async def _begin(house: House, provider: OpenId, request: Request, act: Act) -> Response:
    address = request.client.host if request.client else ""
    await house.limit(f"sign-in {address}", house.settings.sign_ins_per_minute * 20)
    try:
        said = await openid.configuration(house, provider.issuer)
    except OutsideError as fault:
        raise Refused(502, f"The {_WHO} does not say how to sign in ({fault.what}).") from None
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not isinstance(said.get(name), str) or not house.outside.known(said[name]):
            raise Refused(502, f"The {_WHO} names no {name} on a server that the settings list.")
    if str(said.get("issuer")).rstrip("/") != provider.issuer.rstrip("/"):
        raise Refused(502, f"The {_WHO} names another issuer than the settings.")
    methods = said.get("token_endpoint_auth_methods_supported")
    basic = not isinstance(methods, list) or "client_secret_basic" in methods
    state, bind, verifier, nonce = (secrets.token_urlsafe(size) for size in (32, 32, 64, 24))
    says_iss = said.get("authorization_response_iss_parameter_supported") is True
    begun = Begun(verifier, nonce, hashed(bind), said["token_endpoint"], said["jwks_uri"], str(said["issuer"]), basic, says_iss)
    await house.asked(house.store.keep, "sign-in", state, msgspec.json.encode(begun), float(_SECONDS))
    asked = {
        "response_type": "code", "client_id": provider.client_id, "redirect_uri": f"{house.settings.base}/sign-in/callback", "scope": " ".join(provider.scopes),
        "state": state, "nonce": nonce, "code_challenge": openid.challenge(verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    joined = "&" if urlsplit(said["authorization_endpoint"]).query else "?"
    answer = RedirectResponse(f"{said['authorization_endpoint']}{joined}{urlencode(asked)}", 302)
    answer.headers.append("Set-Cookie", _cookie(house, bind, _SECONDS))
    return answer


async def _finish(house: House, provider: OpenId, request: Request, act: Act) -> Response:
    query = request.query_params
    state, bind = query.get("state", ""), cookies_of(house.settings, request).get(_COOKIE, "")
    data = await house.asked(house.store.kept, "sign-in", state) if 0 < len(state) <= 200 else None
    if data is None:
        raise Refused(400, "This answer belongs to no sign-in, or to one that is over. Begin again at /sign-in.")
    begun = msgspec.json.decode(data, type=Begun)
    if not bind or not hmac.compare_digest(hashed(bind), begun.bound):
        raise Refused(403, "This sign-in was begun in another browser. Begin again at /sign-in.")
    if await house.asked(house.store.take, "sign-in", state) is None:
        raise Refused(400, "This sign-in was used already. Begin again at /sign-in.")
    said = query.get("iss")
    if (said is not None and said != begun.issuer) or (said is None and begun.says_iss):
        raise Refused(400, "The answer names another issuer than the sign-in.")
    if "error" in query or not query.get("code"):
        raise Refused(403, f"The {_WHO} did not allow it.")
    form = {
        "grant_type": "authorization_code", "code": query["code"], "redirect_uri": f"{house.settings.base}/sign-in/callback",
        "code_verifier": begun.verifier, "client_id": provider.client_id,
    }  # fmt: skip
    headers = {}
    if provider.client_secret and begun.basic:
        pair = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    elif provider.client_secret:
        form["client_secret"] = provider.client_secret
    given = await openid.tokens(house, begun.token, form, _WHO, headers)
    claims = await openid.identity(house, given.get("id_token"), begun.jwks, begun.issuer, provider.client_id, begun.nonce)
    name, role = name_of(provider, claims), role_of(provider, claims)
    act.who = name
    if role is None:
        raise Refused(403, "You are signed in, and have no role here. Ask whoever runs this server for one.")
    token, seconds = secrets.token_urlsafe(32), house.settings.session_minutes * 60
    await house.asked(house.store.open_session, token, name, role, float(seconds))
    answer = Response(pages.render("signed_in.html", who=name, role=role), media_type="text/html", headers=pages.policy("'none'"))
    answer.headers.append("Set-Cookie", session_cookie(house, token, seconds))
    answer.headers.append("Set-Cookie", _cookie(house, "", 0))
    return answer


def name_of(provider: OpenId, claims: dict[str, Any]) -> str:
    """The name in the trail, which no user with a password can have; the subject where the claim that the settings name is missing."""
    said = _claim(claims, provider.name_claim)
    return f"openid:{said if isinstance(said, str) and said.strip() else claims['sub']}"[:_LONGEST_NAME]


def role_of(provider: OpenId, claims: dict[str, Any]) -> str | None:
    """The first role of the settings whose value the claim holds; None where it holds none of them."""
    said = _claim(claims, provider.roles_claim)
    values = (
        {said} if isinstance(said, str) else {one for one in said if isinstance(one, str)} if isinstance(said, list) else set()
    )
    return next((role for value, role in provider.roles.items() if value in values), None)


def _claim(claims: dict[str, Any], path: str) -> Any:
    """A claim by its name, or by a path such as `realm_access.roles`."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _cookie(house: House, value: str, seconds: int) -> str:
    return cookie(house.settings, _COOKIE, value, seconds, "/sign-in")
