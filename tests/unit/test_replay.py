"""Rules over the stored past: the figures are those of the daemon, what people did happens again, and nothing is changed or sent."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from listener.errors import Unreachable
from listener.rules.rulebook import Rulebook
from listener.store.looking import looking
from responders.comparing import compare
from responders.ledger.bygone import Span
from responders.replayers import Text, play_both
from responders.replaying import TABLES, Story, replay
from responders.switch import Switch
from tests import street
from tests.braking import pause
from tests.replaying import ANGRY, BEFORE, DAY, LOVE, NOON, RULES, Daily, said

SPAN = Span(NOON - timedelta(minutes=1), NOON + timedelta(days=2))


def book(**changes: object) -> Rulebook:
    return Rulebook.model_validate({**street.RULES, **RULES, **changes})


def told(story: Story) -> dict[str, tuple[str, str, str | None, bool]]:
    return {key[1]: (one.case, one.route, one.words[0][0] if one.words else None, one.sent) for key, one in story.mentions.items()}


def sent(story: Story) -> list[str]:
    return [key[1] for key, one in story.mentions.items() if one.sent]


@pytest_asyncio.fixture
async def past(tmp_path: Path) -> AsyncIterator[Daily]:
    house = Daily(tmp_path / "past", **BEFORE)
    yield house
    house.store.close()


@pytest_asyncio.fixture
async def present(tmp_path: Path) -> AsyncIterator[Daily]:
    house = Daily(tmp_path / "present", **RULES)
    yield house
    house.store.close()


async def test_the_figures_are_what_the_daemon_then_does(past: Daily, present: Daily) -> None:
    await past.live(DAY)
    assert not past.mouth.published

    story = replay(past.store.url, book(), SPAN)
    await present.live(DAY)

    figures = present.figures()
    assert told(story) == figures
    assert [name for name, (*_, left) in figures.items() if left] == ["p1", "p3", "p4", "p6"]
    assert [reason.partition(": ")[2].partition(". ")[0] for _, reason in story.stops] == [pause(present)]
    held = {key[1]: set(one.held_by) for key, one in story.mentions.items()}
    assert held["p2"] >= {"per_author"}
    assert held["p5"] >= {"per_hour"}
    assert held["p8"] >= {"suppressed"}
    assert held["p11"] >= {"answer_within"}
    assert held["p12"] >= {"quiet_hours"}
    assert held["p13"] >= {"paused"}


async def test_what_stood_before_the_span_stands_in_it(past: Daily, present: Daily) -> None:
    await present.live(DAY[:5])
    await past.live(DAY[:1])

    later = Span(NOON + timedelta(minutes=3), SPAN.until)
    story = replay(present.store.url, book(), later)

    assert list(told(story)) == ["p2", "p3", "p4", "p5"]
    assert sent(story) == ["p3", "p4"]  # the first of the hour left before the span
    assert "per_author" in next(one for key, one in story.mentions.items() if key[1] == "p2").held_by


async def test_what_was_counted_before_the_span_counts_in_it(past: Daily) -> None:
    storm = [said(n, f"a{n}", ANGRY, f"angry{n}") for n in range(5)]
    await past.live([*storm, said(10, "p1", LOVE, "marta")])

    story = replay(past.store.url, book(), Span(NOON + timedelta(minutes=3.5), SPAN.until))

    assert list(told(story)) == ["a4", "p1"]
    assert len(story.stops) == 1
    assert sent(story) == []


async def test_an_edited_post_is_played_when_it_was_edited(past: Daily) -> None:
    await past.live(DAY[5:7])
    assert told(replay(past.store.url, book(), Span(NOON + timedelta(minutes=95), SPAN.until)))["p6"][1] == "thanks"
    assert told(replay(past.store.url, book(), Span(SPAN.since, NOON + timedelta(minutes=95)))) == {}


async def test_whoever_only_looks_cannot_write(past: Daily) -> None:
    with looking(past.store.url, TABLES) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.all("DELETE FROM posts RETURNING id")


async def test_what_people_did_they_do_again(past: Daily) -> None:
    await past.live([said(0, "p1", "@acme hello there, one thing", "marta")])
    past.desk().approve("A-1")
    await past.until(past.clock() + timedelta(minutes=1))
    assert len(past.mouth.published) == 1
    await past.live([said(20, "p2", LOVE, "marta"), said(21, "p3", LOVE, "tom", thread="p1")])
    past.clock.moment = NOON + timedelta(minutes=30)
    Switch(past.store, past.clock, who="kim").pause("a look", None)
    await past.live([said(31, "p4", LOVE, "zoe")])
    Switch(past.store, past.clock, who="kim").resume()
    await past.live([said(40, "p5", LOVE, "ann")])

    story = replay(past.store.url, book(), SPAN)

    held = {key[1]: one.held_by for key, one in story.mentions.items()}
    assert held["p2"] == ("per_author",)
    assert "crowd" in held["p3"]
    assert held["p4"] == ("paused",)
    assert sent(story) == ["p5"]
    assert story.stops == ()


async def test_drafts_that_a_person_rejected_or_changed_are_known_again(past: Daily) -> None:
    await past.live([said(0, "p1", "@acme hello there, one thing", "marta"), said(5, "p2", ANGRY, "tom"), said(6, "p3", ANGRY, "ann")])
    past.desk().reject("A-1", "tone")
    past.desk().edit("A-2", public="Something else.")
    past.desk().reject("A-3", "facts")

    same = replay(past.store.url, past.book, SPAN)
    other = replay(past.store.url, book(routes=[{"name": "all", "when": "always", "reply": "thanks"}]), SPAN)

    assert [(one.case, one.verdict, one.reason) for one in same.again] == [
        ("A-1", "rejected", "tone"),
        ("A-2", "edited", ""),
        ("A-3", "rejected", "facts"),
    ]
    assert other.again == ()
    asides = list(compare(same, None).asides())
    assert asides[0] == "2 of these drafts a person has rejected before, in these very words: 1 tone, 1 facts."


async def test_a_span_ends_where_it_ends(past: Daily) -> None:
    await past.live(DAY[:3])
    story = replay(past.store.url, book(), Span(SPAN.since, NOON + timedelta(minutes=10)))
    assert list(told(story)) == ["p1", "p2"]


async def test_the_difference_says_what_would_change_and_who_would_be_answered(past: Daily) -> None:
    await past.live(DAY[:6])
    silent = book(routes=[{"name": "thanks", "when": {"sentiment": ["positive"]}}, {"name": "rest", "when": "always", "reply": "hello"}])

    found = compare(replay(past.store.url, book(), SPAN), replay(past.store.url, silent, SPAN))

    assert (found.mentions, found.would_send, found.would_send_before) == (6, 3, 0)
    assert [who.handle for who in found.newly] == ["marta", "tom", "lena", "omar"]
    assert [who.handle for who in found.no_longer] == ["zoe"]
    assert found.newly[0].public == "@marta That made our day."
    assert [(one.case, one.before, one.after) for one in found.changed] == [("A-6", "rest", "passing")]
    back = compare(replay(past.store.url, silent, SPAN), replay(past.store.url, book(), SPAN))
    assert [who.handle for who in back.no_longer] == ["marta", "tom", "lena", "omar"]


async def test_two_processes_tell_the_same_story_as_one(past: Daily) -> None:
    await past.live(DAY)
    text = Text(json.dumps({**street.RULES, **RULES}), "new.yaml")
    old = Text(json.dumps({**street.RULES, **BEFORE}), "old.yaml")
    played: list[tuple[int, int]] = []

    together = play_both(past.store.url, text, old, SPAN)
    apart = play_both(past.store.url, text, old, SPAN, short=0, progress=lambda one, of: played.append((one, of)))

    assert apart == together
    assert played[-1][1] == 2 * (len(DAY) - 1)
    assert max(one for one, _ in played) <= 2 * (len(DAY) - 1)


async def test_ctrl_c_is_for_the_process_that_people_see(past: Daily) -> None:
    """A terminal sends it to both; the other one says nothing of it, and is ended by the first."""
    await past.live(DAY[:3])
    text = Text(json.dumps({**street.RULES, **RULES}), "new.yaml")
    told: list[int] = []

    def interrupt(_played: int, _of: int) -> None:
        told.extend(child.pid or 0 for child in multiprocessing.active_children())
        for pid in told:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)

    after, before = play_both(past.store.url, text, text, SPAN, short=0, progress=interrupt)
    assert told
    assert after == before


SILENT = """
import socket, sys
def refuse(*_, **__):
    raise SystemExit("something would have gone out")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = refuse
