"""A whole street for tests: rules, a store on disk, and one round of the real daemon at a time, on a clock that stands still."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from listener.rules.rulebook import Rulebook
from listener.store.base import Row
from listener.store.sqlite import SqliteStore
from responders.approvals import Desk
from responders.daemon import Daemon
from responders.dispatch import Dispatch
from responders.house import channel_kind, open_store
from tests.keeping import store_url

RULES = {
    "version": 1,
    "mode": "draft",
    "timezone": "UTC",
    "brands": {"acme": {"names": ["Acme"], "handles": {"mastodon": "acme"}}},
    "routes": [
        {
            "name": "safety",
            "when": {"signals": ["safety"]},
            "reply": "holding",
            "private": "ask",
            "escalate": "on-call",
            "approval": "two-people",
        },
        {"name": "billing", "when": {"signals": ["money"]}, "reply": "wrong-charge", "private": "ask", "sla": {"first_response": "1h"}},
        {"name": "thanks", "when": {"sentiment": ["positive"], "signals": "none"}, "reply": "thanks", "approval": "none"},
        {"name": "rest", "when": "always", "reply": "hello"},
    ],
    "templates": {
        "holding": "That should not happen. We have written to you in private so that we can help. ^{agent}",
        "wrong-charge": "That charge is ours to put right. We have written to you in private, case {case}. ^{agent}",
        "ask": "This is {agent} at {brand}, about {case}. Which order was it?",
        "thanks": "Good to hear. Enjoy them. ^{agent}",
        "hello": "Could you say a little more? ^{agent}",
    },
    "teams": {"on-call": {"members": ["kim"]}},
}


@dataclass
class Hands:
    """A clock that moves only when it is told to."""

    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **span: float) -> None:
        self.moment += timedelta(**span)


class Street:
    """One brand's street: `round` is one round of everything the daemon does."""

    def __init__(self, folder: Path, sources: dict[str, dict[str, object]], **changes: object) -> None:
        self.book = Rulebook.model_validate({**RULES, "sources": sources, **changes})
        self.clock = Hands()
        self.url = store_url(folder)
        self.store: SqliteStore = open_store(self.url, create=True)
        self.events: list[object] = []

    def close(self) -> None:
        self.store.close()

    def desk(self, who: str = "jo") -> Desk:
        return Desk(self.store, self.book, self.clock, channel_kind, who=who)

    def dispatch(self, who: str = "jo") -> Dispatch:
        return Dispatch(self.store, self.clock, channel_kind, who=who)

    async def round(self) -> None:
        """Hear, think, alert and send once, as a daemon that has just been started."""
        daemon = Daemon(self.store, self.book, self.clock, tell=self.events.append)
        failed = await daemon.once()
        assert not failed, failed

    async def later(self, **span: float) -> None:
        """Let time pass and do one round."""
        self.clock.forward(**span)
        await self.round()

    def deliveries(self) -> list[Row]:
        return self.store.read().all("SELECT * FROM deliveries ORDER BY id")

    def states(self) -> list[tuple[str, str]]:
        return [(str(row["kind"]), str(row["state"])) for row in self.deliveries()]

    def draft(self) -> Row:
        row = self.store.read().one("SELECT * FROM drafts ORDER BY id DESC LIMIT 1")
        assert row is not None
        return row
