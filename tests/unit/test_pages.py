"""Pages: however many mentions one holds, it takes a handful of statements, and each is decided as if it had come alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from listener.model import Author, Page, Post
from listener.polling import Ear
from listener.store.base import Row, Value
from listener.store.sqlite import SqliteTx
from tests.mouth import NETWORK, House

WORDS = (
    "@acme love the new shoes!!",
    "@acme you charged me twice and support ignores me",
    "@acme this is terrible, the worst service I ever had, I hate it",
    "@acme the charger started smoking and burned my daughter's hand",
    "@acme please stop writing to me",
    "@acme and Otherworld, where is your shop in town",
    "@acme \ud800 love it",
)
THANKS = [f"Thank you, {word}." for word in ("really", "truly", "friend", "kindly", "warmly", "gladly")]
RULES = {
    "mode": "send",
    "brands": {"acme": {"names": ["Acme"], "handles": {"mastodon": "acme"}}, "other": {"names": ["Otherworld"]}},
    "routes": [
        {"name": "leads", "shadow": True, "when": {"sentiment": ["positive"]}, "reply": "thanks"},
        {"name": "safety", "when": {"signals": ["safety"]}, "reply": "hello", "escalate": "on-call"},
        {"name": "thanks", "when": {"sentiment": ["positive"], "signals": "none"}, "reply": "thanks", "approval": "none"},
        {"name": "often", "when": {"count": {"of": "negative", "at_least": 4, "within": "1h"}}, "reply": "hello"},
        {"name": "rest", "when": "always", "reply": "hello"},
    ],
    "templates": {"hello": "Could you say a little more? ^{agent}", "thanks": THANKS},
    "boundaries": {"limits": {"per_thread": 2, "per_author": "3/24h", "per_hour": 9}, "pause_when": [{"negative": 30, "within": "1h"}]},
    "watch": [{"name": "storm", "tell": "on-call", "spike": {"of": "negative", "over": "1h", "times": 2, "at_least": 4}}],
}
DECIDED = ("cases", "decisions", "shadows", "drafts", "approvals", "escalations", "suppressions", "incidents", "switches", "audit")
MOST = 50
"""Statements for one page of posts heard and decided, whatever its size."""
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
Make = Callable[..., House]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[House] = []

    def build(**changes: object) -> House:
        made.append(House(tmp_path / str(len(made)), **{**RULES, **changes}))
        made[-1].clock.moment = NOON
        return made[-1]

    yield build
    for house in made:
        house.store.close()


def talk(house: House, seed: int, many: int) -> list[Post]:
    """Return what several people say: alone, to each other, and edited after a while."""
    random, said = Random(seed), list[Post]()  # noqa: S311  # the same talk each time
    for n in range(many):
        before = random.choice(said) if said and random.random() < 0.5 else None
        who = f"a{random.randint(0, many // 4)}"
        place = {"thread": before.thread_id, "parent_id": before.id, "parent_author_id": before.author.id} if before else {}
        said.append(house.post(f"p{seed}-{n}", random.choice(WORDS), by=who, age=5.0, **place))  # type: ignore[arg-type]
    return said


def edited(posts: Sequence[Post], words: str) -> list[Post]:
    return [Post(one.network, one.id, words, one.author, one.created_at, one.thread_id, mentions=("acme",), version="2") for one in posts]


async def tables(house: House, limit: int) -> dict[str, list[Row]]:
    """Let people talk, edit and talk on, decided in pages of `limit`; return what became of it."""
    first = talk(house, 1, 40)
    for posts in (first, edited(first[::7], WORDS[0]), talk(house, 2, 40)):
        await Ear(house.store, house.book, house.clock).take(NETWORK, Page(tuple(posts), "c"))
        while await house.mind.round(limit):
            pass
        house.clock.forward(minutes=1)
    found = {table: house.rows(f"SELECT * FROM {table} ORDER BY rowid") for table in DECIDED}
    found["deliveries"] = house.rows("SELECT draft_id, parent_id, text, state, not_before FROM deliveries ORDER BY id")
    found["tallies"] = house.rows("SELECT * FROM tallies ORDER BY name, step, epoch")
    return found


@pytest.mark.parametrize("brakes", [True, False])
async def test_pages_of_any_size_come_to_the_same(make: Make, brakes: bool) -> None:  # noqa: FBT001  # made up
    boundaries = RULES["boundaries"] if brakes else {**RULES["boundaries"], "pause_when": []}  # type: ignore[dict-item]
    alone = await tables(make(boundaries=boundaries), 1)
    assert [table for table, rows in alone.items() if not rows and table not in {"incidents", "switches"}] == []
    assert bool(alone["incidents"]) == brakes
    for limit in (2, 7, 100):
        together = await tables(make(boundaries=boundaries), limit)
        assert together == alone, limit


async def test_what_goes_wrong_with_one_mention_is_undone_for_it_alone(make: Make) -> None:
    house = make()
    decide = house.mind._router.decide  # noqa: SLF001  # nothing that people write goes wrong in the rules

    def poisoned(heard, facts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        if heard.mention.post.id == "p1-3":
            raise ValueError
        return decide(heard, facts)

    house.mind._router.decide = poisoned  # type: ignore[method-assign]  # noqa: SLF001
    await house.hear(*talk(house, 1, 10))
    noted = await house.think()
    wrong = [one for one in noted if one.heard.mention.post.id == "p1-3"]
    assert len(noted) >= 10
    assert {one.decision.actions for one in wrong} == {("look",)}
    assert len(house.rows("SELECT * FROM decisions")) == len(noted)
    assert [row["action"] for row in house.rows("SELECT action FROM audit WHERE action = 'could not decide'")] == ["could not decide"]


class Counting:
    """Counts the statements of every transaction while it is looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.many = 0
        one, run_many, ids = SqliteTx._execute, SqliteTx.run_many, SqliteTx.ids  # noqa: SLF001  # where all of them pass

        def execute(tx: SqliteTx, sql: str, values: dict[str, Value]) -> object:
            self.many += 1
            return one(tx, sql, values)

        def together(tx: SqliteTx, sql: str, many: Sequence[Mapping[str, Value]]) -> int:
            self.many += 1
            return run_many(tx, sql, many)

        def new_ids(tx: SqliteTx, table: str, many: int) -> Sequence[int]:
            self.many += 1
            return ids(tx, table, many)

        monkeypatch.setattr(SqliteTx, "_execute", execute)
        monkeypatch.setattr(SqliteTx, "run_many", together)
        monkeypatch.setattr(SqliteTx, "ids", new_ids)


