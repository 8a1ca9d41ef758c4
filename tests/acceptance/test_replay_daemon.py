"""What `earnest rules replay` says of a stretch of time is what the real daemon does in it, over real HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path

import pytest

from responders.house import open_store
from responders.ledger import places
from responders.ledger.bygone import Span
from responders.replaying import Told, replay
from responders.switch import Switch
from tests.program import Program
from tests.servers.proxy import Proxy
from tests.servers.town import BRAND, Town, token
from tests.street import RULES, Street

LOVE = "@acme love the new shoes!!"
ANGRY = "@acme this is terrible, the worst service I ever had, I hate it"
QUIET = 38  # minutes after the first post, for five minutes
THANKS = ["Good to hear. Enjoy them.", "That made our day.", "Thank you for saying so.", "Lovely. We will tell the team."]


@dataclass(frozen=True)
class Turn:
    """A post: the minute at which it is written and heard, by whom, and to which earlier turn it is an answer."""

    minute: int
    by: str
    words: str
    to: int | None = None


HOUR = (
    Turn(0, "marta", LOVE),
    Turn(1, "marta", LOVE),
    Turn(2, "tom", "@acme you charged me twice and support ignores me"),
    Turn(3, "tom", "@acme love the colour though", 2),  # in a conversation that waits for a person
    Turn(4, "Zoe_K", "Walked past an Acme shop today, @acme"),
    Turn(6, "Zoe_K", LOVE),
    Turn(7, "marta", LOVE),  # the third to one person in a day
    Turn(10, "robo", LOVE),  # a program
    Turn(20, "Zoe_K", "@acme do you have the trail shoes in size 47?"),
    Turn(39, "tom", "@acme love them, love them!!"),  # by night
    *(Turn(45 + n, "marta", f"{ANGRY} {n}") for n in range(5)),  # the fourth trips a brake
    Turn(53, "Zoe_K", "@acme love the laces!!"),
    Turn(54, "tom", "@acme please stop writing to me"),
    Turn(55, "tom", "@acme love the soles!!"),
)


def rules(begins: datetime, **changes: object) -> dict[str, object]:
    quiet = [f"{begins + timedelta(minutes=minute):%H:%M}" for minute in (QUIET, QUIET + 5)]
    return {
        "mode": "send",
        "templates": {**RULES["templates"], "thanks": THANKS},  # type: ignore[dict-item]
        "routes": [{"name": "passing", "when": {"text": ["an acme shop"]}}, *RULES["routes"]],  # type: ignore[misc]
        "boundaries": {
            "limits": {"per_thread": 1, "per_author": "2/24h", "per_hour": 4},
            "quiet_hours": {"between": "-".join(quiet)},
            "pause_when": [{"negative": 4, "within": "1h"}],
        },
        **changes,
    }


class Life:
    """A daemon that hears posts of a town at their minutes, and answers them."""

    def __init__(self, folder: Path, town: Town, proxy: Proxy) -> None:
        probe = Street(folder, {"mastodon": {"instance": proxy.url}})
        probe.close()
        self.begins = probe.clock()
        self.rules = rules(self.begins)
        self.street = Street(folder, {"mastodon": {"instance": proxy.url}}, **self.rules)
        self.street.clock.moment = self.begins
        self._town = town
        self.turns = HOUR
        self.posts: list[str] = []

    async def live(self, resumed_at: int | None = None) -> None:
        """Let the hour go by; `resumed_at` is a minute at which a person lets sending go on."""
        for turn in self.turns:
            self.street.clock.moment = self.begins + timedelta(minutes=turn.minute)
            if resumed_at is not None and resumed_at <= turn.minute:
                Switch(self.street.store, self.street.clock, who="kim").resume()
                resumed_at = None
            more = {} if turn.to is None else {"in_reply_to_id": self.posts[turn.to]}
            self.posts.append(str((await self._town.write(turn.by, turn.words, **more))["id"]))
            await self.street.round()
            await self.street.later(seconds=11)

    def routes(self) -> list[str]:
        """Return the route of each post, in their order."""
        rows = self.street.store.read().all("SELECT post_id, route FROM decisions")
        found = {str(row["post_id"]): str(row["route"]) for row in rows}
        return [found[post] for post in self.posts]

    def drafted(self) -> list[str | None]:
        """Return the words drafted for each post, in their order."""
        rows = self.street.store.read().all("SELECT post_id, public_text FROM drafts ORDER BY id DESC")
        found = {str(row["post_id"]): str(row["public_text"]) for row in rows}
        return [found.get(post) for post in self.posts]

    async def standing(self) -> list[str | None]:
        """Return what stands on the town under each post, in their order."""
        found: list[str | None] = []
        for post in self.posts:
            answers = await self._town.answers(post)
            assert len(answers) <= 1
            found.append(unescape(re.sub(r"<[^>]*>", "", str(answers[0]["content"]))) if answers else None)
        return found

    @property
    def span(self) -> Span:
        return Span(self.begins - timedelta(minutes=1), self.begins + timedelta(hours=2))

    def write_rules(self, folder: Path) -> Path:
        path = folder / "rules.yaml"
        path.write_text(json.dumps({**RULES, **self.rules}), encoding="utf-8")
        return path


@pytest.fixture
async def life(tmp_path: Path, town: Town, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Life]:
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_READ", token(BRAND))
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_WRITE", token(BRAND))
    await town.mark(BRAND)  # automatic answers need the label
    made = Life(tmp_path, town, proxy)
    yield made
    made.street.close()


def replayed(life: Life, url: str, rules_path: Path) -> dict[str, object]:
    """Return what the command says of the hour."""
    span = [f"{moment:%Y-%m-%d %H:%M:%S}+00:00" for moment in (life.span.since, life.span.until)]
    return dict(Program(url, rules_path, {})("rules", "replay", "--since", span[0], "--until", span[1], "--json").object)


def words(told: list[Told]) -> list[str | None]:
    return [one.words[0][0] if one.words else None for one in told]


async def agree(life: Life, told: list[Told], said: dict[str, object]) -> None:
    """Hold a replay, and what the command says, against what the daemon did."""
    standing = await life.standing()
    assert [one.route for one in told] == life.routes()
    assert words(told) == life.drafted()
    assert [text if one.sent else None for one, text in zip(told, words(told), strict=True)] == standing
    assert said["mentions"] == len(life.turns)
    assert said["would_send"] == sum(text is not None for text in standing) > 1
    assert len(said["brakes"]) == life.street.store.read().one("SELECT COUNT(*) AS n FROM incidents WHERE name = 'brake'")["n"] == 1  # type: ignore[arg-type, index]
    gates = {gate for one in told for gate in one.held_by}
    assert gates >= {"per_author", "quiet_hours", "paused", "suppressed"}


@pytest.mark.parametrize("resumed_at", [None, 52], ids=["stopped to the end", "a person lets it go on"])
async def test_what_the_daemon_did_a_replay_says(life: Life, tmp_path: Path, resumed_at: int | None) -> None:
    await life.live(resumed_at)
    story = replay(life.street.url, life.street.book, life.span)
    said = replayed(life, life.street.url, life.write_rules(tmp_path))
    assert [key[1] for key in story.mentions] == life.posts
    await agree(life, list(story.mentions.values()), said)


async def test_what_a_replay_of_imported_posts_says_the_daemon_then_does(life: Life, tmp_path: Path) -> None:
    life.turns = tuple(turn for turn in HOUR if turn.by != "robo")  # an import knows nobody's profile
    lines = [
        {
            "id": str(n),
            "text": turn.words,
            "author": turn.by,
            "thread": str(n if turn.to is None else turn.to),
            "created_at": (life.begins + timedelta(minutes=turn.minute)).isoformat(),
        }
        for n, turn in enumerate(life.turns)
    ]
    history = tmp_path / "hour.jsonl"
    history.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    other = f"sqlite:///{tmp_path}/imported.db"
    path = life.write_rules(tmp_path)
    assert Program(other, path, {})("import", str(history), "--network", "mastodon").code == 0
    store = open_store(other)
    store.write(lambda tx: places.note_label(tx, "mastodon", labelled=True, at=life.begins))  # as a daemon that signs in finds it
    store.close()

    story = replay(other, life.street.book, life.span)
    said = replayed(life, other, path)
    await life.live()

    await agree(life, list(story.mentions.values()), said)
