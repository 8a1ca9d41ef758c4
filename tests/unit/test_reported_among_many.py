"""What reports count of many drafts and decisions is what one plain question counts: the quick ways are no other answers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listener.clock import to_text
from listener.store.base import Reader, Tx, number, pack
from listener.store.sqlite import SqliteStore
from responders.house import open_store
from responders.ledger import records, shadows

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROUTES, VERSIONS = ("thanks", "upset"), ("v1", "v2", "v3")

TOLD = """SELECT d.id AS id FROM drafts d WHERE d.route = :route AND (d.public_template IS NOT NULL OR
    d.private_template IS NOT NULL) AND d.mark <> '' AND (COALESCE(d.decided_at, d.created_at) >= :since
        OR EXISTS (SELECT 1 FROM unhappy u WHERE u.draft_id = d.id AND u.at >= :since)
        OR EXISTS (SELECT 1 FROM approvals a WHERE a.draft_id = d.id AND a.at >= :since))
    AND NOT EXISTS (SELECT 1 FROM posts p WHERE p.network = d.network AND p.id = d.post_id AND p.late = 1) ORDER BY d.id"""
NEWEST = """SELECT MAX(id) AS id FROM decisions WHERE decided_at >= :since
    AND rule_version IN (SELECT value FROM json_each(:versions)) GROUP BY network, post_id, brand"""


def one_draft(tx: Tx, n: int, chance: random.Random) -> None:
    def some_time() -> str:
        return to_text(NOW - timedelta(days=chance.randint(0, 60)))

    tx.run(
        """INSERT INTO posts (network, id, thread_id, author_id, handle, display_name, bot, bio, text, created_at, heard_at, url,
        visibility, mentions, tags, version, own, late, source) VALUES ('x', :id, 't', 'a', 'a', '', 0, '',
        '', '', '', '', 'public', '[]', '[]', '', 0, :late, '')""",
        id=f"p{n}",
        late=int(chance.random() < 0.1),
    )
    draft = tx.insert(
        """INSERT INTO drafts (case_id, network, post_id, brand, state, route, rule_version, public_text, public_template, problems,
        approvals_needed, parent_text, created_at, decided_at, mark) VALUES (1, 'x', :id, 'acme', :state, :route, :number, 'w', :template,
        '[]', 1, '', :at, :decided, :mark)""",
        id=f"p{n}",
        number=str(n),
        state=chance.choice(("waiting", "approved", "rejected", "expired")),
        route=chance.choice(ROUTES),
        template=chance.choice(("t", "t", None)),
        at=some_time(),
        decided=some_time() if chance.random() < 0.7 else None,
        mark=chance.choice(("m", "m", "")),
    )
    for _ in range(chance.choice((0, 0, 1, 2))):
        tx.run(
            """INSERT INTO approvals (draft_id, who, verdict, reason, public_text, bound, at)
            VALUES (:draft, :who, 'yes', '', 'w', '', :at)""",
            draft=draft,
            who=chance.choice(("kim", "earnest", "rule thanks")),
            at=some_time(),
        )
    if chance.random() < 0.2:
        tx.run("INSERT INTO unhappy (draft_id, at) VALUES (:draft, :at)", draft=draft, at=some_time())
    decide(tx, chance)


def decide(tx: Tx, chance: random.Random) -> None:
    decision = tx.insert(
        """INSERT INTO decisions (case_id, network, post_id, brand, route, rule_version, actions, holds, trace, decided_at)
        VALUES (1, 'x', :id, :brand, 'upset', :version, '[]', '[]', '[]', :at)""",
        id=f"q{chance.randint(1, 120)}",
        brand=chance.choice(("acme", "zenith")),
        version=chance.choice(VERSIONS),
        at=to_text(NOW - timedelta(days=chance.randint(0, 60))),
    )
    for route in ROUTES:
        if chance.random() < 0.4:
            tx.run("INSERT INTO shadows VALUES (:decision, :route, '', '[]', '[]', 0)", decision=decision, route=route)


@pytest.fixture(params=(1, 2))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteStore]:
    chance = random.Random(request.param)  # noqa: S311  # the same each time
    made = open_store(f"sqlite:///{tmp_path}/many.db", create=True)

    def fill(tx: Tx) -> None:
        tx.run(
            """INSERT INTO cases (id, network, thread_id, author_id, handle, brand, post_id, route, rule_version, state, level, points,
            team, assignee, opened_at, updated_at) VALUES (1, 'x', 't', 'a', 'a', 'acme', 'p1', '', '', 'open', 'low', 0, '', '', '', '')"""
        )
        for n in range(300):
            one_draft(tx, n, chance)

    made.write(fill)
    yield made
    made.close()


@pytest.mark.parametrize("days", [5, 20, 100])
@pytest.mark.parametrize("route", ROUTES)
def test_drafts_that_anything_happened_to_are_all_found(store: SqliteStore, route: str, days: int) -> None:
    since = NOW - timedelta(days=days)
    plain = store.read().all(TOLD, route=route, since=to_text(since))
    found = list(records.told(store.read(), route, since=since))
    numbers = store.read().all("SELECT id, rule_version FROM drafts")
    by_id = {number(row, "id"): str(row["rule_version"]) for row in numbers}
    assert [one.version for one in found] == [by_id[number(row, "id")] for row in plain]
    said = store.read().all("SELECT draft_id FROM approvals WHERE who = 'kim'")
    wanted = sum(number(row, "draft_id") in {number(one, "id") for one in plain} for row in said)
    assert sum(len(one.said) for one in found) == wanted
    assert found


def newest(reader: Reader, versions: tuple[str, ...], since: str) -> set[int]:
    return {number(row, "id") for row in reader.all(NEWEST, versions=pack(list(versions)), since=since)}


@pytest.mark.parametrize("versions", [("v1",), ("v2", "v3"), VERSIONS, ("v9",)])
@pytest.mark.parametrize("days", [None, 10])
def test_of_several_decisions_of_a_mention_the_newest_counts(store: SqliteStore, versions: tuple[str, ...], days: int | None) -> None:
    since = NOW - timedelta(days=days) if days else None
    wanted = newest(store.read(), versions, to_text(since) if since else "")
    assert shadows.decided(store.read(), versions, since=since) == len(wanted)
    for route in ROUTES:
        rows = store.read().all("SELECT decision_id FROM shadows WHERE route = :route", route=route)
        assert len(shadows.matched(store.read(), route, versions, since=since)) == sum(number(row, "decision_id") in wanted for row in rows)
