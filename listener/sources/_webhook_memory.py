"""What a webhook source remembers between two runs: the last deliveries it stored, and when it last told of some it could not read.

It is the source's cursor, so it is stored in one transaction with the posts of those deliveries: whoever brings one again is told the
truth, also after a crash between storing and answering. Of the last 2,000 claims each takes 20 letters.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import islice

from listener.clock import from_text, to_text

MOST = 2_000
_CLAIM, _BODY = 12, 8  # letters, six bits each: enough that nobody finds two alike


@dataclass(frozen=True, slots=True)
class Memory:
    """The claims that were stored, each with its body, oldest first (both as digests); and when a gap was last told."""

    seen: Mapping[str, str] = field(default_factory=dict)
    told_at: datetime | None = None

    def holds(self, claims: Iterable[str], body: str) -> bool | None:
        """Return True where one of these claims was made with this body, False where with another, None where never."""
        found = {self.seen[claim] for claim in claims if claim in self.seen}
        return None if not found else found == {body}

    def with_(self, more: Mapping[str, str], told_at: datetime | None) -> Memory:
        """Return the memory with more claims, the oldest forgotten."""
        seen = {claim: body for claim, body in self.seen.items() if claim not in more} | dict(more)
        return Memory(dict(islice(seen.items(), max(0, len(seen) - MOST), None)), told_at)

    def cursor(self) -> str:
        """Return it as text."""
        told = to_text(self.told_at) if self.told_at else ""
        return json.dumps({"seen": "".join(claim + body for claim, body in self.seen.items()), "told": told})


def claim_digest(claim: str) -> str:
    """Return the few letters that stand for a claim."""
    return _letters(claim.encode("utf-8", "surrogateescape"), _CLAIM)


def body_digest(body: bytes) -> str:
    """Return the few letters that stand for a body."""
    return _letters(body, _BODY)


def _letters(what: bytes, length: int) -> str:
    return base64.urlsafe_b64encode(sha256(what).digest()).decode()[:length]


def read_cursor(cursor: str | None) -> Memory | None:
    """Return what was remembered; None where it cannot be read."""
    if cursor is None:
        return Memory()
    try:
        found = json.loads(cursor)
        seen, told = found["seen"], found["told"]
        size = _CLAIM + _BODY
        parts = (seen[at : at + size] for at in range(0, len(seen), size))
        return Memory({part[:_CLAIM]: part[_CLAIM:] for part in parts}, from_text(told) if told else None)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
