"""What the HTTP client reads without a network: addresses, waits, and text that a store can keep."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from listener.decoding import TooDeepError, decoded, tidy
from listener.http import is_public, retry_after

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("address", ["8.8.8.8", "151.101.1.6", "2606:4700::1111", "2a00:1450:4001::1"])
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - refused, not bound
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "2001::1",
        "2001:db8::1",
        "100::1",
    ],
)
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(address)


def test_text_that_no_store_can_keep_is_mended() -> None:
    told = {"a\0": ["\ud83d", "\ude00x", "\U0001f600", "fine", 1, None, True, 1.5]}
    mended = {"a\ufffd": ["\ufffd", "\ufffdx", "\U0001f600", "fine", 1, None, True, 1.5]}
    assert tidy(told) == mended
    assert decoded(json.dumps(told).encode()) == mended
    assert decoded(b'["a\xed\xa0\xbdb", "\\u0000"]') == ["a\ufffdb", "\ufffd"]
    for encoding in ("utf-8-sig", "utf-16", "utf-32-be"):
        assert decoded(json.dumps({"\u00e9\0": "\U0001f600"}, ensure_ascii=False).replace("\0", "\\u0000").encode(encoding)) == {
            "\u00e9\ufffd": "\U0001f600"
        }


def _nested(depth: int) -> bytes:
    return b'{"a":[' * (depth // 2) + b"[" * (depth % 2) + b"]" * (depth % 2) + b"]}" * (depth // 2)


@pytest.mark.parametrize("odd", [b"", b'"\\u0000"'])
def test_an_answer_is_at_most_so_deep(odd: bytes) -> None:
    """Depth is counted the same, whether or not there is odd text in it."""
    around = b"[%s,%s]" if odd else b"[%s%s]"
    assert decoded(around % (_nested(64), odd))
    with pytest.raises(TooDeepError):
        decoded(around % (_nested(65), odd))
    for far_deeper in (900, 100_000):  # the last is more than JSON can be read at all
        with pytest.raises(TooDeepError):
            decoded(around % (_nested(far_deeper), odd))


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 60),
        ({"Retry-After": "30"}, 30),
        ({"Retry-After": " 1.5 "}, 1.5),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "-5"}, 1),
        ({"Retry-After": "1e9"}, 900),
        ({"Retry-After": "1000000000"}, 900),
        ({"Retry-After": "99999999999999999999"}, 900),
        ({"Retry-After": "nan"}, 60),
        ({"Retry-After": "inf"}, 60),
        ({"Retry-After": "soon"}, 60),
        ({"Retry-After": "9" * 5_000}, 60),
        ({"Retry-After": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 90),
        ({"Retry-After": format_datetime(NOW - timedelta(days=1))}, 1),
        ({"Retry-After": "Fri, 31 Feb 2026 99:99:99 GMT"}, 60),
        ({"X-RateLimit-Reset": (NOW + timedelta(minutes=5)).isoformat().replace("+00:00", "Z")}, 300),
        ({"X-RateLimit-Reset": "2026-11-20T12:00:10.000000Z"}, 10),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 120)}, 120),
        ({"X-RateLimit-Reset": "45"}, 45),
        ({"RateLimit-Reset": str(int(NOW.timestamp()) + 20)}, 20),
        ({"X-RateLimit-Reset": "0001-01-01T00:00:00+14:00"}, 60),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "7"}, 7),
        ({"Retry-After": "3", "X-RateLimit-Reset": "7"}, 3),
    ],
)
def test_every_way_to_say_wait_is_understood_and_bounded(headers: dict[str, str], wait: float) -> None:
    assert retry_after(headers, NOW) == wait
