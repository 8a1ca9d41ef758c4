"""A rules file that is edited under a daemon whose last day is stored: what it takes, what it holds, and what a person says to that."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from listener.errors import RulesWrong
from responders.daemon import Daemon, RulesTaken
from responders.edits import Allowed, Held, seal
from responders.ledger import facts, takes
from responders.ledger.takes import Word
from responders.model import Mode
from responders.rulefile import load
from tests.keeping import store_url
from tests.mouth import House
from tests.replaying import THANKS
from tests.street import RULES

HELLO = "@acme do you have the green ones, number {n}"
PRAISE = "@acme love the new shoes!!"
QUIET: dict[str, Any] = {
    "routes": [
        {"name": "praise", "when": {"sentiment": ["positive"]}, "reply": "thanks", "approval": "one-person"},
        {"name": "rest", "when": "always", "reply": "none"},
    ],
    "boundaries": {"limits": {"per_hour": 100}},
    "templates": {**RULES["templates"], "thanks": THANKS},  # type: ignore[dict-item]
}
"""Rules that draft thanks and else say nothing."""


def routes(**changes: dict[str, object]) -> dict[str, Any]:
    """Return `QUIET` with keys of its routes, by name, changed."""
    return {**QUIET, "routes": [{**route, **changes.get(route["name"], {})} for route in QUIET["routes"]]}


class Edited:
    """One house with a day behind it, its rules file, and a daemon at work; `events` holds what the daemon told."""

    def __init__(self, folder: Path, *, observe: bool = False, **changes: Any) -> None:  # noqa: ANN401
        self.house = House(folder)
        self.house_url = store_url(folder)
        self.path = folder / "rules.yaml"
        self.events: list[object] = []
        self.observe = observe
        self.write(**{**QUIET, **changes})
        self.daemon = self.daemon_of()

    def daemon_of(self) -> Daemon:
        tell = self.events.append
        store, clock = self.house.store, self.house.clock
        return Daemon(store, load(self.path), clock, rules_path=self.path, tell=tell, observe=self.observe)

    def write(self, **changes: Any) -> str:  # noqa: ANN401
        """Save rules, a key a line; return their text."""
        words = json.dumps({**RULES, **changes}, indent=1)
        self.path.write_text(words, encoding="utf-8")
        return words

    async def day(self, *, praise: int = 0, hellos: int = 0) -> None:
        """Let a day go by in which so much was said, a post every twenty minutes."""
        self.house.clock.forward(hours=-23)
        now = self.house.clock() + timedelta(hours=23)
        for n in range(praise + hellos):
            words = PRAISE if n < praise else HELLO.format(n=n)
            await self.house.hear(self.house.post(f"p{n}", words, by=f"customer{n}", age=5))
            self.house.clock.forward(minutes=20)
        self.house.clock.moment = max(now, self.house.clock())

    async def begin(self) -> None:
        """Note which rules are in force, as a daemon does when it starts."""
        await self.daemon._rules.begin(self.daemon._book)  # noqa: SLF001

    async def edit(self, **changes: Any) -> Held | RulesWrong | None:  # noqa: ANN401
        """Save an edit and let the daemon look; return why it was not taken, None where it was."""
        self.write(**changes)
        return await self.look()

    async def look(self) -> Held | RulesWrong | None:
        self.events.clear()
        await self.daemon.reload()
        (event,) = self.events
        assert isinstance(event, RulesTaken | RulesWrong)
        return event if isinstance(event, RulesWrong) else None

    def say(self, *, forced: bool = False, mode: str = "") -> None:
        """Give a person's word for the file as it stands."""
        word = Word(seal(load(self.path)), "jo", forced, mode)
        give = {"reason": "", "over": (), "before": self.allowed().ceiling, "at": self.house.clock()}
        self.house.store.write(lambda tx: takes.give(tx, word, **give))  # type: ignore[arg-type]

    def allowed(self) -> Allowed:
        return Allowed.of(self.house.store.read())

    def facts(self) -> dict[str, str]:
        return {name: value for name, (value, _) in facts.known(self.house.store.read()).items()}

    def in_force(self) -> tuple[str, Mode]:
        book = self.daemon._book  # noqa: SLF001
        return book.fingerprint, Mode(book.mode)

    def open_incidents(self) -> list[str]:
        return [str(row["name"]) for row in self.house.rows("SELECT name FROM incidents WHERE ended_at IS NULL")]

    def words_of(self, incident: str) -> str:
        rows = self.house.rows("SELECT name, words FROM incidents ORDER BY id DESC")
        return next(str(row["words"]) for row in rows if row["name"] == incident)

    def log(self) -> list[tuple[str, str]]:
        return [(str(row["who"]), str(row["action"])) for row in self.house.rows("SELECT who, action FROM audit ORDER BY id")]