@pytest.mark.parametrize("known", [False, True])
async def test_a_page_takes_a_handful_of_statements_however_many_it_holds(
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    known: bool,  # noqa: FBT001  # made up
) -> None:
    house = make(mode="draft", boundaries={"pause_when": []})
    counting = Counting(monkeypatch)

    async def page(name: str, many: int) -> int:
        calm = [WORDS[n % 3] for n in range(many)]
        posts = [
            house.post(f"{name}{n}", words, by=f"{name if not known else 'x'}{n}", thread=f"t{n}", age=5) for n, words in enumerate(calm)
        ]
        house.clock.forward(seconds=20)
        before = counting.many
        await house.hear(*posts)
        assert len(await house.think()) == many
        return counting.many - before

    await page("w", 100)
    few, lots = await page("f", 10), await page("l", 100)
    assert lots <= few + 3, "where many wait, what presses is sought among them"
    assert lots <= MOST


async def test_what_is_heard_at_once_is_found_by_its_words_and_gone_with_them(make: Make) -> None:
    house = make()
    posts = [house.post(f"p{n}", f"@acme shoes number{n}", by=f"b{n}") for n in range(30)]
    await house.hear(*posts)
    find = "SELECT p.id FROM words w JOIN posts p ON p.seq = w.rowid WHERE words MATCH :words"
    assert [row["id"] for row in house.rows(find, words="number7")] == ["p7"]
    fresh = Post(NETWORK, "q", "@acme shoes numberless", Author(NETWORK, "z", "z"), house.clock(), "q", mentions=("acme",))
    page = Page((fresh,), "c", gone=("p7", "q"))  # heard and gone in one page: never in the index with its words
    await Ear(house.store, house.book, house.clock).take(NETWORK, page)
    assert house.rows(find, words="number7") == []
    assert house.rows(find, words="numberless") == []
    house.store.write(lambda tx: tx.run("INSERT INTO words (words) VALUES ('integrity-check')"))
