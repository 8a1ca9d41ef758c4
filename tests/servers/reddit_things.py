"""The things on the Reddit of tests/servers/reddit.py, and how they look on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_NOT_IN_INBOX = frozenset({"permalink", "link_id", "subreddit_id", "edited", "locked", "archived", "stickied"})


@dataclass(eq=False)
class Person:
    """An account; `id` is without t2_."""

    name: str
    id: str
    suspended: bool = False


@dataclass(eq=False)
class Thing:
    """A comment (t1) or a submission (t3). `article` is the fullname of the submission a comment stands under."""

    kind: str
    id: str
    author: Person
    subreddit: str
    text: str
    title: str = ""
    parent: str | None = None
    article: str | None = None
    created: float = 0.0
    edited: float = 0.0
    deleted: bool = False
    removed: bool = False
    locked: bool = False
    archived: bool = False
    hidden: bool = False

    @property
    def fullname(self) -> str:
        return f"{self.kind}_{self.id}"


def shape(thing: Thing, things: Mapping[str, Thing]) -> dict[str, Any]:
    """A thing as Reddit tells it, without the many fields that nobody here reads."""
    taken = "[deleted]" if thing.deleted else "[removed]" if thing.removed else ""
    data: dict[str, Any] = {
        "id": thing.id,
        "name": thing.fullname,
        "author": "[deleted]" if taken else thing.author.name,
        "subreddit": thing.subreddit,
        "subreddit_id": "t5_2qh1i",
        "subreddit_name_prefixed": f"r/{thing.subreddit}",
        "created": thing.created,
        "created_utc": thing.created,
        "edited": thing.edited or False,
        "locked": thing.locked,
        "archived": thing.archived,
        "score": 1,
        "distinguished": None,
        "stickied": False,
    }
    if not taken:
        data["author_fullname"] = f"t2_{thing.author.id}"
    if thing.kind == "t3":
        data |= {
            "title": thing.title,
            "selftext": taken or thing.text,
            "is_self": True,
            "num_comments": 0,
            "removed_by_category": {"[deleted]": "deleted", "[removed]": "moderator"}.get(taken),
            "permalink": f"/r/{thing.subreddit}/comments/{thing.id}/a_title/",
        }
    else:
        article = str(thing.article)
        data |= {
            "body": taken or thing.text,
            "link_id": article,
            "parent_id": thing.parent,
            "link_title": things[article].title,
            "replies": "",
            "permalink": f"/r/{thing.subreddit}/comments/{article.removeprefix('t3_')}/a_title/{thing.id}/",
        }
    return {"kind": thing.kind, "data": data}


def in_inbox(thing: Thing, things: Mapping[str, Thing]) -> dict[str, Any]:
    """A comment as the inbox tells it: where it stands is in `context` only."""
    data = shape(thing, things)["data"]
    above = things[str(thing.parent)]
    kind = "comment_reply" if above.kind == "t1" else "post_reply"
    data["type"] = "username_mention" if "u/" in thing.text else kind
    data["context"] = f"{data['permalink']}?context=3"
    return {"kind": "t1", "data": {key: value for key, value in data.items() if key not in _NOT_IN_INBOX}}


def listing(children: Sequence[Mapping[str, Any]], after: str | None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"modhash": None, "dist": len(children), "children": [*children], "after": after, "before": None}}


def more(left_out: Sequence[Thing]) -> dict[str, Any]:
    """What stands in a thread for the comments that are not told."""
    first = left_out[0]
    data = {"count": len(left_out), "name": first.fullname, "id": first.id, "parent_id": first.parent, "depth": 1}
    return {"kind": "more", "data": {**data, "children": [one.id for one in left_out]}}
