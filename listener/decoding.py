"""JSON from strangers, decoded: no deeper than any network needs, and with text that every store can keep."""

from __future__ import annotations

import json
import re

MAX_DEPTH = 64
# What must be looked for text by text: NUL and halves of surrogate pairs, escaped or as bytes; and all that is no UTF-8, which has NULs.
_ODD = re.compile(rb"\\u(?:0000|[dD][89A-Fa-f])|\xed[\xa0-\xbf]|\0")


class TooDeepError(ValueError):
    """Nested beyond what any network needs."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("is nested too deep")


def decoded(data: bytes) -> object:
    """Return what a body of JSON says, tidied.

    Raises:
        TooDeepError: it is nested deeper than 64.
        ValueError: it is no JSON.
    """
    try:
        value = json.loads(data, parse_constant=_no_constant)
    except RecursionError:
        raise TooDeepError from None
    if _ODD.search(data):
        return tidy(value)
    level: list[object] = [value]  # nearly every answer of thousands of texts is as it should be: only its depth is to be seen
    for _ in range(MAX_DEPTH + 1):
        parts = (part.values() if isinstance(part, dict) else part for part in level if isinstance(part, dict | list))
        level = [one for part in parts for one in part]
        if not level:
            return value
    raise TooDeepError


def tidy(value: object, depth: int = 0) -> object:
    """Return decoded JSON with text that every store can keep: NUL and halves of surrogate pairs become U+FFFD.

    Raises:
        TooDeepError: it is nested deeper than 64.
    """
    if depth > MAX_DEPTH:
        raise TooDeepError
    if isinstance(value, str):
        whole = value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return whole.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [tidy(part, depth + 1) for part in value]
    if isinstance(value, dict):
        return {str(tidy(key, depth + 1)): tidy(part, depth + 1) for key, part in value.items()}
    return value


def _no_constant(name: str) -> object:
    message = f"{name} is no JSON"
    raise ValueError(message)
