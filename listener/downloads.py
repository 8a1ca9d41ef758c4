"""Whole files from the web, as they are, behind the same guard as every other request: bounded, and never with a secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from yarl import URL

from listener.errors import Malformed
from listener.http import MAX_BYTES, Http
from listener.settings import Secret


@dataclass(frozen=True, slots=True)
class Download:
    """What came back: the status, its headers (whose names ignore case), and the bytes as they were sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Downloads(Http):
    """One file on the web. `address` is its whole `https://` address; plain http is for hosts named in `EARNEST_ALLOW_HOSTS`."""

    def __init__(self, address: str, *, accept: str = "*/*", max_bytes: int = MAX_BYTES) -> None:
        """Keep the address; nothing is opened yet. `accept` says what is hoped for; a file beyond `max_bytes` is refused.

        Raises:
            UsageError: the address cannot be used.
        """
        super().__init__(address, max_bytes=max_bytes)
        self._path = URL(address).raw_path_qs
        self._base = str(self._origin)
        self._accept = accept
        self._wishes: Mapping[str, str] = {}

    async def get(self, wishes: Mapping[str, str] | None = None, *, timeout: float = 30.0) -> Download:
        """Return the file, whatever the status; `timeout` is in seconds, for all of it.

        `wishes` are headers that go along wherever we are redirected to, such as `If-None-Match`; they must not hold a secret.

        Raises:
            NotConnected: no connection was made.
            Malformed: a 2xx answer is too large.
            NetworkError: it broke off, or sent us from address to address.
        """
        self._wishes = {"Accept": self._accept, **(wishes or {})}
        answer = await self.call("GET", self._path, timeout=timeout)
        return Download(answer.status, answer.headers, cast("bytes", answer.body))

    def _headers(self, url: URL, extra: Mapping[str, str], token: Secret | None) -> dict[str, str]:
        return {**super()._headers(url, extra, token), **self._wishes}

    def _decode(self, status: int, data: bytes | None) -> bytes:
        if data is None and 200 <= status < 300:  # noqa: PLR2004 - the range is the definition
            message = f"the answer of {self.host} is too large"
            raise Malformed(message)
        return data or b""
