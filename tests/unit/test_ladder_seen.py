"""The ladder as people meet it: the report with its next step, a lowered route in status and explain, restoring it, and in a replay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from listener.store.base import Tx
from responders.ledger import lowered
from responders.ledger.bygone import Span
from responders.lowering import restore
from responders.replaying import Story, replay
from responders.rulefile import load
from tests.climbing import CALM, OPEN, SMALL, approved, check, dispatch, draft, house
from tests.mouth import House
from tests.program import Program
from tests.replaying import DAY, NOON, RULES, Daily

TEXT = f"""
version: 1
mode: send
brands: {{acme: {{names: [Acme], handles: {{mastodon: acme}}}}}}
ladder: {json.dumps(SMALL)}
boundaries: {json.dumps(OPEN)}
routes:
  - name: praise
    when: {{sentiment: [positive]}}
    reply: hello
    approval: none        # leaves by itself
    examples: [{{post: "@acme love it!!"}}]
  - {{name: question, when: {{text: [order]}}, reply: hello, examples: [{{post: "@acme where is my order?"}}]}}
  - name: rest
    when: always
    reply: hello
    examples: [{{post: "@acme hello there, one more thing"}}]
templates: {{hello: "Could you say a little more? ^{{agent}}"}}
"""
LOVE = "@acme love the new shoes!!"
HOSTILE = "fine \x1b[2J\u202e\nA-9 restored by kim"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[House]:
    made = house(tmp_path)
    (tmp_path / "rules.yaml").write_text(TEXT, encoding="utf-8")
    made.book = load(tmp_path / "rules.yaml")
    yield made
    made.store.close()


@pytest.fixture
def run(here: House, tmp_path: Path) -> Program:
    return Program(f"sqlite:///{here.folder}/earnest.db", tmp_path / "rules.yaml", {"EARNEST_NAME": "jo", "COLUMNS": "200"})


async def bad(here: House) -> None:
    for name in ("l0", "l1"):
        case = await draft(here, name, LOVE)
        await here.speak(seconds=11)
        dispatch(here).withdraw(case, "wrong")


async def test_the_report_names_every_route_in_the_order_of_the_file_and_ends_with_the_lines_to_change(here: House, run: Program) -> None:
    here.clock.forward(days=-2)
    await bad(here)
    await approved(here, 12)
    found = {one["route"]: one for one in run("report", "rules", "--json").objects}
    assert [*found] == ["praise", "question", "rest"]
    assert [one["rung"] for one in found.values()] == ["should lose", "too little", "earned"]
    rest = found["rest"]
    assert {key: rest[key] for key in ("decided", "unchanged", "edited", "rejected", "reversed", "upset", "expired", "alone")} == {
        "decided": 12, "unchanged": 12, "edited": 0, "rejected": 0, "reversed": 0, "upset": 0, "expired": 0, "alone": 0,
    }  # fmt: skip
    assert rest["people"] == ["jo", "kim"]
    assert rest["versions"] == [here.book.fingerprint]
    lines = run("report", "rules").out.splitlines()
    rules = run.rules
    assert lines[3:] == [
        "",
        f"{rules}:11: route praise",
        "-    approval: none        # leaves by itself",
        "+    approval: one-person        # leaves by itself",
        "",
        f"{rules}:14: route rest, below this line",
        "   - name: rest",
        "+    approval: none",
    ]
    assert "the daemon lowers such a route by itself" in run("report", "rules").err
    assert run("report", "rules", "--since", "1s", "--json").objects[2]["rung"] == "too little"


async def test_a_route_on_one_line_gets_its_key_on_that_line(here: House, run: Program) -> None:
    here.clock.forward(days=-2)
    for number in range(12):
        here.clock.forward(hours=4)
        case = await draft(here, f"q{number}", "@acme where is my order?")
        here.desk(("jo", "kim")[number % 2]).approve(case)
    lines = run("report", "rules").out.splitlines()
    assert lines[-1].startswith("+  - {name: question, approval: none, when: ")


async def test_a_lowered_route_is_said_everywhere_and_a_person_restores_it(here: House, run: Program) -> None:
    here.clock.forward(hours=-1)
    await bad(here)
    assert check(here) == ("praise",)
    case = await draft(here, "new", LOVE)
    why = "2 answers were taken back within 7d"
    status = run("status").out
    assert f"Route praise asks a person\n  {why}; lowered " in status
    assert "let it again: earnest rules restore praise --reason TEXT" in status
    assert [(one["route"], one["reason"]) for one in run.status()["lowered"]] == [("praise", why)]
    for command in (("explain", case), ("show", case)):
        assert f'route "praise" was lowered: {why}' in run(*command).out
    assert f'route "praise" was lowered: {why}' in run("explain", "--post", LOVE, "--network", "mastodon").out
    elsewhere = Program(f"sqlite:///{here.folder}/none.db", run.rules, {})
    assert "was lowered" not in elsewhere("explain", "--post", LOVE).out
    assert not (here.folder / "none.db").exists()
    assert [hold["reason"].startswith('route "praise" was lowered') for hold in run("inbox", "--json").objects[-1]["holds"]] == [True]
    assert run("rules", "restore", "praise").code == 2
    assert run("rules", "restore", "praise", "--reason", "  ").code == 2
    assert (
        run("rules", "restore", "\x1b[2Jx", "--reason", "x").code,
        "\x1b" in run("rules", "restore", "\x1b[2Jx", "--reason", "x").err,
    ) == (1, False)
    ran = run("rules", "restore", "praise", "--reason", HOSTILE, "--as", "kim")
    assert (ran.code, ran.out) == (0, "Route praise may send by itself again, where rules.yaml lets it.\n")
    log = [line for line in run("log").out.splitlines() if "restored" in line]
    assert len(log) == 1
    assert "kim" in log[0]
    assert not {"\x1b", "\u202e"} & set(log[0])
    assert (run.status()["lowered"], run.status()["incidents"]) == ([], [])
    assert run("rules", "restore", "praise", "--reason", "x").code == 1


async def test_what_people_did_with_a_draft_is_in_its_story(here: House, run: Program) -> None:
    case = await draft(here, "p", CALM)
    here.desk("jo").approve(case)
    dispatch(here, "jo").take_back(case)
    assert "jo took it back" in run("show", case).out


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Daily]:
    made = Daily(tmp_path / "past", **RULES)
    yield made
    made.store.close()


def sent(story: Story) -> list[str]:
    return [key[1] for key, one in story.mentions.items() if one.sent]


async def test_a_replay_begins_with_the_routes_that_were_lowered_and_follows_what_people_did(past: Daily) -> None:
    await past.live(DAY[:4])
    span = Span(NOON - timedelta(minutes=1), NOON + timedelta(days=1))
    before = sent(replay(past.store.url, past.book, span))
    assert before == ["p1", "p3", "p4"]
    mark = past.rows("SELECT mark FROM drafts WHERE route = 'thanks' LIMIT 1")[0]["mark"]

    def fall(tx: Tx, minutes: float, name: str) -> None:
        lowered.lower(tx, "thanks", name, "it went bad", at=NOON + timedelta(minutes=minutes))

    past.store.write(lambda tx: fall(tx, -60, "other words"))
    assert sent(replay(past.store.url, past.book, span)) == []
    past.store.write(lambda tx: restore(tx, "thanks", "fine", who="kim", at=NOON + timedelta(minutes=11)))
    assert sent(replay(past.store.url, past.book, span)) == ["p4"]
    past.store.write(lambda tx: fall(tx, 11.5, str(mark)))
    story = replay(past.store.url, past.book, span)
    assert sent(story) == []
    assert next(one for key, one in story.mentions.items() if key[1] == "p4").held_by == ("lowered",)
    past.store.write(lambda tx: tx.run("UPDATE lowered SET mark = 'other words' WHERE restored_at IS NULL"))
    assert sent(replay(past.store.url, past.book, span)) == ["p4"], "by these rules it says other things, so it was not that which went bad"
