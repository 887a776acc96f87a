"""OpenID Connect as a client, for record systems (SMART App Launch) and for the hospital's own sign-in alike: PKCE, tokens, the id token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError

from .house import House
from .outside import OutsideError
from .refused import Refused

_LEEWAY = 60.0
_ALGORITHMS = {"RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "ES256": "EC", "ES384": "EC", "ES512": "EC"}
_LARGEST = 16_384
_TOKEN = re.compile(r"[\x21-\x7e]+")  # what a header can hold


def challenge(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


async def configuration(house: House, issuer: str) -> dict[str, Any]:
    """What an issuer says of itself. Raises OutsideError."""
    return await house.outside.json("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")


async def tokens(
    house: House, address: str, form: dict[str, str], who: str, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """What a token endpoint answers; `who` names its server for the reader. Raises Refused."""
    try:
        found = await house.outside.json("POST", address, data=form, headers={"Accept": "application/json", **(headers or {})})
    except OutsideError as fault:
        status = 502 if fault.status == 0 or fault.status >= 500 else 403
        raise Refused(status, f"The {who} gave no token ({fault.what}).") from None
    token = found.get("access_token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token) or str(found.get("token_type")).lower() != "bearer":
        raise Refused(502, f"The {who} gave no bearer token.")
    return found


async def identity(house: House, token: Any, jwks: str, issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """The claims of an id token, verified: signature, issuer, audience, times, nonce. Every claim that OpenID Connect demands is demanded. Raises Refused."""
    if not isinstance(token, str) or len(token) > _LARGEST:
        raise Refused(403, "It was not said who is signed in: the id token is missing.")
    try:
        header = msgspec.json.decode(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
        algorithm = str(header["alg"])
        key = await house.keysets.key(jwks, str(header.get("kid") or ""), _ALGORITHMS[algorithm]) if jwks else None
        if key is None:
            raise ValueError
        claims = jwt.decode(token, key, algorithms=[algorithm]).claims
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, msgspec.DecodeError):
        raise Refused(403, "The signature of the id token does not hold.") from None
    now, audience = time.time(), claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    expiry, issued, subject = _time(claims.get("exp")), _time(claims.get("iat")), claims.get("sub")
    fine = (
        str(claims.get("iss")).rstrip("/") == issuer.rstrip("/")
        and client_id in audiences
        and (len(audiences) == 1 or claims.get("azp") == client_id)
        and expiry is not None
        and expiry > now - _LEEWAY
        and issued is not None
        and issued < now + _LEEWAY
        and hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode())
        and isinstance(subject, str)
        and 0 < len(subject) <= 255
    )
    if not fine:
        raise Refused(403, "The id token is not for this sign-in.")
    return dict(claims)


def _time(value: Any) -> float | None:
    """Seconds since 1970; None for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
