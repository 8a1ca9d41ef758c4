"""The two tokens of a Bluesky session, and how long the first of them may still be used.

An access token is a JWT (RFC 7519): three parts in base64url, the second of them JSON with `iat` and `exp`, both seconds since 1970.
Only the server can tell whether it is genuine; here it is only read, to renew it before it runs out.
"""

from __future__ import annotations

import binascii
import json
import math
from base64 import urlsafe_b64decode
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from listener.model import Account
from listener.settings import Secret

RENEW_AHEAD = timedelta(minutes=5)

_LONGEST_TOKEN = 20_000
_LONGEST_LIFE = timedelta(days=365)
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gave us. `ends` is when the access token runs out by our own clock, None where it does not say.

    `ahead` is how long before that it should be renewed. `spent` is true once the server would not take it any more.
    """

    account: Account
    access: Secret
    refresh: Secret
    ends: datetime | None = None
    ahead: timedelta = RENEW_AHEAD
    spent: bool = False

    def lasts(self, at: datetime, span: timedelta = timedelta()) -> bool:
        """Return whether the access token can still be used, from the moment `at` on, for all of `span`."""
        return not self.spent and (self.ends is None or at + span < self.ends)

    def is_fresh(self, at: datetime) -> bool:
        """Return whether it need not be renewed yet."""
        return self.lasts(at, self.ahead)

    def used_up(self) -> Tokens:
        """Return the same, with an access token that must be renewed before anything else."""
        return replace(self, spent=True)


def tokens(account: Account, access: str, refresh: str, at: datetime) -> Tokens:
    """Return the tokens that the server made just now, at the moment `at` of our clock.

    How long the access token lives is counted from now on, so that a clock of ours that is hours off changes nothing. One that lives
    less than ten minutes is renewed at half of its life.
    """
    life = lifetime(access, at)
    if life is None:
        return Tokens(account, Secret(access), Secret(refresh))
    return Tokens(account, Secret(access), Secret(refresh), at + life, min(RENEW_AHEAD, life / 2))


def lifetime(access: str, at: datetime) -> timedelta | None:
    """Return how long the token lives: from when it was made (else from `at`) to its end. None where it does not say in a usable way."""
    said = _said(access)
    end, made = _seconds(said.get("exp")), _seconds(said.get("iat"))
    if end is None:
        return None
    life = end - (at.timestamp() if made is None else made)
    return timedelta(seconds=life) if 0 < life <= _LONGEST_LIFE.total_seconds() else None


def _said(token: str) -> dict[str, object]:
    parts = token.split(".")
    if len(parts) != _PARTS or len(token) > _LONGEST_TOKEN:
        return {}
    try:
        read = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
