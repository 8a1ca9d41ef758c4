"""Deleted means gone, also from what newer rules keep: shadows, storms, new words, watches, competitors, answers, the ladder."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from listener import cleaning
from listener.model import Author, Page
from listener.polling import Ear
from listener.rules.answers import Answer, Wording
from responders.alerts import Alerts
from responders.watchkeeper import WatchKeeper
from tests.braking import reply
from tests.mouth import NETWORK, House
from tests.unit.test_erased import CANARY, files_with, rows_with

RULES = {
    "brands": {"acme": {"names": ["Acme", f"Acme{CANARY}"], "handles": {"mastodon": "acme"}, "competitors": [f"Zenith{CANARY}"]}},
    "scoring": {
        "urgency": {
            "signals": {
                "vogel": {"points": 30, "words": [CANARY]},
                "storm": {"points": 20, "spike": {"of": "vogel", "over": "1h", "times": 2, "at_least": 2}},
            }
        }
    },
    "routes": [
        {"name": "tried", "shadow": True, "when": {"text": [CANARY]}, "reply": "hello", "escalate": "on-call"},
        {"name": "new", "when": {"new_term": {"over": "6h", "at_least": 2, "authors": 2}}, "reply": "hello", "escalate": "on-call"},
        {"name": "vogel", "when": {"signals": ["vogel"], "any": [{"text": [CANARY]}, {"signals": ["storm"]}]}, "reply": "hello"},
        {"name": "below", "shadow": True, "when": {"signals": ["vogel"]}},
        {"name": "rest", "when": "always", "answers": True, "reply": "help", "approval": "none"},
    ],
    "templates": {"hello": "Could you say a little more?", "help": ["{answer}", "Which one do you mean?"]},
    "watch": [
        {"name": "news", "brand": "acme", "new_term": {"over": "6h", "at_least": 2, "authors": 2}, "tell": "on-call"},
        {"name": "storm", "signals": ["vogel"], "spike": {"over": "1h", "times": 2, "at_least": 2}, "tell": "on-call"},
    ],
    "mode": "send",
}
RETURNS = Answer("returns.md", "Returns", ("How do I return my shoes?",), "policy", date(2099, 1, 1), (Wording("Within 30 days."),))


async def test_a_deleted_word_stands_in_no_table_and_in_no_file(tmp_path: Path) -> None:
    house = House(tmp_path, **RULES)
    house.book = house.book.with_answers((RETURNS,))
    watching, alerts = WatchKeeper(house.store, lambda: house.book, house.clock), Alerts(house.store, lambda: house.book, house.clock)
    await house.hear(house.post("early", "@acme good morning to everybody", by="ana"))
    await house.think()
    house.clock.forward(hours=40)
    words = {
        "p1": f"@acme {CANARY} {CANARY}ei #{CANARY} hello there",
        "p2": f"@acme {CANARY} {CANARY}ei #{CANARY}, unlike Zenith{CANARY}, is charged twice",
        "p3": f"@acme how do I return my shoes, {CANARY}ei",
        "p4": f"Zenith{CANARY} is what I like",
        "p5": f"@acme {CANARY}ei again and #{CANARY}",
    }
    ids = list(words)
    for name, text in words.items():
        author = Author(NETWORK, f"id-{name}", name, display_name=f"Ms {CANARY}", bio=CANARY)
        await house.hear(replace(house.post(name, text, age=5), author=author, tags=(CANARY,)))
        await house.think()
        await watching.round()
        await alerts.round()
    await house.speak(seconds=11)
    if house.mouth.of("p3"):
        await reply(house, "p3", "r1")
    found = rows_with(house)
    assert {"posts", "decisions", "term_uses", "incidents", "competitor_posts"} <= found, found
    await Ear(house.store, house.book, house.clock).take(NETWORK, Page((), "c", gone=ids))
    await house.think()
    await watching.round()
    await alerts.round()
    left = rows_with(house) - {"rulebooks"}
    where = {
        table: [row for row in house.rows(f"SELECT * FROM {table}") if any(CANARY in str(one).casefold() for one in row.values())]
        for table in left
    }
    assert left == set(), where
    assert await cleaning.clean(house.store, house.clock)
    assert files_with(house) == []
    house.store.close()
