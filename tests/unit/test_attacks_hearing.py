"""Attacks on what is heard: nothing a post, a plug-in or a service does may keep a cry for help from a person."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from apprise.decorators import notify

from listener import logs
from listener.errors import EarnestError
from listener.model import Gap, Page, Post
from listener.polling import Ear
from listener.store import mentions as heard_ledger
from responders.alerts import Alerts
from responders.daemon import Daemon
from responders.ledger import audit
from responders.model import Kind
from responders.pipeline import Mind
from responders.rulefile import load
from tests.mouth import ALONE, NETWORK, House, kind
from tests.stores import RULES as RULES_FILE

CRY = "@acme the charger started smoking and burned my daughter's hand"
TEAMS = {"teams": {"on-call": {"members": ["kim"], "alert": "secret:oncall"}}}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, **TEAMS)
    yield made
    made.store.close()


def _stumbling(house: House, author: str) -> Mind:
    """Return a mind with a plug-in channel that cannot bear one author."""

    def address(text: str, post: Post, what: Kind) -> str:
        if post.author.handle == author:
            raise KeyError(author)
        return kind().address(text, post, what)

    return Mind(house.store, house.book, house.clock, {NETWORK: replace(kind(), address=address)}, undo=timedelta(seconds=10))


async def test_a_mention_that_cannot_be_decided_reaches_a_person_and_keeps_no_other_waiting(house: House) -> None:
    house.mind = _stumbling(house, "poison")
    await house.hear(house.post("p1", CRY, by="poison"), house.post("p2", CRY, by="marta", age=50))
    first, second = await house.think()
    assert (first.state, second.state) == ("open", "waiting")
    assert [row["case_id"] for row in house.rows("SELECT case_id FROM escalations ORDER BY id")] == [1, 2]
    assert await house.think() == [], "it is not tried for ever"
    assert audit.broken_at(house.store.read()) is None


async def test_a_word_that_asks_for_nothing_does_not_bury_the_cry_before_it(tmp_path: Path) -> None:
    routes = [
        {"name": "safety", "when": {"signals": ["safety"]}, "reply": "holding", "private": "ask", "sla": {"first_response": "15m"}},
        {"name": "thanks", "when": {"sentiment": ["positive"]}, "reply": "thanks", "approval": "none"},
        {"name": "rest", "when": "always"},
    ]
    house = House(tmp_path, mode="send", routes=routes)
    await house.hear(house.post("p1", CRY))
    await house.think()
    before = house.rows("SELECT level, points, respond_by, state FROM cases")
    await house.hear(house.post("p2", "@acme ok", thread="p1", age=50))
    await house.think()
    assert house.rows("SELECT state FROM drafts") == [{"state": "waiting"}]
    assert house.rows("SELECT level, points, respond_by, state FROM cases") == before
    await house.hear(house.post("p3", "@acme I love my new lamp, thank you so much!", thread="p1", age=40))
    await house.think()
    after = house.rows("SELECT level, points, respond_by, state FROM cases")
    assert after == before, "and nothing leaves by itself meanwhile"
    assert house.states() == []
    house.store.close()


async def test_history_that_is_taken_in_does_not_touch_what_waits(house: House) -> None:
    await house.hear(house.post("p1", CRY))
    await house.think()
    past = house.post("old", "@acme hello, one thing", thread="p1", age=90_000)
    ear = Ear(house.store, house.book, house.clock)
    judged = ear.judge_past("file", [past], "acme")
    house.store.write(lambda tx: ear.take_past(tx, "file", judged))
    await house.think()
    assert house.rows("SELECT state FROM cases") == [{"state": "waiting"}]
    assert house.rows("SELECT state FROM drafts") == [{"state": "waiting"}]


async def test_the_past_of_a_first_poll_is_heard_and_never_answered(tmp_path: Path) -> None:
    house = House(tmp_path, **ALONE)
    await house.hear(*(house.post(f"p{days}", "@acme hello there", by=f"a{days}", age=days * 86_400 + 1) for days in range(1, 30)))
    await house.think()
    assert house.rows("SELECT COUNT(*) AS n FROM mentions") == [{"n": 29}]
    assert house.rows("SELECT * FROM drafts") + house.rows("SELECT * FROM deliveries") == []
    house.store.close()


async def test_a_cry_of_somebody_who_asked_us_to_stop_still_reaches_a_person(house: House) -> None:
    house.desk().suppress(house.post("p1", "").author, "never write to me again")
    await house.hear(house.post("p1", CRY))
    (noted,) = await house.think()
    assert noted.alerted == "on-call"
    assert house.rows("SELECT * FROM drafts") == []


async def test_a_number_or_letter_that_no_file_can_hold_does_not_stop_a_page(house: House) -> None:
    half = "\ud83d"
    bad = house.post("bad", f"@acme {half}\0{half} hello")
    author = replace(bad.author, followers=10**30, display_name=half, bio=f"x{half}", handle=f"h{half}")
    bad = replace(bad, author=author, tags=(half,), url=f"https://x/{half}", thread_id=f"t{half}", language=half)
    await house.hear(bad, house.post("good", CRY))
    assert len(await house.think()) == 2
    house.desk(f"jo{half}").assign("A-1", f"kim{half}")
    assert audit.broken_at(house.store.read()) is None


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of the alert library's own services
async def test_a_failing_or_silent_alert_service_does_not_keep_another_team_waiting(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    @notify(on="boom")  # type: ignore[untyped-decorator]  # a service as anybody may add one to the library
    def boom(*_: object, **__: object) -> None:
        message = "canary in the words of an exception"
        raise SystemError(message)

    heard = []

    @notify(on="good")  # type: ignore[untyped-decorator]
    def good(body: str, *_: object, **__: object) -> None:
        heard.append(body)

    team = house.book.teams["on-call"]
    names = {"one": "boom://canary", "two": "no-such-service://canary", "three": "good://canary"}
    house.book = house.book.model_copy(update={"teams": {name: team.model_copy(update={"alert": f"secret:{name}"}) for name in names}})
    await house.hear(house.post("p1", "@acme hello, one thing"))
    await house.think()
    for name, address in names.items():
        monkeypatch.setenv(f"EARNEST_SECRET_{name.upper()}", address)
        house.desk().escalate("A-1", name, "")
    done = await Alerts(house.store, lambda: house.book, house.clock).round()
    assert [bool(one.problem) for one in done] == [True, True, False]
    assert "canary" not in str(house.rows("SELECT * FROM escalations")) + str(done)
    assert len(heard) == 1


async def test_the_same_page_many_times_adds_nothing(house: House) -> None:
    page = [house.post("p1", CRY), house.post("p2", "@acme hello", by="tom")]
    for _ in range(20):
        await house.hear(*page)
        await house.think()
    assert house.rows("SELECT COUNT(*) AS n FROM drafts") == [{"n": 2}]
    assert house.rows("SELECT COUNT(*) AS n FROM escalations") == [{"n": 1}]


async def test_two_bots_that_talk_to_each_other_end_with_one_answer(tmp_path: Path) -> None:
    house = House(tmp_path, **ALONE)
    for minute in range(30):
        await house.hear(house.post(f"p{minute}", "@acme hello there", by="robo", thread="t", age=0))
        await house.think()
        await house.speak(seconds=11)
    assert len(house.mouth.published) == 1
    house.store.close()


async def test_a_page_that_is_stored_halfway_is_not_stored(house: House) -> None:
    await house.hear(house.post("p0", "@acme hello"))
    house.store.write(lambda tx: tx.run("CREATE TRIGGER full BEFORE INSERT ON gaps BEGIN SELECT RAISE(ABORT, 'full'); END"))
    with pytest.raises(Exception, match="full"):
        await Ear(house.store, house.book, house.clock).take(NETWORK, Page((house.post("p1", CRY),), "later", gap=Gap("lost")))
    assert heard_ledger.cursor(house.store.read(), NETWORK) == (True, "c")
    assert heard_ledger.post(house.store.read(), NETWORK, "p1") is None


async def test_rules_that_were_broken_and_mended_are_not_called_broken_for_ever(house: House, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES_FILE, encoding="utf-8")
    daemon = Daemon(house.store, load(path), house.clock, rules_path=path)
    for broken in (b"\xff\xfe", b"version: [" * 5_000, b"a: &a [*a]\n", b"version: " + b"9" * 5_000):
        path.write_bytes(broken)
        assert not await daemon.reload()
        assert house.rows("SELECT value FROM facts WHERE name = 'rules_error'")[0]["value"]
    path.write_text(RULES_FILE, encoding="utf-8")
    assert not await daemon.reload(), "they are in force already"
    assert house.rows("SELECT value FROM facts WHERE name = 'rules_error'") == [{"value": ""}]


async def test_a_broken_rules_file_changes_nothing(house: House, tmp_path: Path) -> None:
    daemon = Daemon(house.store, house.book, house.clock, rules_path=tmp_path / "rules.yaml")
    assert not await daemon.reload(), "it is not even there"
    assert daemon._book.fingerprint == house.book.fingerprint  # noqa: SLF001


async def test_a_log_that_nobody_reads_any_more_stops_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = io.StringIO()
    gone.close()
    logs.configure(0, json=True)
    monkeypatch.setattr("sys.stderr", gone)
    await house.approved()
    await house.speak(seconds=11)
    assert house.states() == ["sent"]


def test_no_log_line_carries_an_escape(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x1b[2J\x9b31m\u202egnp\u200b\U000e0041\nforged line"
    for as_json in (True, False):
        logs.configure(0, json=as_json)
        logs.get("test").warning("cannot hear", problem=hostile, source=hostile)
        line = capsys.readouterr().err
        assert not set(line.removesuffix("\n")) & set("\x1b\x9b\u202e\U000e0041\n")


async def test_what_is_gone_is_gone_though_the_page_holds_nothing_else(house: House) -> None:
    await house.hear(house.post("p1", CRY))
    await Ear(house.store, house.book, house.clock).take("our-town", Page((), "later", gone=("p1",)), network=NETWORK)
    (row,) = house.rows("SELECT text, deleted_at FROM posts WHERE id = 'p1'")
    assert row["text"] == ""
    assert row["deleted_at"]


async def test_what_was_deleted_stays_deleted_though_an_older_version_comes_by_again(house: House) -> None:
    """A stream that is read again from a little earlier brings the post, its edit and its deletion once more, in this order."""
    post = house.post("p1", CRY)
    ear = Ear(house.store, house.book, house.clock)
    await ear.take(NETWORK, Page((replace(post, text="@acme edited", version="2"),), "1"))
    await ear.take(NETWORK, Page((), "2", gone=("p1",)))
    for again in (post, replace(post, text="@acme edited", version="2")):
        assert (await ear.take(NETWORK, Page((again,), "3"))).mentions == ()
    await ear.take(NETWORK, Page((), "4", gone=("p1",)))
    assert house.rows("SELECT text FROM posts") == [{"text": ""}]
    assert house.rows("SELECT 1 FROM posts WHERE deleted_at IS NOT NULL")


async def test_an_id_is_text_whatever_it_looks_like(house: House) -> None:
    ids = ["9007199254740993", "9007199254740992", "01J0ULID7", "01j0ulid7", "1e3", "0007", "7"]
    await house.hear(*(house.post(one, "@acme hello") for one in ids))
    await house.hear(*(house.post(one, "@acme hello") for one in reversed(ids)))
    assert [row["id"] for row in house.rows("SELECT id FROM posts ORDER BY seq")] == ids
    assert heard_ledger.post(house.store.read(), NETWORK, "9007199254740992") != heard_ledger.post(house.store.read(), NETWORK, ids[0])


@pytest.mark.parametrize("when", ["before approval", "after approval", "as it leaves"])
@pytest.mark.parametrize("how", ["edited", "deleted"])
async def test_a_post_that_is_no_longer_what_was_answered_is_not_answered(house: House, when: str, how: str) -> None:
    post = house.post("p1", "@acme hello there, one thing")

    async def happens(*, heard: bool) -> None:
        changed = replace(post, text="@acme my daughter died in that fire", version="2")
        page = Page((), "c", gone=("p1",)) if how == "deleted" else Page((changed,), "c")
        if heard:
            await Ear(house.store, house.book, house.clock).take(NETWORK, page)
            await house.think()
        house.mouth.gone = how == "deleted"
        house.mouth.changed = changed if how == "edited" else None

    await house.hear(post)
    await house.think()
    if when == "before approval":
        await happens(heard=True)
        with suppress(EarnestError):
            house.desk().approve("A-1")
    else:
        house.desk().approve("A-1")
        await happens(heard=when == "after approval")
    for _ in range(3):
        await house.speak(seconds=11)
    anew = (how, when) == ("edited", "before approval")  # then a person read the new words, and agreed to an answer to those
    assert [one.parent.text for one in house.mouth.published] == ["@acme my daughter died in that fire"] * anew
