"""A past to replay: posts heard by one house, and the same posts given to another as the daemon would hear, decide and send them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from listener.clock import from_text
from listener.model import Author, Page, Post
from listener.polling import Ear
from tests import street
from tests.mouth import NETWORK, House

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
LOVE = "@acme love the new shoes!!"
ANGRY = "@acme this is terrible, the worst service I ever had, I hate it"
THANKS = ["Good to hear. Enjoy them.", "That made our day.", "Thank you for saying so.", "Lovely. We will tell the team."]
RULES = {
    "mode": "send",
    "templates": {**street.RULES["templates"], "thanks": THANKS},  # type: ignore[dict-item]
    "routes": [{"name": "passing", "when": {"text": ["saw an acme shop"]}}, *street.RULES["routes"]],  # type: ignore[misc]
    "boundaries": {
        "limits": {"per_thread": 1, "per_author": "1/24h", "per_hour": 3},
        "quiet_hours": {"between": "22:00-07:00"},
        "pause_when": [{"negative": 5, "within": "1h"}],
    },
}
BEFORE = {"mode": "draft", "routes": [{"name": "all", "when": "always", "reply": "hello"}]}


@dataclass(frozen=True)
class Heard:
    """A post and the minute after noon at which it is heard."""

    minute: float
    post: Post


def said(minute: float, post_id: str, words: str, by: str, *, thread: str = "", age: float = 5.0, version: str = "") -> Heard:
    author = Author(NETWORK, f"id-{by}", by)
    written = NOON + timedelta(minutes=minute, seconds=-age)
    return Heard(minute, Post(NETWORK, post_id, words, author, written, thread or post_id, mentions=("acme",), version=version))


DAY = (
    said(0, "p1", LOVE, "marta"),
    said(5, "p2", LOVE, "marta"),  # the second to one person in a day
    said(10, "p3", LOVE, "tom"),
    said(12, "p4", LOVE, "lena"),
    said(14, "p5", LOVE, "omar"),  # the fourth within an hour
    said(90, "p6", "Saw an Acme shop @acme", "zoe", version="1"),
    said(100, "p6", LOVE, "zoe", version="2", age=605),  # an edit: only the last words are kept, so what is played is these, now
    said(120, "p7", "@acme please stop writing to me", "ann"),
    said(130, "p8", LOVE, "ann"),
    said(140, "p9", "@acme charged me twice", "kai"),
    said(150, "p10", LOVE, "kai", thread="p9"),  # in a conversation that waits for a person
    said(160, "p11", LOVE, "old", age=90_000),
    said(630, "p12", LOVE, "owl"),  # by night
    *(said(1_260 + n, f"a{n}", ANGRY, f"angry{n}") for n in range(6)),  # the fifth trips a brake
    said(1_270, "p13", LOVE, "mia"),
)


class Daily(House):
    """A house that hears posts at their minutes, and sends what is due in between at its own moment, as the daemon does."""

    def __init__(self, folder: Path, **changes: object) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder, **changes)
        self.clock.moment = NOON - timedelta(hours=1)

    async def until(self, moment: datetime) -> None:
        """Let time go by, and what is due leave."""
        while due := self._due(moment):
            self.clock.moment = max(self.clock.moment, due)
            if not await self.outbox().round():
                break
        self.clock.moment = max(self.clock.moment, moment)

    def _due(self, moment: datetime) -> datetime | None:
        rows = self.rows("SELECT MIN(not_before) AS at FROM deliveries WHERE state = 'ready'")
        at = from_text(str(rows[0]["at"])) if rows[0]["at"] else None
        return at if at and at <= moment else None

    async def live(self, posts: Sequence[Heard]) -> None:
        """Hear, decide and answer a list of posts."""
        for one in posts:
            await self.until(NOON + timedelta(minutes=one.minute))
            await Ear(self.store, self.book, self.clock).take(NETWORK, Page((one.post,), "c"))
            await self.think()
        await self.until(self.clock() + timedelta(minutes=5))

    def figures(self) -> dict[str, tuple[str, str, str | None, bool]]:
        """Return of each post: its case, its route, the newest words drafted for it, and whether they left by themselves."""
        rows = self.rows(
            """SELECT d.post_id, d.route, d.case_id, (SELECT f.public_text FROM drafts f WHERE f.case_id = d.case_id
            AND f.post_id = d.post_id AND f.created_at = d.decided_at) AS words FROM decisions d ORDER BY d.id"""
        )
        sent = {one.parent.id for one in self.mouth.published}
        found = {}
        for row in rows:
            words = None if row["words"] is None else str(row["words"])
            found[str(row["post_id"])] = (f"A-{row['case_id']}", str(row["route"]), words, str(row["post_id"]) in sent)
        return found
