"""The self-label by which an account on Bluesky says that it is automated: read, and set without touching the rest of the profile.

Facts: docs.bsky.app, "Bots" (2026-03-19: the value is "bot", in `labels` of the record app.bsky.actor.profile/self); the lexicons of
app.bsky.actor.profile and com.atproto.label.defs#selfLabels; com.atproto.repo.putRecord (`swapRecord`). Read in November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from listener.bluesky_session import Declined, said
from listener.errors import NetworkError
from responders.channels._bluesky_session import WritingSession
from responders.channels.base import Label

PROFILES = "app.bsky.actor.profile"
_SELF_LABELS = "com.atproto.label.defs#selfLabels"
_BOT = "bot"
_TIMEOUT = 30.0
_REMEDY = "Set it: earnest sources label bluesky"


async def read_label(session: WritingSession) -> Label:
    """Return whether our account carries the label.

    Raises:
        SignInNeeded, NetworkError
    """
    _, profile = await _profile(session)
    return Label(_BOT in _values(profile), _REMEDY)


async def set_label(session: WritingSession) -> Label:
    """Put the label beside whatever else the profile holds; where it changed meanwhile, nothing is written.

    Raises:
        SignInNeeded, NetworkError: it was not set, or nobody can tell.
    """
    account = await session.account()
    cid, profile = await _profile(session)
    values = _values(profile)
    if _BOT in values:
        return Label(True, _REMEDY)
    labels = {"$type": _SELF_LABELS, "values": [{"val": value} for value in (*values, _BOT)]}
    order = {
        "repo": account.id,
        "collection": PROFILES,
        "rkey": "self",
        "record": {**profile, "$type": PROFILES, "labels": labels},
        "swapRecord": cid,
    }
    answer = await session.write("com.atproto.repo.putRecord", order, _TIMEOUT)
    if not answer.ok:
        message = f"Bluesky did not take the label: {said(answer)}"
        raise NetworkError(message, "ask again; where somebody edits the profile just now, that was the reason")
    return Label(True, _REMEDY)


async def _profile(session: WritingSession) -> tuple[str | None, Mapping[str, Any]]:
    """Return the version of our profile and what stands in it; (None, {}) where there is none yet."""
    account = await session.account()
    try:
        found = await session.ask("com.atproto.repo.getRecord", {"repo": account.id, "collection": PROFILES, "rkey": "self"})
    except Declined as failure:
        if failure.code == "RecordNotFound":
            return None, {}
        raise
    cid, value = found.get("cid"), found.get("value")
    if isinstance(cid, str) and isinstance(value, dict):
        return cid, value
    message = "Bluesky's answer about our profile made no sense"
    raise NetworkError(message)


def _values(profile: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the self-labels in a profile, in their order.

    Raises:
        NetworkError: there are labels of a kind that is not known, which must not be lost.
    """
    labels = profile.get("labels")
    values = labels.get("values") if isinstance(labels, dict) and labels.get("$type", _SELF_LABELS) == _SELF_LABELS else None
    if labels is None:
        return ()
    if isinstance(values, list) and all(isinstance(one, dict) and isinstance(one.get("val"), str) for one in values):
        return tuple(one["val"] for one in values)
    message = "our profile on Bluesky has labels of a kind that Earnest does not know, so it does not touch them"
    raise NetworkError(message, "set the label in an app of Bluesky's")
