"""What one message of Mastodon's stream tells us: that there is news, that a post changed, or that the server refuses a subscription.

Shapes: docs.joinmastodon.org, "streaming", and the streaming server's own source (`streaming/index.js`; both November 2026). What a
message says of a post is never stored: it only says where to look.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from listener.mastodon_wire import is_id
from listener.text import visible

_LONGEST_REFUSAL = 200


@dataclass(frozen=True, slots=True)
class Told:
    """What a message tells. `news`: fetch now. `changed`: the id of a post that was edited or deleted. `refused`: the server's words."""

    news: bool = False
    changed: str = ""
    refused: str = ""


NOTHING = Told()


def read(frame: str, concerns: Callable[[str, Mapping[str, object]], bool]) -> Told:
    """Make sense of a message. `concerns` is asked whether an edit of a post, by its id and as it was sent, is any of our business.

    Raises:
        ValueError: it is none that a Mastodon server sends.
    """
    told = _object(frame)
    if "error" in told:
        return Told(refused=visible(str(told["error"]), newlines=False)[:_LONGEST_REFUSAL])
    payload = told.get("payload")
    match told.get("event"):
        case "notification":
            return Told(news=_is_mention(payload))
        case "update":
            return Told(news=_is_under_a_tag(told.get("stream")))
        case "delete":
            return Told(changed=_id(payload))
        case "status.update":
            status = _object(payload)
            changed = _id(status.get("id"))
            ours = _is_under_a_tag(told.get("stream")) or concerns(changed, status)
            return Told(changed=changed) if ours else NOTHING
        case str():
            return NOTHING
    message = "a message without an event"
    raise ValueError(message)


def _object(text: object) -> Mapping[str, object]:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        message = "no object"
        raise ValueError(message)  # noqa: TRY004 - what a stranger sends has a wrong value, not a wrong type
    return found


def _id(value: object) -> str:
    if not isinstance(value, str) or not is_id(value):
        message = "no id"
        raise ValueError(message)
    return value


def _is_mention(payload: object) -> bool:
    """Our account is told of favourites and boosts too; a notification of a kind that cannot be read counts as a mention."""
    try:
        kind = _object(payload).get("type")
    except ValueError:
        return True
    return kind == "mention" or not isinstance(kind, str)


def _is_under_a_tag(stream: object) -> bool:
    """The stream of our account brings what we follow, which is not heard; a server that names no stream may mean either."""
    first = stream[0] if isinstance(stream, list) and stream else "hashtag"
    return isinstance(first, str) and first.startswith("hashtag")
