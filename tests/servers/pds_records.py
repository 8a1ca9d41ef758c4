"""What a Bluesky post's record must be, as the lexicon of `app.bsky.feed.post` says (November 2026); for the server in `pds`."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import regex

POSTS = "app.bsky.feed.post"
PROFILES = "app.bsky.actor.profile"
TID = re.compile(r"[234567a-j][234567a-z]{12}")
_CID = re.compile(r"bafyrei[a-z2-7]{52}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_URI = re.compile(r"at://(did:plc:[a-z2-7]{24})/([A-Za-z.]+)/([A-Za-z0-9.~:_-]+)")


class Ref(NamedTuple):
    uri: str
    cid: str

    @property
    def rkey(self) -> str:
        return self.uri.rpartition("/")[2]


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def cid_of(record: object) -> str:
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).digest()
    return "b" + base64.b32encode(b"\x01\x71\x12\x20" + digest).decode().lower().rstrip("=")


def _wrong_text(text: object) -> str:
    if not isinstance(text, str):
        return 'Missing required key "text" at $.record'
    if (size := len(text.encode())) > 3000:
        return f"string too big (maximum 3000, got {size}) at $.record.text"
    if (count := len(regex.findall(r"\X", text))) > 300:
        return f"grapheme too big (maximum 300, got {count}) at $.record.text"
    return ""


def wrong_record(record: Mapping[str, Any]) -> str:
    """Return what the lexicon of a post has against the record, "" where nothing."""
    if wrong := _wrong_text(record.get("text")):
        return wrong
    if not _TIME.fullmatch(str(record.get("createdAt"))):
        return f'Invalid datetime (got "{record.get("createdAt")}") at $.record.createdAt'
    for end, ref in (record.get("reply") or {}).items():
        if not _CID.fullmatch(ref["cid"]) or not _URI.fullmatch(ref["uri"]):
            return f"Invalid reference at $.record.reply.{end}"
    for facet in record.get("facets", []):
        index = facet["index"]
        if not 0 <= index["byteStart"] < index["byteEnd"] <= len(record["text"].encode()):  # stricter than the real one, which lets it pass
            return "Invalid index at $.record.facets"
    return ""


def wrong_swap(present: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """Return what speaks against a write that names the version it replaces, "" where nothing."""
    now = cid_of(present) if present else None
    return f"Record was at {now}" if "swapRecord" in asked and asked["swapRecord"] != now else ""
