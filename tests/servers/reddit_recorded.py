"""What Reddit itself once answered to praw: recorded by its authors over the years (in the source archive of praw 8.0.3, BSD).

The server that plays it is `Recorded` in mastodon_recorded.py.
"""

from __future__ import annotations

import json
import re
import tarfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from tests.servers.mastodon_recorded import Exchange
from tests.servers.recordings import source_archive

ARCHIVE = "praw-8.0.3.tar.gz"
SHA256 = "9b1428eb27e75420010713a5d6e86e7444540164efbb89eba6e693df0a10a512"
_KEPT_HEADERS = ("x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-used", "www-authenticate")
SIGN_IN, ME = "/api/v1/access_token", "/api/v1/me"


@cache
def tapes() -> Mapping[str, tuple[Exchange, ...]]:
    """Return every recording by its name, such as `TestInbox.test_mentions`."""
    found: dict[str, tuple[Exchange, ...]] = {}
    with tarfile.open(source_archive("praw==8.0.3", ARCHIVE, SHA256)) as packed:
        for member in packed:
            name = re.fullmatch(r"[^/]+/tests/integration/cassettes/(.+)\.json", member.name)
            file = packed.extractfile(member) if name else None
            if name and file:
                found[name[1]] = tuple(_exchanges(json.load(file)))
    return found


def _exchanges(tape: Mapping[str, Any]) -> Iterator[Exchange]:
    for one in tape["interactions"]:
        asked, told = one["request"], one["response"]
        body = told["body"]
        data = b64decode(body["base64_string"]) if "base64_string" in body else str(body.get("string") or "").encode()
        headers = {name.lower(): values if isinstance(values, str) else ", ".join(values) for name, values in told["headers"].items()}
        kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
        yield Exchange(asked["method"], urlsplit(asked["uri"]).path.rstrip("/"), told["status"]["code"], data, kept)


def of(tape: str, path: str, method: str = "GET") -> list[Exchange]:
    """Return the exchanges on a tape whose path begins so."""
    return [one for one in tapes()[tape] if one.method == method and one.path.startswith(path)]


def door() -> list[Exchange]:
    """Return a recorded sign-in by refresh token, and who signed in."""
    return [of("TestUser.test_me", SIGN_IN, "POST")[0], of("TestUser.test_me", ME)[0]]


def things() -> list[tuple[str, dict[str, Any]]]:
    """Return every comment and every submission in every recorded answer, each with the tape it is on."""
    found: list[tuple[str, dict[str, Any]]] = []

    def walk(value: object, tape: str) -> None:
        if isinstance(value, dict):
            if value.get("kind") in {"t1", "t3"} and isinstance(value.get("data"), dict):
                found.append((tape, value))
            for part in value.values():
                walk(part, tape)
        elif isinstance(value, list):
            for part in value:
                walk(part, tape)

    for name, tape in tapes().items():
        for exchange in tape:
            if exchange.status == 200 and exchange.body[:1] in {b"{", b"["}:
                walk(exchange.json, name)
    return found
