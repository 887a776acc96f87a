"""The settings of the clinic's server: one file, and environment variables that go before it. docs/clinic.md lists them all."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from linewise.errors import LinewiseError, RecordError
from linewise.exchange.source import parse
from linewise.knowledge.model import Region

PREFIX = "LINEWISE_CLINIC_"
"""The environment variable `LINEWISE_CLINIC_STORE` overrides `store` in the file; the other settings work the same way."""


class Ehr(msgspec.Struct, frozen=True, kw_only=True):
    """One hospital's record system. Nobody who is not listed is ever contacted or answered."""

    name: str
    fhir: str  # the base of its FHIR server
    iss: str = ""  # who signs its calls; several hospitals may share one
    jku: str = ""  # where the keys of the signer are
    client_id: str = ""  # of this app, for SMART App Launch
    client_auth: Literal["none", "private_key_jwt"] = "none"
    origins: tuple[str, ...] = ()  # who may frame the app and call from a browser
    audiences: tuple[str, ...] = ()  # what a record system puts into `aud` where it is not the address that it calls
    region: Region | None = None
    tenant: str = ""  # what a signer of several hospitals puts into `tenant`
    servers: tuple[str, ...] = ()  # further addresses of this hospital that may be called, such as its sign-in server

    @property
    def homes(self) -> tuple[str, ...]:
        """The addresses that its records may speak of as its own: the FHIR base first."""
        return (self.fhir, *self.servers)