from responders.house import channel_kind, speaking_networks
for name in speaking_networks():
    object.__setattr__(channel_kind(name), "make", refuse)
from responders.cli.main import main
sys.argv = ["earnest", "rules", "replay", "--since", "3650d", "--rules", sys.argv[1], "--store", sys.argv[2], "--json"]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
assert not {"apprise", "responders.alerts", "responders.outbox", "responders.daemon"} & set(sys.modules)
"""


async def test_the_store_is_not_changed_and_nobody_could_be_reached(past: Daily, tmp_path: Path) -> None:
    await past.live(DAY)
    past.store.close()
    rules = tmp_path / "rules.yaml"
    rules.write_text(json.dumps({**street.RULES, **RULES}), encoding="utf-8")
    before = hashlib.sha256(past.store.path.read_bytes()).hexdigest()

    command = [sys.executable, "-c", SILENT, str(rules), past.store.url]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: ASYNC221  # it waits for one short process

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["would_send"] == 4
    assert hashlib.sha256(past.store.path.read_bytes()).hexdigest() == before


async def test_a_store_of_another_version_is_not_brought_up_to_date(past: Daily) -> None:
    past.store.write(lambda tx: tx.run("DELETE FROM _sqlite_migrations WHERE name = '006_rulebooks'"))
    with pytest.raises(Unreachable, match="another version"):
        replay(past.store.url, book(), SPAN)


def test_where_there_is_no_store_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="there is no store"):
        replay(f"sqlite:///{tmp_path}/none.db", book(), SPAN)
    assert list(tmp_path.iterdir()) == []


async def test_a_judgement_made_by_the_same_judge_is_not_made_again(past: Daily) -> None:
    await past.live(DAY[:1])
    past.store.write(lambda tx: tx.run("UPDATE assessments SET mood = 'negative'"))
    assert told(replay(past.store.url, book(), SPAN))["p1"][1] == "rest"

    louder = book(scoring={"sentiment": {"positive": 0.4}})
    assert told(replay(past.store.url, louder, SPAN))["p1"][1] == "thanks"
