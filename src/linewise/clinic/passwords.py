"""Passwords: Argon2id, and one answer for an unknown name and a wrong password."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from linewise.errors import LinewiseError

SHORTEST, LONGEST = 8, 256
ROLES = ("clinician", "auditor", "admin")


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's first choice for Argon2id


def hash_of(password: str) -> str:
    """The hash of a new password. Raises LinewiseError for one that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise LinewiseError(f"a password has {SHORTEST} to {LONGEST} characters.")
    return _hasher().hash(password)


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher().hash("nobody has this password")


def fits(password: str, hash_: str | None) -> bool:
    """Whether a password is the one of a hash. Without a hash it takes as long and is False."""
    if len(password) > LONGEST:
        return False
    try:
        return _hasher().verify(hash_ or _nobody(), password) and hash_ is not None
    except (VerificationError, InvalidHashError):
        return False
