"""`earnest report shadow`: what routes on trial would have done, beside what people did with the same mentions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listener.clock import now
from responders.ledger import rulebooks
from responders.rulefile import load_text
from responders.shadowreport import on_trial
from tests.mouth import House
from tests.program import Program
from tests.street import RULES

BLUE = {
    "name": "blue",
    "shadow": True,
    "when": {"text": ["blue"]},
    "reply": "hello",
    "private": "ask",
    "team": "sales",
    "escalate": "on-call",
}
RED = {"name": "red", "when": {"text": ["red"]}, "reply": "hello"}
REST = {"name": "rest", "when": "always"}
TEAMS = {"on-call": {"members": ["kim"]}, "sales": {"members": ["lee"]}}
ASK = "@acme what about the {} ones, one thing"


class TrialHouse(House):
    """A house whose rules have a text that is kept, as the daemon keeps it."""

    def rule(self, *routes: object, **changes: object) -> str:
        """Let these routes be in force from now on; return their version."""
        words = json.dumps({**RULES, "mode": "send", "teams": TEAMS, "routes": routes, **changes})
        self.book = load_text(words, "rules.yaml")
        self.__dict__.pop("mind", None)
        self.store.write(lambda tx: rulebooks.keep(tx, self.book.fingerprint, words, at=self.clock()))
        return self.book.fingerprint

    async def said(self, post_id: str, *colours: str) -> str:
        """Hear and decide one mention; return its case."""
        await self.hear(self.post(post_id, ASK.format(" ".join(colours)), post_id))
        return (await self.think())[-1].case

    def program(self) -> Program:
        rules = self.folder / "rules.yaml"
        rules.write_text(self.book.words, encoding="utf-8")
        return Program(self.store.url, rules, {"TZ": "UTC"})


@pytest.fixture
def house(tmp_path: Path) -> TrialHouse:
    house = TrialHouse(tmp_path)
    house.clock.moment = now() - timedelta(days=2)
    return house


async def days(house: TrialHouse) -> str:
    """Let a shadow route watch nine mentions, of which people see some drafts."""
    version = house.rule(BLUE, RED, REST)
    names = [await house.said(f"p{number}", "red", "blue") for number in range(5)]
    house.desk().approve(names[0])
    house.desk().edit(names[1], public="Which one do you mean?")
    house.desk().approve(names[1])
    house.desk().reject(names[2], "tone")
    house.desk().reject(names[3], "no reply needed")
    for number in (5, 6):
        await house.said(f"p{number}", "blue")
    await house.said("p7", "red")
    await house.said("p8", "green")
    return version


async def test_it_is_counted_beside_what_people_did(house: TrialHouse) -> None:
    version = await days(house)

    ran = house.program()("report", "shadow", "--json")

    found = ran.object
    began = datetime.fromisoformat(found.pop("since"))
    assert began == house.clock().astimezone(UTC)
    assert found == {
        "route": "blue",
        "shadow": True,
        "version": version,
        "mentions": 9,
        "would_take": 7,
        "from": {"red": 5, "rest": 2},
        "drafts_of_these": {"approved": 1, "edited": 1, "rejected": 2, "waiting": 1},
        "rejected_because": {"tone": 1, "no reply needed": 1},
        "would": {"escalate": {"on-call": 7}, "team": {"sales": 7}, "draft": {"hello": 7}, "private": {"ask": 7}},
        "would_draft": 7,
        "would_send": 0,
        "approval": "one-person",
        "held_by": {},
        "taken_above": {},
        "of_other_wordings": 0,
        "schema": 1,
    }


async def test_people_read_it_in_sentences_with_what_to_do_next(house: TrialHouse) -> None:
    version = await days(house)

    ran = house.program()("report", "shadow")

    day = house.clock().astimezone().strftime("%Y-%m-%d")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        f"blue (shadow since {day}, version {version}): would have taken 7 of 9 mentions: 5 from red, 2 from rest.",
        "  Of the 5 drafts for these: people approved 1, edited 1, rejected 2 (tone 1, no reply needed 1); 1 waiting still.",
        "  It would have told on-call at once 7 times, given 7 to sales, drafted 7 (hello 7, ask 7) and sent 0 by itself.",
    ]
    assert ran.err.splitlines()[-1] == 'To make it live, take "shadow: true" away. See each: earnest report shadow blue -v'


async def test_each_is_shown_with_why(house: TrialHouse) -> None:
    await days(house)

    rows = [line.split("\t") for line in house.program()("report", "shadow", "blue", "-v").out.splitlines()[3:]]

    assert [row[:3] for row in rows] == [
        ["A-1", "red", "approved"],
        ["A-2", "red", "edited"],
        ["A-3", "red", "rejected: tone"],
        ["A-4", "red", "rejected: no reply needed"],
        ["A-5", "red", "waiting"],
        ["A-6", "rest", "-"],
        ["A-7", "rest", "-"],
    ]
    assert rows[0][3:] == ["escalate:on-call, team:sales, draft:hello, private:ask", 'it says "blue"']
    (found,) = house.program()("report", "shadow", "--json", "-v").objects
    assert [one["case"] for one in found["cases"]] == [row[0] for row in rows]
    assert (found["cases"][2]["draft"], found["cases"][2]["reason"]) == ("rejected", "tone")


async def test_what_would_have_left_by_itself_and_what_did(house: TrialHouse) -> None:
    alone = {"when": {"text": ["love"]}, "reply": "hello", "approval": "none"}
    house.rule({**alone, "name": "blue", "shadow": True}, {**alone, "name": "red"}, REST)
    for number in range(3):
        await house.hear(house.post(f"p{number}", "@acme love the new shoes!!", f"p{number}"))
        await house.think()
    (found,) = on_trial(house.store.read())
    assert dict(found.live) == {"red": 3}
    assert (found.sent, dict(found.outcomes)) == (3, {"by itself": 2, "waiting": 1})  # the third alike waits for a person


async def test_an_answer_that_a_person_wrote_is_no_verdict_on_a_draft(house: TrialHouse) -> None:
    house.rule(BLUE, REST)
    case = await house.said("p1", "blue")
    house.desk().edit(case, public="Which ones do you mean?")
    house.desk().approve(case)
    (found,) = on_trial(house.store.read())
    assert dict(found.outcomes) == {"by hand": 1}


async def test_what_a_route_above_takes_is_told_apart(house: TrialHouse) -> None:
    house.rule(RED, BLUE, REST)
    await house.said("p1", "red", "blue")
    await house.said("p2", "blue")

    lines = house.program()("report", "shadow").out.splitlines()

    assert ": would have taken 1 of 2 mentions: 1 from rest." in lines[0]
    assert lines[-1] == "  It also matched 1 that routes above it take: 1 red."


async def test_another_wording_is_another_route_and_another_place_in_the_file_is_not(house: TrialHouse) -> None:
    house.rule({**BLUE, "when": {"text": ["green"]}}, REST)
    await house.said("p1", "green")
    house.clock.forward(hours=1)
    came = house.rule(BLUE, REST)
    await house.said("p2", "blue")
    house.clock.forward(hours=1)
    house.rule({**BLUE, "examples": [{"post": "@acme blue"}]}, RED, REST)
    await house.said("p3", "blue")

    (found,) = on_trial(house.store.read())

    assert (found.version, found.mentions, len(found.taken), found.before) == (came, 2, 2, 1)
    said = house.program()("report", "shadow").out
    assert "Not counted: 1 match by other versions of the rules: it said something else there, or only an import" in said


async def test_an_edited_mention_counts_once_as_it_is_now(house: TrialHouse) -> None:
    house.rule(BLUE, REST)
    await house.hear(house.post("p1", ASK.format("blue"), "p1", version="1"))
    await house.think()
    await house.hear(house.post("p1", ASK.format("green"), "p1", version="2"))
    await house.think()
    (found,) = on_trial(house.store.read())
    assert (found.mentions, found.taken) == (1, ())
    assert "would have taken 0 of 1 mention." in house.program()("report", "shadow").out


async def test_only_the_last_days_count_where_that_is_asked(house: TrialHouse) -> None:
    house.rule(BLUE, REST)
    await house.said("p1", "blue")
    house.clock.forward(days=1, hours=23)
    await house.said("p2", "blue")
    ran = house.program()("report", "shadow", "--since", "1d")
    assert "would have taken 1 of 1 mention of the last 1 d: 1 from rest." in ran.out


async def test_a_route_that_went_live_can_still_be_looked_back_at(house: TrialHouse) -> None:
    house.rule(BLUE, REST)
    await house.said("p1", "blue")
    house.clock.forward(hours=1)
    house.rule({**BLUE, "shadow": False}, REST)
    await house.said("p2", "blue")

    assert house.program()("report", "shadow").out == ""
    ran = house.program()("report", "shadow", "blue")
    assert ran.out.startswith("blue (no shadow route any more; it was one from ")
    assert "would have taken 1 of 1 mention: 1 from rest." in ran.out
    assert "take" not in ran.err


async def test_what_there_is_none_of_is_said(house: TrialHouse) -> None:
    house.rule(BLUE, REST)
    ran = house.program()("report", "shadow", "leads")
    assert ran.code == 1
    assert '"leads" is no shadow route in the rules in force, and was none before' in ran.err
    assert "shadow routes are: blue" in ran.err
    house.clock.forward(hours=1)
    house.rule(RED, REST)
    ran = house.program()("report", "shadow")
    assert (ran.code, ran.out) == (0, "")
    assert "No route in force is a shadow route." in ran.err


async def test_before_any_rules_were_in_force_it_says_how_to_begin(house: TrialHouse) -> None:
    (house.folder / "rules.yaml").write_text(json.dumps(RULES), encoding="utf-8")
    ran = Program(house.store.url, house.folder / "rules.yaml", {})("report", "shadow")
    assert ran.code == 1
    assert "no rules have been in force here yet" in ran.err
    assert "earnest run" in ran.err


async def test_a_replay_names_it_and_counts_as_it_counts_without_it(house: TrialHouse) -> None:
    await days(house)
    program = house.program()
    bare = house.folder / "bare.yaml"
    bare.write_text(json.dumps({**RULES, "mode": "send", "teams": TEAMS, "routes": [RED, REST]}), encoding="utf-8")

    ran = program("rules", "replay", "--since", "7d", "--against", str(bare), "--json")
    back = Program(house.store.url, bare, {})("rules", "replay", "--since", "7d", "--against", str(program.rules), "--json")

    without, beside = ran.object, back.object
    assert beside.pop("shadows") == {"blue": {"red": 5, "rest": 2}}
    assert without.pop("shadows") == {}
    assert without == beside
    assert (beside["mentions"], beside["changed"]) == (9, [])
    said = Program(house.store.url, bare, {})("rules", "replay", "--since", "7d", "--against", str(program.rules)).out.splitlines()
    assert "blue (shadow) would have taken 7: 5 from red, 2 from rest." in said


async def test_one_case_says_it_too(house: TrialHouse) -> None:
    house.rule(BLUE, RED, REST)
    case = await house.said("p1", "red", "blue")
    program = house.program()

    assert '   blue (shadow) would have taken it: it says "blue"' in program("show", case).out.splitlines()
    (shadow,) = program("show", case, "--json").object["decision"]["shadow"]
    assert shadow["would_take"] is True
    assert shadow["actions"] == ["escalate:on-call", "team:sales", "draft:hello", "private:ask"]
    assert 'blue (shadow): would have taken it: it says "blue"' in program("explain", case).out


async def test_a_changed_file_is_watched_from_the_next_mention_on(house: TrialHouse) -> None:
    house.rule(RED, REST)
    await house.said("p1", "blue")
    house.clock.forward(hours=1)
    house.rule(BLUE, RED, REST)
    await house.said("p2", "blue")
    (found,) = on_trial(house.store.read())
    assert (found.mentions, len(found.taken)) == (1, 1)
