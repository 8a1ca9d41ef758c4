"""What a Mastodon server says of itself: which software, where its stream is, and how long a status may be.

Shapes: docs.joinmastodon.org, entities Instance and V1::Instance (November 2026). `/api/v2/instance` is asked first. Older and compatible
servers have only `/api/v1/instance`, where the length may stand as `max_toot_chars` (Pleroma, Akkoma, glitch-soc).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from listener.http import Http
from listener.mastodon_wire import check, read
from listener.shapes import Wire

USUAL_LIMIT = 500
"""How many characters a status may have where a server does not say."""

USUAL_ADDRESS_LENGTH = 23
"""As how many characters Mastodon itself counts a web address, unless it says otherwise."""

_GONE = frozenset({404, 410})
_MASTODON = "https://github.com/mastodon/mastodon"
_WHAT = "what the server says of itself"

_Count = Annotated[int, Field(ge=1)]


class _Statuses(Wire):
    max_characters: _Count | None = None
    characters_reserved_per_url: _Count | None = None


class _Addresses(Wire):
    streaming: str | None = None
    streaming_api: str | None = None


class _Configuration(Wire):
    statuses: _Statuses = _Statuses()
    urls: _Addresses = _Addresses()


class Instance(Wire):
    """A server, as it describes itself under either address."""

    version: str
    source_url: str | None = None
    configuration: _Configuration = _Configuration()
    urls: _Addresses = _Addresses()
    max_toot_chars: _Count | None = None

    @property
    def is_mastodon(self) -> bool:
        """True for Mastodon itself; compatible servers say "(compatible; …)", name their own source, or none."""
        source = (self.source_url or "").lower().removesuffix("/").removesuffix(".git")
        return "compatible" not in self.version.lower() and source == _MASTODON

    @property
    def limit(self) -> int:
        """How many characters a status may have."""
        return self.configuration.statuses.max_characters or self.max_toot_chars or USUAL_LIMIT

    @property
    def address_length(self) -> int | None:
        """As how many characters a web address counts; None where the server does not say and may count every character."""
        return self.configuration.statuses.characters_reserved_per_url or (USUAL_ADDRESS_LENGTH if self.is_mastodon else None)

    @property
    def streaming(self) -> str:
        """Where its stream is (`wss://host`), or "" where that is the server's own address."""
        return self.configuration.urls.streaming or self.urls.streaming or self.urls.streaming_api or ""


_instance = TypeAdapter(Instance)


async def ask(http: Http, secret: str, timeout: float = 30.0) -> Instance:
    """Return what the server says of itself. `secret` is the name of the secret to speak of where it wants a sign-in.

    A server that has neither page counts as one that is only compatible.

    Raises:
        SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
    """
    for path in ("/api/v2/instance", "/api/v1/instance"):
        answer = await http.call("GET", path, timeout=timeout)
        if answer.status not in _GONE:
            return read(_instance, check(answer, http.host, secret).body, _WHAT)
    return Instance(version="unknown (compatible)")
