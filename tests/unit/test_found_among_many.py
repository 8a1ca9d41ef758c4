"""Whatever is looked up when much is stored is exactly what one plain question finds: the quick ways are no other answers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listener.clock import from_text, to_text
from listener.model import Level
from listener.store import following, searching
from listener.store import mentions as heard_ledger
from listener.store.base import Reader, Row, Tx, Value, number
from listener.store.sqlite import SqliteStore
from responders import heardlist, views
from responders.house import open_store
from responders.ledger import audit, cases, drafts, judged, people
from responders.views import Filters, Place, Waiting
from tests.keeping import store_url

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WORDS = ("refund", "sole", "Übergröße", "charged", "twice", "Quito", "iPhone充電器から煙が出て")
NETWORKS, BRANDS, ROUTES = ("x", "bluesky", "mastodon"), ("acme", "zenith"), ("billing", "thanks", "safety", "rest")
TEAMS, PEOPLE, LEVELS = ("", "care", "billing"), ("", "kim", "sam"), ("low", "normal", "high", "critical")
STATES = ("waiting", "noted", "answered", "closed")
RARE = (0.6, 0.3, 0.08, 0.02)
AUTHORS = ("Ann", "ann", "BOB", "cleo")

PLAIN = """SELECT m.seq AS seq FROM mentions m JOIN posts p ON p.network = m.network AND p.id = m.post_id
    JOIN assessments a ON a.network = m.network AND a.post_id = m.post_id
    JOIN cases c ON c.network = p.network AND c.thread_id = p.thread_id AND c.author_id = p.author_id AND c.brand = m.brand
    WHERE {where} ORDER BY m.seq DESC LIMIT :limit"""
PLAIN_DUE = "SELECT c.respond_by FROM drafts d JOIN cases c ON c.id = d.case_id WHERE d.state = 'waiting'"
LEVEL = f"COALESCE(json_extract(NULLIF({judged.RAISED}, ''), '$.level'), a.level)"


def one_mention(tx: Tx, n: int, chance: random.Random, of_cases: dict[tuple[str, ...], int]) -> None:
    network, author, brand = chance.choice(NETWORKS), chance.choice(AUTHORS), chance.choices(BRANDS, (0.95, 0.05))[0]
    thread, at = f"t{chance.randint(1, 60)}", to_text(NOW - timedelta(minutes=400 - n))
    post = {"seq": chance.randint(1, 10**6), "network": network, "id": f"p{n}", "thread": thread, "author": author, "at": at}
    post["text"] = " ".join(chance.choices(WORDS, (9, 5, 2, 5, 5, 1, 1), k=4))
    post["gone"] = at if chance.random() < 0.1 else None
    tx.run(
        """INSERT INTO posts (seq, network, id, thread_id, author_id, handle, display_name, bot, bio, text, created_at, heard_at,
        url, visibility, mentions, tags, version, own, late, source, deleted_at) VALUES (:seq, :network, :id, :thread, :author, :author,
        '', 0, '', :text, :at, :at, '', 'public', '[]', '[]', '', 0, 0, '', :gone)""",
        **post,
    )
    key: dict[str, Value] = {"network": network, "id": f"p{n}", "brand": brand, "at": at}
    tx.run(
        "INSERT INTO mentions (network, post_id, brand, because, addressed, heard_at) VALUES (:network, :id, :brand, '[]', 1, :at)", **key
    )
    level = chance.choices(LEVELS, RARE)[0]
    if chance.random() < 0.98:  # of the others it is as if nobody had judged them
        tx.run(
            """INSERT INTO assessments (network, post_id, language, mood, score, level, points, intent, record, judged_at)
            VALUES (:network, :id, 'en', 'neutral', 0, :level, 9, 'other', '{}', :at)""",
            level=level,
            **{name: key[name] for name in ("network", "id", "at")},
        )
    case = of_cases.setdefault((network, thread, author, brand), len(of_cases) + 1)
    row: dict[str, Value] = {
        "id": case,
        "route": chance.choices(ROUTES, RARE)[0],
        "team": chance.choice(TEAMS),
        "who": chance.choice(PEOPLE),
    }
    row |= {"due": to_text(NOW + timedelta(hours=chance.randint(-5, 5))) if chance.random() < 0.2 else None, "points": chance.randint(0, 3)}
    row |= {"snoozed": to_text(NOW + timedelta(hours=chance.choice((-1, 1)))) if chance.random() < 0.2 else None}
    row["state"] = chance.choices(STATES, RARE)[0]  # whatever it says, its draft may wait
    tx.run(
        """INSERT INTO cases (id, network, thread_id, author_id, handle, brand, post_id, route, rule_version, state, level, points, team,
        assignee, opened_at, updated_at, respond_by, snoozed_until) VALUES (:id, :network, :thread, :author, :author, :brand, :post, :route,
        'v', :state, :level, :points, :team, :who, :at, :at, :due, :snoozed) ON CONFLICT (id) DO UPDATE SET route = excluded.route,
        updated_at = excluded.updated_at""",
        **row, **{name: key[name] for name in ("network", "brand", "at")}, thread=thread, author=author, post=f"p{n}", level=level,
    )  # fmt: skip
    for turn in range(chance.choice((1, 1, 1, 2))):
        one_decision(tx, case, key, chance, f"hold {n} {turn}")
    if chance.random() < 0.4:
        one_draft(tx, case, key, chance)


def one_decision(tx: Tx, case: int, key: dict[str, Value], chance: random.Random, hold: str) -> None:
    raised = {"level": chance.choice(LEVELS), "points": 80, "needs_reply": True, "signals": []}
    tx.run(
        """INSERT INTO decisions (case_id, network, post_id, brand, route, rule_version, actions, holds, trace, decided_at, raised)
        VALUES (:case, :network, :id, :brand, 'r', 'v', '[]', :hold, '[]', :at, :raised)""",
        case=case,
        hold=json.dumps([["paused", hold, None, False, False]]),
        raised=json.dumps(raised) if chance.random() < 0.1 else "",
        **key,
    )


def one_draft(tx: Tx, case: int, key: dict[str, Value], chance: random.Random) -> None:
    state = chance.choice(("waiting", "waiting", "rejected"))
    draft = tx.insert(
        """INSERT INTO drafts (case_id, network, post_id, brand, state, route, rule_version, public_text, problems, approvals_needed,
        parent_text, created_at) VALUES (:case, :network, :id, :brand, :state, 'r', 'v', 'words', '[]', 1, '', :at)""",
        case=case, state=state, **key,
    )  # fmt: skip
    for who in chance.sample(PEOPLE, chance.randint(0, 2)):
        tx.run(
            "INSERT INTO approvals (draft_id, who, verdict, reason, bound, at) VALUES (:draft, :who, 'yes', '', '', :at)",
            draft=draft, who=who, at=key["at"],
        )  # fmt: skip


@pytest.fixture(params=(1, 2, 3))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteStore]:
    chance = random.Random(request.param)  # noqa: S311  # the same each time
    made = open_store(store_url(tmp_path), create=True)
    of_cases: dict[tuple[str, ...], int] = {}

    def fill(tx: Tx) -> None:
        for n in range(400):
            one_mention(tx, n, chance, of_cases)
            audit.record(tx, chance.choice(PEOPLE), "did", at=NOW - timedelta(minutes=n % 90), case_id=n % 7 or None)

    made.write(fill)
    yield made
    made.close()


def plainly(reader: Reader, filters: Filters, search: str, limit: int) -> list[int]:
    """Ask the one plain question."""
    found, values = filters.conditions(NOW)
    parts = [f"c.{one.column} {one.test}" for one in found] + ([f"{LEVEL} IN {filters.levels}"] if filters.levels else [])
    unspaced = [word for word in search.split() if not word.isascii() and word != "Übergröße"]
    for n, word in enumerate(unspaced):
        parts.append(f"lower(p.text) LIKE :like{n}")
        values[f"like{n}"] = f"%{word.lower()}%"
    if search := " ".join(word for word in search.split() if word not in unspaced):
        parts.append("p.seq IN (SELECT rowid FROM words WHERE words MATCH :words)")
        values["words"] = searching.query(search)
    rows = reader.all(PLAIN.format(where=" AND ".join(parts) or "1 = 1"), limit=limit, **values)
    return [number(row, "seq") for row in rows]


def some_filters(chance: random.Random) -> Filters:
    def maybe(values: tuple[str, ...], often: float = 0.25) -> str | None:
        return chance.choice(values) if chance.random() < often else None

    return Filters(
        brand=maybe((*BRANDS, "nobody's")),
        network=maybe(NETWORKS),
        route=maybe((*ROUTES, "none")),
        urgency=Level(chance.choice(LEVELS)) if chance.random() < 0.4 else None,
        team=maybe(TEAMS[1:]),
        assignee=maybe((*PEOPLE[1:], "nobody")),
        since=timedelta(minutes=chance.randint(5, 400)) if chance.random() < 0.3 else None,
        overdue=chance.random() < 0.2,
    )


def seqs(reader: Reader, rows: list[Row]) -> list[int]:
    found = [
        reader.one(
            "SELECT seq FROM mentions WHERE network = :n AND post_id = :p AND brand = :b", n=row["network"], p=row["id"], b=row["brand"]
        )
        for row in rows
    ]
    return [number(row, "seq") for row in found if row]


def test_every_way_to_find_mentions_finds_what_the_plain_question_finds(store: SqliteStore) -> None:
    chance, reader = random.Random(5), store.read()  # noqa: S311  # the same each time
    told = 0
    for _ in range(250):
        filters = some_filters(chance)
        search = " ".join(chance.sample((*WORDS, "ubergrosse", "nowhere", "煙", "iphone充電器", "火"), chance.choice((0, 0, 1, 2))))
        limit = chance.choice((1, 3, 10, 1_000))
        window, many = chance.choice((1, 7, 40, 200, 4_000)), chance.choice((1, 10, 60, 20_000))
        rows = heardlist.heard(reader, filters, search=search, at=NOW, limit=limit, window=window, many=many)
        assert seqs(reader, rows) == plainly(reader, filters, search, limit), (filters, search, limit, window, many)
        told += len(rows)
    assert told > 1_000


def one_by_one(reader: Reader, place: Place) -> Waiting | None:
    """Read a draft that waits, each of its parts by itself."""
    draft = drafts.get(reader, place.draft_id)
    post = heard_ledger.post(reader, draft.network, draft.post_id)
    seen = judged.assessment(reader, draft.network, draft.post_id, draft.brand)
    case = cases.find(reader, cases.name_of(draft.case_id))
    decision = cases.decision(reader, case.id)
    if post is None or seen is None:
        return None
    return Waiting(case, draft, post, seen, decision.holds if decision else (), drafts.words(reader, draft.id))


def test_drafts_read_together_are_those_read_one_by_one(store: SqliteStore) -> None:
    chance, reader = random.Random(6), store.read()  # noqa: S311  # the same each time
    for filters in (Filters(), *(some_filters(chance) for _ in range(20))):
        places = views.queue(reader, filters, at=NOW)
        assert views.inbox(reader, filters, at=NOW) == [one for place in places if (one := one_by_one(reader, place))]
        assert views.asking(reader, filters, at=NOW) == len(places)
        assert views.queue(reader, filters, at=NOW, limit=5) == places[:5]
        assert [views.pending(reader, place) for place in places[:9]] == [one_by_one(reader, place) for place in places[:9]]
    assert len(views.queue(reader, Filters(), at=NOW)) > 50


def some_answers(tx: Tx, chance: random.Random) -> None:
    """Let some drafts that wait have left already, as far as anybody can tell, and some be posted by hand."""
    for row in tx.all("SELECT id, case_id, network, post_id FROM drafts WHERE state = 'waiting' AND id % 5 = 0"):
        for kind in chance.choices(("public", "private"), k=chance.choice((1, 2))):
            tx.run(
                """INSERT INTO deliveries (case_id, draft_id, kind, network, account, parent_id, visibility, text, key, record_at, bound,
                state, automatic, route, author_id, thread_id, points, not_before) VALUES (:case_id, :id, :kind, :network, :account,
                :post_id, 'public', '', '', :at, '', :state, 0, 'r', '', '', 0, :at)""",
                kind=kind, account=str(chance.random()), state=chance.choice(("parked", "by_hand", "sent")), at=to_text(NOW), **row,
            )  # fmt: skip


def test_the_first_of_all_that_ask_are_read_in_the_order_in_which_all_are(store: SqliteStore) -> None:
    store.write(lambda tx: some_answers(tx, random.Random(7)))  # noqa: S311  # the same each time
    reader = store.read()
    for at in (NOW - timedelta(hours=2), NOW, NOW + timedelta(hours=2)):  # more and fewer are snoozed, and late
        every = views.queue(reader, Filters(), at=at)
        assert {place.parked is None for place in every} == {True, False}
        assert len(every) == views.asking(reader, Filters(), at=at)
        for limit in (1, 2, 17, 60, len(every), 1_000):
            assert [(one, one.draft_id) for one in views.queue(reader, Filters(), at=at, limit=limit)] == [
                (one, one.draft_id) for one in every[:limit]
            ]
        late = [row["respond_by"] for row in reader.all(PLAIN_DUE) if row["respond_by"]]
        health = views.health(store, running=False, at=at)
        assert health.overdue == sum(str(one) < to_text(at) for one in late)
        assert health.next_due == from_text(min(map(str, late)))


@pytest.mark.parametrize("handle", ["ann", "ANN", "@Bob", "cleo", "nobody"])
@pytest.mark.parametrize("network", [None, "x"])
def test_a_person_is_found_by_any_spelling_of_a_handle(store: SqliteStore, handle: str, network: str | None) -> None:
    wanted = {
        (str(row["network"]), str(row["author_id"]), str(row["handle"]))
        for row in store.read().all("SELECT network, author_id, handle FROM posts")
        if str(row["handle"]).casefold() == handle.removeprefix("@").casefold() and network in {None, row["network"]}
    }
    found = people.known_author(store.read(), handle, network)
    assert set(found) == wanted
    assert len(found) == len(wanted)


def test_lines_of_the_log_are_those_of_the_case_and_the_time(store: SqliteStore) -> None:
    everything = audit.lines(store.read())
    assert len(everything) == 400
    since = NOW - timedelta(minutes=30)
    for case_id in (None, 3, 99):
        for moment in (None, since):
            wanted = [
                row for row in everything if case_id in {None, row["case_id"]} and (moment is None or str(row["at"]) >= to_text(moment))
            ]
            assert audit.lines(store.read(), case_id=case_id, since=moment) == wanted
            for limit in (1, 7, 10_000):
                assert audit.lines(store.read(), case_id=case_id, since=moment, limit=limit) == wanted[-limit:]
    assert [row["id"] for row in audit.lines(store.read(), case_id=3, after_id=200)] == [
        row["id"] for row in everything if row["case_id"] == 3 and number(row, "id") > 200
    ]


def test_the_fates_of_a_thread_are_of_posts_that_met_one(store: SqliteStore) -> None:
    rows = store.read().all("SELECT id FROM posts WHERE network = 'x' AND thread_id = 't7' AND deleted_at IS NOT NULL")
    every = [row for thread in range(1, 61) for row in following.fates(store.read(), "x", f"t{thread}")]
    assert set(following.fates(store.read(), "x", "t7")) == {str(row["id"]) for row in rows}
    assert every


def test_what_waits_is_counted_as_one_plain_question_counts_it(store: SqliteStore) -> None:
    plain = store.read().one(
        """SELECT COUNT(*) AS n, SUM(CASE WHEN c.respond_by < :now THEN 1 ELSE 0 END) AS late, MIN(c.respond_by) AS next
        FROM drafts d JOIN cases c ON c.id = d.case_id WHERE d.state = 'waiting'""",
        now=to_text(NOW),
    )
    assert plain is not None
    found = views.health(store, running=False, at=NOW)
    assert (found.waiting, found.overdue) == (plain["n"], plain["late"])
    assert found.waiting > found.overdue > 0
    assert found.next_due is not None
    assert to_text(found.next_due) == plain["next"]


def test_an_empty_store_has_nothing_that_waits(tmp_path: Path) -> None:
    store = open_store(store_url(tmp_path), create=True)
    found = views.health(store, running=False, at=NOW)
    store.close()
    assert (found.waiting, found.overdue, found.next_due) == (0, 0, None)
