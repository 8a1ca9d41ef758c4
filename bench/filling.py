"""A store with a year of mentions in it, made once and kept: what people wait for when much is stored is measured on it.

A few thousand posts go through the real Ear and Mind, whose rows then serve as patterns: each further mention is a copy of all that one of
them left in every table, with a post, an author, a conversation and a moment of its own. So the rows are what the program writes, whatever
columns it has. What people do comes on top: of the drafts so many wait, and the others were approved and sent, rejected, or ran out.

Shares: 3 % of mentions have a waiting draft, 6 % were answered, 1 in 2,000 answers is in doubt, and as many are to be posted by hand. One
mention in eight continues a conversation; one thread has 3,000 posts, one author wrote 5,000, and the others are as uneven as in life.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import workload
from figures import ROOT, say

from listener.clock import to_text
from listener.mastodon_wire import NETWORK, WireStatus, post_of
from listener.model import Page
from listener.polling import Ear
from listener.rules.checking import read_checked
from listener.store.base import pack
from listener.store.sqlite import path_of
from responders.house import channel_kind, open_store, speaking_networks
from responders.ledger import facts, rulebooks
from responders.pipeline import Mind
from responders.surroundings import known

PATTERNS = 2_000
YEAR = timedelta(days=365)
CHUNK = 10_000
_DECIDED = 0.5  # of all drafts; nobody decided the others in time
_OF_POST = ("posts", "mentions", "assessments")
_OF_CASE = ("cases", "decisions", "drafts", "escalations")
_MORE = ("shadows", "approvals", "deliveries", "audit")
Fields = dict[str, object]


@dataclass
class Pattern:
    """What one mention left behind, table by table."""

    rows: dict[str, list[Fields]] = field(default_factory=dict)


def _patterns(folder: Path) -> tuple[list[Pattern], dict[str, list[Fields]]]:
    """Return what the program leaves behind of each of some thousand mentions, and the rest of what it keeps."""
    book = read_checked((ROOT / "rules.yaml").read_bytes(), known=known())
    book = book.model_copy(update={"boundaries": book.boundaries.model_copy(update={"pause_when": ()})})
    store = open_store(f"sqlite:///{folder}/patterns.db", create=True)
    begin = datetime(2026, 11, 20, 9, tzinfo=UTC)
    kinds = {name: kind for name in speaking_networks() if (kind := channel_kind(name))}
    ear, mind = Ear(store, book, lambda: begin), Mind(store, book, lambda: begin, kinds, undo=timedelta(seconds=10))

    async def hear() -> None:
        for page in workload.pages(workload.texts(cries=300), begin, number=PATTERNS):
            posts = tuple(post_of(WireStatus.model_validate(row), str(row["id"]), own=False) for row in json.loads(page))
            await ear.take(NETWORK, Page(posts, "1"))
            while await mind.round():
                pass

    asyncio.run(hear())
    store.write(lambda tx: rulebooks.keep(tx, book.fingerprint, book.words, at=begin))
    store.write(lambda tx: facts.keep(tx, "rules_version", book.fingerprint, at=begin))
    reader = store.read()
    tables: dict[str, list[Fields]] = {
        table: [dict(row) for row in reader.all(f"SELECT * FROM {table}")] for table in (*_OF_POST, *_OF_CASE, "facts", "rulebooks")
    }
    tables["shadows"] = [dict(row) for row in reader.all("SELECT s.*, d.post_id FROM shadows s JOIN decisions d ON d.id = s.decision_id")]
    store.close()
    by_post: dict[str, Pattern] = {}
    for table in (*_OF_POST, *_OF_CASE, "shadows"):
        for row in tables[table]:
            post = str(row["id"] if table == "posts" else row["post_id"])
            by_post.setdefault(post, Pattern()).rows.setdefault(table, []).append(row)
    whole = [one for one in by_post.values() if all(one.rows.get(table) for table in (*_OF_POST, "cases", "decisions"))]
    return whole, {table: tables[table] for table in ("facts", "rulebooks")}


class Town:
    """Who writes, where, and when: conversations and authors, as uneven as in life."""

    def __init__(self, mentions: int, now: datetime) -> None:
        """Spread `mentions` over the year before `now`."""
        self._chance = random.Random(11)  # noqa: S311 - the same town each time
        self._mentions, self._now = mentions, now
        self._recent: list[tuple[str, str]] = []

    def place(self, number: int) -> tuple[str, str, datetime]:
        """Return the thread, the author and the moment of a mention."""
        at = self._now - YEAR * (1 - number / self._mentions)
        share = self._chance.random()
        author = str(int(400_000 * (share**4 if self._chance.random() < 0.3 else share)) + 10)  # noqa: PLR2004 - as the docstring says
        thread = f"t{number}"
        if number % max(1, self._mentions // 3_000) == 0:
            return "t-storm", author, at
        if number % max(1, self._mentions // 5_000) == 1:
            return thread, "9", at
        if self._recent and self._chance.random() < 1 / 8:
            thread, author = self._chance.choice(self._recent)
            return thread, author, at
        self._recent = [*self._recent[-200:], (thread, author)]
        return thread, author, at


class Filler:
    """Makes rows of mentions from patterns."""

    def __init__(self, patterns: list[Pattern], mentions: int, now: datetime) -> None:
        """Begin an empty year before `now`."""
        self._patterns, self._mentions, self._now = patterns, mentions, now
        self._chance = random.Random(5)  # noqa: S311 - the same store each time
        self._town = Town(mentions, now)
        self._texts = workload.texts(9)
        self._cases: dict[tuple[str, str], int] = {}
        self._drafts = self._deliveries = 0
        self._kept: dict[int, Fields] = {}
        drafted = sum(bool(one.rows.get("drafts")) for one in patterns) / len(patterns)
        self._waiting, self._answered = 0.03 / drafted, 0.06 / drafted
        self.rows: dict[str, list[Fields]] = {}
        self.seal = ""

    def chunk(self, first: int, last: int) -> None:
        """Make the rows of the mentions with these numbers, in `rows`."""
        self.rows = {table: [] for table in (*_OF_POST, *_OF_CASE, *_MORE, "changed")}
        for number in range(first, last):
            self._mention(number, self._chance.choice(self._patterns))

    def _mention(self, number: int, pattern: Pattern) -> None:
        thread, author, at = self._town.place(number)
        text, _, _ = next(self._texts)
        moment, post = to_text(at), f"1{number:017d}"
        network = ("mastodon", "mastodon", "bluesky", "x", "reddit")[int(author) % 5]
        own = {"network": network, "post_id": post, "handle": f"person{author}", "author_id": author, "thread_id": thread}
        new = {**pattern.rows["posts"][0], **own, "id": post, "text": text, "created_at": moment, "heard_at": moment, "look_at": None}
        new |= {"seq": number, "url": f"https://town.example/@person{author}/{post}", "source": network}
        if self._now - at < timedelta(days=7):
            new["look_at"] = to_text(self._now + timedelta(minutes=number % 360))
        self.rows["posts"].append(new)
        self.rows["mentions"].append({**pattern.rows["mentions"][0], **own, "seq": number, "heard_at": moment, "decided": 1})
        self.rows["assessments"].append({**pattern.rows["assessments"][0], **own, "judged_at": moment})
        case = self._case(pattern, own, at)
        self.rows["decisions"].append({**pattern.rows["decisions"][0], **own, "id": number, "case_id": case, "decided_at": moment})
        self.rows["shadows"] += [{**row, "decision_id": number} for row in pattern.rows.get("shadows", ())]
        for alert in pattern.rows.get("escalations", ()):
            self.rows["escalations"].append({**alert, **own, "id": number, "case_id": case, "raised_at": moment, "told_at": moment})
            self._log(moment, "earnest", "escalated", case, {"team": "on-call"})
        if pattern.rows.get("drafts"):
            self._draft(pattern.rows["drafts"][0], own, case, at)

    def _case(self, pattern: Pattern, own: Fields, at: datetime) -> int:
        key = (str(own["thread_id"]), str(own["author_id"]))
        case, moment = self._cases.get(key), to_text(at)
        row = {**pattern.rows["cases"][0], **own, "opened_at": moment, "updated_at": moment, "respond_by": None, "resolve_by": None}
        row |= {
            "state": "closed" if row["state"] == "waiting" else row["state"],
            "assignee": self._chance.choice(("", "", "", "kim", "sam")),
        }
        if case is None:
            case = self._cases[key] = len(self._cases) + 1
            self.rows["cases"].append({**row, "id": case})
            self._kept[case] = self.rows["cases"][-1]
            if len(self._kept) > 4 * CHUNK:
                self._kept.pop(next(iter(self._kept)))
        else:
            self.rows["changed"].append({"id": case, "post_id": own["post_id"], "updated_at": moment})
        return case

    def _draft(self, pattern: Fields, own: Fields, case: int, at: datetime) -> None:
        self._drafts += 1
        chance, moment, later = self._chance.random(), to_text(at), to_text(at + timedelta(minutes=self._chance.randint(1, 300)))
        recent = self._kept.get(case)
        row = {**pattern, **own, "id": self._drafts, "case_id": case, "created_at": moment, "decided_at": later}
        if chance < self._waiting and recent and recent["state"] != "waiting":
            row |= {"state": "waiting", "decided_at": None}
            self._set(case, recent, state="waiting", respond_by=later)
        elif chance < self._waiting + self._answered:
            row |= {"state": "approved"}
            self._answer(row, own, case, later)
        elif chance < _DECIDED:
            row |= {"state": "rejected", "reason": "no reply needed"}
            self._say(row, "rejected", later)
            self._log(later, "kim", "rejected", case, {"reason": "no reply needed"})
        else:
            row |= {"state": "expired", "reason": "nobody decided it in time"}
        self.rows["drafts"].append(row)

    def _set(self, case: int, row: Fields, **values: object) -> None:
        row |= values
        self.rows["changed"].append({"id": case, **values})

    def _say(self, draft: Fields, verdict: str, at: str) -> None:
        words = {"public_text": draft["public_text"], "private_text": draft["private_text"], "bound": "", "reason": ""}
        self.rows["approvals"].append({"draft_id": draft["id"], "who": "kim", "verdict": verdict, **words, "at": at})

    def _answer(self, draft: Fields, own: Fields, case: int, at: str) -> None:
        self._deliveries += 1
        self._say(draft, "yes", at)
        self._log(at, "kim", "approved", case, {"draft": draft["id"]})
        odd = {1: "parked", 1_001: "by_hand"}.get(self._deliveries % 2_000, "sent")
        sent = {"sent_at": at, "remote_id": f"r{self._deliveries}", "remote_url": f"https://town.example/@acme/{self._deliveries}"}
        self.rows["deliveries"].append(
            {
                "id": self._deliveries, "case_id": case, "draft_id": draft["id"], "kind": "public", "network": own["network"],
                "account": "1", "parent_id": own["post_id"], "visibility": "public", "text": draft["public_text"] or "",
                "key": f"k{self._deliveries}", "record_at": at, "bound": "", "state": odd, "automatic": 0, "route": draft["route"],
                "author_id": own["author_id"], "thread_id": own["thread_id"], "points": 30, "not_before": at, "attempts": 1,
                "first_attempt_at": at, "last_attempt_at": at, "approved_at": at, **(sent if odd == "sent" else {}),
            }
        )  # fmt: skip
        self._log(at, "earnest", odd, case, {"kind": "public"})

    def _log(self, at: str, who: str, action: str, case: int, detail: Fields) -> None:
        facts = pack(detail)
        line = pack([self.seal, at, who, action, case, facts])  # as responders.ledger.audit seals it
        self.seal = hashlib.sha256(line.encode()).hexdigest()
        self.rows["audit"].append({"at": at, "who": who, "action": action, "case_id": case, "detail": facts, "seal": self.seal})


def _insert(database: sqlite3.Connection, table: str, rows: list[Fields], columns: list[str]) -> None:
    known = [name for name in columns if rows and name in rows[0]]
    if rows:
        marks = ", ".join("?" * len(known))
        database.executemany(
            f"INSERT OR IGNORE INTO {table} ({', '.join(known)}) VALUES ({marks})",
            ([row.get(name) for name in known] for row in rows),
        )


def _same_columns(rows: list[Fields]) -> Iterator[list[Fields]]:
    """Split rows into those that hold the same columns."""
    kinds: dict[tuple[str, ...], list[Fields]] = {}
    for row in rows:
        kinds.setdefault(tuple(sorted(row)), []).append(row)
    yield from kinds.values()


def _write(database: sqlite3.Connection, filler: Filler, columns: dict[str, list[str]]) -> None:
    database.execute("BEGIN")
    for table, rows in filler.rows.items():
        for alike in _same_columns(rows):
            if table == "changed":
                names = [name for name in alike[0] if name != "id"]
                change = f"UPDATE cases SET {', '.join(f'{name} = :{name}' for name in names)} WHERE id = :id"
                database.executemany(change, alike)
            else:
                _insert(database, table, alike, columns[table])
    database.execute("COMMIT")


def store(cache: Path, mentions: int, now: datetime) -> str:
    """Return the address of a store with so many mentions, the newest from `now`; made where `cache` has none of this size and shape."""
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / f"stored-{mentions}.db"
    url = f"sqlite:///{path}"
    if path.exists():
        open_store(url).close()  # brought up to date
        return url
    began = time.monotonic()
    unfinished = path.with_suffix(".part")
    for ending in ("", "-wal", "-shm"):
        unfinished.with_name(unfinished.name + ending).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        patterns, rest = _patterns(Path(folder))
    fresh = open_store(f"sqlite:///{unfinished}", create=True)
    fresh.close()
    database = sqlite3.connect(unfinished, isolation_level=None)
    for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "cache_size=-400000", "foreign_keys=OFF"):
        database.execute(f"PRAGMA {pragma}")
    tables = (*_OF_POST, *_OF_CASE, *_MORE, *rest)
    columns = {table: [row[1] for row in database.execute(f"PRAGMA table_info({table})")] for table in tables}
    for table, rows in rest.items():
        _insert(database, table, rows, columns[table])
    database.execute("INSERT INTO sources VALUES ('mastodon', 'mastodon', 'listening', '', ?, ?, 60)", (to_text(now), to_text(now)))
    filler = Filler(patterns, mentions, now)
    numbers = iter(range(1, mentions + 1))
    while part := list(islice(numbers, CHUNK)):
        filler.chunk(part[0], part[-1] + 1)
        _write(database, filler, columns)
        say(f"{part[-1]:,} of {mentions:,} mentions stored after {time.monotonic() - began:.0f} s")
    say("the words of all posts are indexed")
    database.execute("INSERT INTO words (words) VALUES ('rebuild')")
    database.execute("PRAGMA journal_mode=WAL")
    database.close()
    unfinished.rename(path)
    return f"sqlite:///{path_of(url)}"
