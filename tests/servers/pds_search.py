"""Bluesky's search, as its lexicon tells of it (app.bsky.feed.searchPosts, November 2026); for the server in `pds`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tests.servers.pds_people import Person, profile_of, uri_of
from tests.servers.pds_records import stamp
from tests.servers.search_words import on_hackernews


def found_posts(people: Iterable[Person], indexed: Mapping[str, datetime], asked: Mapping[str, Any], most: int) -> dict[str, Any]:
    """Newest first by the earlier of two times; every word must be there, and nothing else in `q` means anything."""
    fits, since, begin = on_hackernews(asked["q"]), asked.get("since", ""), int(asked.get("cursor", 0))
    found = []
    for person in people:
        for rkey, (cid, record) in person.records.items():
            uri = uri_of(person, rkey)
            at = stamp(min(datetime.fromisoformat(record["createdAt"]), indexed[uri]))
            if fits(record["text"]) and at >= since:
                found.append({"uri": uri, "cid": cid, "author": profile_of(person), "record": record, "indexedAt": at})
    found.sort(key=lambda one: str(one["indexedAt"]), reverse=True)
    end = begin + min(int(asked.get("limit", 25)), most)
    return {"posts": found[begin:end], **({"cursor": str(end)} if len(found) > end else {})}