class OpenId(msgspec.Struct, frozen=True, kw_only=True):
    """The hospital's own sign-in (OpenID Connect), and which of its people have which role here."""

    issuer: str
    client_id: str
    client_secret: str = ""  # better from the environment: LINEWISE_CLINIC_OPENID_SECRET
    scopes: tuple[str, ...] = ("openid", "profile")
    name_claim: str = "sub"  # what the audit trail names a person by
    roles_claim: str = "roles"  # a name, or a path such as `realm_access.roles`
    roles: dict[
        str, Literal["clinician", "auditor", "admin"]
    ] = {}  # a value of that claim, and the role; the first that fits counts
    servers: tuple[str, ...] = ()  # further servers of the provider that may be called


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set, with what holds where nothing is said."""

    public_url: str
    store: str
    region: Region | None = None
    ehrs: tuple[Ehr, ...] = ()
    openid: OpenId | None = None  # sign-in by the hospital's own provider
    passwords: bool = True  # sign-in by name and password
    body_seconds: float = 30.0  # in which a request must have arrived whole
    telemetry: str = ""  # the collector that traces and metrics go to (OTLP over HTTP); none without it
    mcp: bool = True  # the tools for assistants, at /mcp
    trial: bool = False  # calls without a signature are answered; on the own machine only
    key_file: str = ""  # 32 random bytes in base64; LINEWISE_CLINIC_KEY overrides it
    keep_answers: bool = False  # keep what was asked and answered, encrypted, so that it can be replayed
    keep_days: int = 365
    medicine_digest: str = ""  # only this medicine may answer
    medicine_months: int = 12  # after that it is expired
    fetch_seconds: float = 8.0  # for everything that is fetched for one answer
    call_seconds: float = 5.0  # for one call
    largest_mb: int = 32  # of one request
    prefetch_hours: float = 24.0
    most_resources: int = 20_000
    most_pages: int = 600
    session_minutes: int = 60
    sign_ins_per_minute: int = 10
    calls_per_minute: int = 6000

    @property
    def base(self) -> str:
        return self.public_url.rstrip("/")

    def ehr(self, iss: str, fhir: str | None) -> Ehr | None:
        """The hospital of a signer and a FHIR server; without the server, only where the signer has one hospital."""
        found = [one for one in self.ehrs if one.iss == iss and iss]
        if fhir is not None:
            found = [one for one in found if same_base(one.fhir, fhir)]
        return found[0] if len(found) == 1 else None

    def at(self, fhir: str) -> Ehr | None:
        """The hospital with this FHIR base."""
        return next((one for one in self.ehrs if same_base(one.fhir, fhir)), None)


def same_base(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")


def load(path: str | None, environment: Mapping[str, str] | None = None, port: int = 8758) -> Settings:
    """The settings of a file, or without one those of a trial run on this machine. Raises LinewiseError that says what is wrong."""
    environment = os.environ if environment is None else environment
    value: dict[str, Any] = _trial(port) if path is None else _read(path)
    for field in msgspec.structs.fields(Settings):
        named = environment.get(PREFIX + field.name.upper())
        if named is not None and field.name not in ("ehrs", "openid"):
            value[field.name] = named
    if isinstance(value.get("openid"), dict) and f"{PREFIX}OPENID_SECRET" in environment:
        value["openid"] = {**value["openid"], "client_secret": environment[f"{PREFIX}OPENID_SECRET"]}
    where = path or "the settings"
    unknown = sorted(set(value) - {field.name for field in msgspec.structs.fields(Settings)})
    if unknown:
        print(f"linewise: {where}: not known and left out: {', '.join(map(str, unknown))}", file=sys.stderr)
    try:
        settings = msgspec.convert(value, Settings, strict=False)
    except msgspec.ValidationError as fault:
        raise LinewiseError(f"{where}: {fault}. docs/clinic.md lists the settings.") from None
    _check(settings, where)
    return settings


def _read(path: str) -> dict[str, Any]:
    try:
        value, _ = parse(Path(path).read_bytes(), path)
    except OSError as fault:
        raise LinewiseError(f"{path}: the settings cannot be read: {fault.strerror}.") from None
    except RecordError as fault:
        raise LinewiseError(str(fault)) from None
    if not isinstance(value, dict):
        raise LinewiseError(f"{path}: the settings are a group of named members; docs/clinic.md shows one.")
    return value


def _trial(port: int) -> dict[str, Any]:
    base = os.environ.get("XDG_DATA_HOME", "")
    folder = (Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "share") / "linewise"
    return {"public_url": f"http://127.0.0.1:{port}", "store": f"sqlite:///{folder / 'clinic.sqlite'}", "trial": True}


def _check(settings: Settings, where: str) -> None:
    _safe(settings.public_url, f"{where}: public_url")
    if settings.trial and not loopback(settings.public_url):
        raise LinewiseError(f"{where}: trial answers without a signature, so public_url must be of this machine (127.0.0.1).")
    if settings.telemetry:
        parts = urlsplit(settings.telemetry)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise LinewiseError(f"{where}: telemetry is the address of a collector, such as http://collector:4318")
    if settings.store.split(":", 1)[0] not in ("sqlite", "postgresql", "postgresql+psycopg"):
        raise LinewiseError(f"{where}: store begins with sqlite:/// or postgresql+psycopg://")
    if settings.openid is not None:
        for address in (settings.openid.issuer, *settings.openid.servers):
            _safe(address, f"{where}: openid")
        if "openid" not in settings.openid.scopes or not settings.openid.roles:
            raise LinewiseError(f"{where}: openid: `scopes` must hold openid, and `roles` must say who has which role.")
    elif not settings.passwords:
        raise LinewiseError(f"{where}: without passwords nobody could sign in: name a provider under `openid`.")
    for one in settings.ehrs:
        for name, address in (("fhir", one.fhir), ("jku", one.jku), *(("servers", each) for each in one.servers)):
            if address:
                _safe(address, f"{where}: {name} of {one.name}")
        for origin in one.origins:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.netloc or set(origin) & set(" ;,'\"*"):
                raise LinewiseError(f"{where}: origins of {one.name}: `{origin}` is not an origin such as https://ehr.example")
    pairs = [(one.iss, one.fhir.rstrip("/")) for one in settings.ehrs]
    if len(set(pairs)) < len(pairs):
        raise LinewiseError(f"{where}: two hospitals have the same iss and fhir.")


def _safe(address: str, where: str) -> None:
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and loopback(address):
        return
    raise LinewiseError(f"{where}: `{address}` must begin with https:// (http is taken for this machine only).")


def loopback(address: str) -> bool:
    """Whether an address is of this machine."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin_of(address: str) -> str:
    """Scheme, host and port, as a browser compares them."""
    parts = urlsplit(address)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"
