"""How long a Bluesky access token lives, read from what it says of itself, also where that is nonsense."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest

from listener.bluesky_tokens import lifetime

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def jwt(payload: object) -> str:
    said = payload if isinstance(payload, str) else json.dumps(payload)
    return f"e30.{urlsafe_b64encode(said.encode()).decode().rstrip('=')}.x"


@pytest.mark.parametrize(
    ("token", "seconds"),
    [
        (jwt({"iat": 1_000, "exp": 8_200}), 7_200),
        (jwt({"iat": 1_000.5, "exp": 1_010.5}), 10),
        (jwt({"exp": AT.timestamp() + 60}), 60),
        (jwt({"iat": "1000", "exp": AT.timestamp() + 60}), 60),
        (jwt({"exp": AT.timestamp() - 60}), None),
        (jwt({"iat": 8_200, "exp": 1_000}), None),
        (jwt({"iat": 0, "exp": 10**12}), None),
        (jwt({"iat": 0, "exp": 10**400}), None),
        (jwt('{"iat": 0, "exp": 1e999}'), None),
        (jwt('{"iat": 0, "exp": NaN}'), None),
        (jwt('{"iat": 0, "exp": ' + "9" * 5_000 + "}"), None),
        (jwt({"iat": 0, "exp": True}), None),
        (jwt({"iat": 0, "exp": "soon"}), None),
        (jwt({}), None),
        (jwt([1]), None),
        (jwt("[" * 10_000), None),
        (jwt("\x00"), None),
        ("e30.\u00e9\u00e9\u00e9\u00e9.x", None),
        ("e30.!.x", None),
        ("e30..x", None),
        ("a.b", None),
        ("access-3", None),
        ("", None),
        ("." * 100_000, None),
    ],
)
def test_how_long_a_token_lives_is_read_from_it_or_unknown(token: str, seconds: float | None) -> None:
    assert lifetime(token, AT) == (None if seconds is None else timedelta(seconds=seconds))
