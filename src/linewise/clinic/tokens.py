"""The record system's own JWT on a CDS Hooks call, verified whole before anything in the call is believed."""

from __future__ import annotations

import base64
import binascii
import time
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from .house import House
from .logs import say
from .refused import Refused
from .settings import Ehr

_FAMILIES = {"ES384": "EC", "RS384": "RSA"}
_LEEWAY = 60.0
_LONGEST = 86_400.0  # seconds that a JWT may live: as long is its `jti` remembered
_LARGEST = 16_384


class Caller(msgspec.Struct, frozen=True):
    """Who calls: the hospitals that this signer may speak for, and what the JWT says of itself."""

    hospitals: tuple[Ehr, ...]
    iss: str
    jti: str
    tenant: str = ""

    def hospital(self, fhir: str | None) -> Ehr | None:
        """The hospital of this call, by signer and FHIR server, or by tenant; None where it is not clear which."""
        found = [one for one in self.hospitals if fhir is None or _same(one.fhir, fhir)]
        if len(found) > 1 and self.tenant:
            found = [one for one in found if one.tenant == self.tenant]
        if fhir is None and found and len({one.region for one in found}) == 1:
            return found[0]  # nobody is called, and which of them it is changes no word of the answer
        return found[0] if len(found) == 1 else None


def _same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")


async def caller(house: House, authorization: str | None, addresses: tuple[str, ...]) -> Caller | None:
    """Who signed this call to one of these addresses. None in a trial run, where nobody has to. Raises Refused (401), without a reason."""
    if authorization is None and house.settings.trial:
        return None
    try:
        return await _verified(house, authorization or "", addresses)
    except _BadError as fault:
        say("jwt refused", iss=fault.iss, jti=fault.jti, why=fault.why)
        raise Refused(401) from None


class _BadError(Exception):
    """What is wrong, for the log: our own words; `iss` only where the settings name it, `jti` as a hash-like short name."""

    def __init__(self, why: str, iss: str = "", jti: str = "") -> None:
        super().__init__(why)
        self.why, self.iss, self.jti = why, iss, jti


async def _verified(house: House, authorization: str, addresses: tuple[str, ...]) -> Caller:
    kind, _, token = authorization.partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token or len(token) > _LARGEST:
        raise _BadError("no bearer token")
    header, claims = _peek(token)
    algorithm, iss = header.get("alg"), claims.get("iss")
    if not isinstance(algorithm, str) or algorithm not in _FAMILIES:
        raise _BadError("algorithm")
    hospitals = tuple(one for one in house.settings.ehrs if one.iss and one.iss == iss and one.jku)
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise _BadError("another kind of token")
    jku = header.get("jku")
    if jku is not None:
        hospitals = tuple(one for one in hospitals if one.jku == jku)
    if not hospitals:
        raise _BadError("issuer or key set")
    name = str(iss)
    keys = dict.fromkeys(one.jku for one in hospitals)
    for address in keys:
        key = await house.keysets.key(address, str(header.get("kid") or ""), _FAMILIES[algorithm])
        if key is None:
            continue
        try:
            token_ = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                registry=JWSRegistry(algorithms=[algorithm], strict_check_header=False),
            )
        except (JoseError, ValueError):
            continue
        hospitals = tuple(one for one in hospitals if one.jku == address)
        return await _once(house, token_.claims, hospitals, addresses, name)
    raise _BadError("signature", name)


async def _once(house: House, claims: dict[str, Any], hospitals: tuple[Ehr, ...], addresses: tuple[str, ...], iss: str) -> Caller:
    """The claims of a signature that holds: times, audience, and that it was never used before."""
    now, jti = time.time(), claims.get("jti")
    if not isinstance(jti, str) or not jti or len(jti) > 512:
        raise _BadError("jti", iss)
    expiry, issued, begins = _time(claims.get("exp")), _time(claims.get("iat")), _time(claims.get("nbf", 0))
    if expiry is None or not now - _LEEWAY <= expiry <= now + _LONGEST:
        raise _BadError("exp", iss, jti)
    if issued is None or issued > now + _LEEWAY:
        raise _BadError("iat", iss, jti)
    if begins is None or begins > now + _LEEWAY:
        raise _BadError("nbf", iss, jti)
    audience = claims.get("aud")
    said = (
        {audience}
        if isinstance(audience, str)
        else {one for one in audience if isinstance(one, str)}
        if isinstance(audience, list)
        else set()
    )
    taken = {one for one in hospitals if said & {*addresses, *one.audiences}}
    hospitals = tuple(one for one in hospitals if one in taken)
    if not hospitals:
        raise _BadError("aud", iss, jti)
    if not await house.asked(house.store.first_time, "jti", iss, jti, until=expiry + _LEEWAY):
        raise _BadError("used before", iss, jti)
    say("jwt accepted", iss=iss, jti=jti)
    return Caller(hospitals, iss, jti, str(claims.get("tenant") or ""))


def _time(value: Any) -> float | None:
    """Seconds since 1970, as a JWT has them; None for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12 else None


def _peek(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims as they claim to be, only to find the key that they are verified with."""
    parts = token.split(".")
    if len(parts) != 3:
        raise _BadError("form")
    try:
        header, claims = (msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        raise _BadError("form") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise _BadError("form")
    return header, claims
