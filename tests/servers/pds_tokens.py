"""The tokens of the server in `pds`: made as Bluesky's own code makes them (PDS 0.5.35), only not signed by anybody."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

ACCESS, REFRESH = "access", "refresh"
_SCOPES = {ACCESS: "com.atproto.appPass", REFRESH: "com.atproto.refresh"}


@dataclass
class Token:
    did: str
    kind: str
    ends: datetime
    expired: bool = False


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@dataclass
class Tokens:
    """All tokens of a server. `lives` is how long an access token lives; `plain` makes tokens that say nothing of themselves."""

    clock: Callable[[], datetime]
    lives: timedelta = timedelta(hours=2)
    plain: bool = False
    made: dict[str, Token] = field(default_factory=dict)

    def pair(self, did: str) -> tuple[str, str]:
        """Return a new access token and a new token that renews it."""
        access, refresh = self._make(did, ACCESS, self.lives), self._make(did, REFRESH, timedelta(days=90))
        return access, refresh

    def _make(self, did: str, kind: str, lives: timedelta) -> str:
        number, made = len(self.made), self.clock()
        seconds = int(made.timestamp())
        says = {"scope": _SCOPES[kind], "sub": did, "iat": seconds, "exp": seconds + int(lives.total_seconds()), "jti": str(number)}
        text = f"{kind}-{number}" if self.plain else f"{_part({'typ': 'JWT', 'alg': 'HS256'})}.{_part(says)}.{kind}{number}"
        self.made[text] = Token(did, kind, made + lives)
        return text

    def find(self, text: str, kind: str) -> Token | None:
        found = self.made.get(text)
        return found if found and found.kind == kind else None

    def is_over(self, token: Token) -> bool:
        return token.expired or self.clock() >= token.ends

    def of_kind(self, kind: str) -> Iterator[Token]:
        return (token for token in self.made.values() if token.kind == kind)
