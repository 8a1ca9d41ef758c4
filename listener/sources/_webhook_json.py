"""Read a delivery's body as JSON. It comes from somebody who holds the secret, and may be hostile all the same.

Numbers are kept as they are written (an id beyond 2**53 loses nothing), and what two readers could read differently is refused.
"""

from __future__ import annotations

import json


class Unreadable(Exception):
    """A body is no JSON that everybody reads alike; says why."""


class Whole(str):
    """A whole number, as it was written."""

    __slots__ = ()


class Fraction(str):
    """Any other number, as it was written."""

    __slots__ = ()


def read_body(body: bytes) -> object:
    """Read a body as JSON (RFC 8259), strictly.

    Raises:
        Unreadable: it is none, or could be read in two ways.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        message = "the body is not UTF-8"
        raise Unreadable(message) from None
    try:
        return json.loads(text, object_pairs_hook=_once, parse_int=Whole, parse_float=Fraction, parse_constant=_no_number)
    except RecursionError:
        message = "the body is too deep"
        raise Unreadable(message) from None
    except ValueError:
        message = "the body is no JSON"
        raise Unreadable(message) from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        message = "a key stands twice in one object"
        raise Unreadable(message)
    return found


def _no_number(_word: str) -> object:
    message = "NaN and Infinity are no JSON"
    raise Unreadable(message)
