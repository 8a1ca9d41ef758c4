"""Who is on a Bluesky server, and what an account is told of the others' posts; for the server in `pds`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.servers.pds_records import POSTS, PROFILES, stamp


@dataclass
class Person:
    did: str
    handle: str
    password: str
    records: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    followers: int = 0
    bot: bool = False
    followed_only: bool = False
    closed: str = ""
    profile: dict[str, Any] = field(default_factory=dict)


def uri_of(person: Person, rkey: str) -> str:
    return f"at://{person.did}/{POSTS}/{rkey}"


def profile_of(person: Person) -> dict[str, Any]:
    profile = f"at://{person.did}/{PROFILES}/self"
    labels = [{"src": person.did, "uri": profile, "val": "bot", "cts": "1970-01-01T00:00:00.000Z"}] if person.bot else []
    return {"did": person.did, "handle": person.handle, "displayName": person.handle.title(), "labels": labels}


def notes_for(person: Person, others: Iterable[Person], indexed: Mapping[str, datetime]) -> list[dict[str, Any]]:
    """What an account is told of posts by `others`, newest first by the time the author claims, unless that lies in the future."""
    notes = []
    for author in others:
        for rkey, (cid, record) in author.records.items():
            uri, reason = uri_of(author, rkey), _reason(record, person)
            if not reason:
                continue
            sorted_at = min(datetime.fromisoformat(record["createdAt"]), indexed[uri])
            notes.append(
                {
                    "uri": uri,
                    "cid": cid,
                    "author": profile_of(author) | {"description": "a person"},
                    "reason": reason,
                    "record": record,
                    "isRead": False,
                    "indexedAt": stamp(sorted_at),
                }
            )
    return sorted(notes, key=lambda note: str(note["indexedAt"]), reverse=True)


def _reason(record: Mapping[str, Any], person: Person) -> str:
    features = [feature for facet in record.get("facets", []) for feature in facet["features"]]
    if person.did in record.get("embed", {}).get("record", {}).get("uri", ""):
        return "quote"
    if person.did in record.get("reply", {}).get("parent", {}).get("uri", ""):
        return "reply"
    return "mention" if any(feature.get("did") == person.did for feature in features) else ""
