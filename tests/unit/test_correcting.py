"""A person corrects a judgement: what happens to the case, its draft, its alerts, and to what was said already."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from listener import cleaning
from listener.errors import EarnestError
from listener.model import Intent, Labels, Level, Mood, Page
from listener.polling import Ear
from listener.store import corrections
from listener.store import mentions as heard_ledger
from responders.correcting import Correcting
from responders.ledger import audit, cases, drafts
from responders.model import DraftState
from tests.mouth import NETWORK, House

BAD = "@acme that new deck is sick"
POSITIVE, NEGATIVE, CRITICAL, LOW = Labels(Mood.POSITIVE), Labels(Mood.NEGATIVE), Labels(level=Level.CRITICAL), Labels(level=Level.LOW)
ROUTES = [
    {"name": "grave", "when": {"urgency": ["critical"]}, "reply": "holding", "escalate": "on-call"},
    {"name": "upset", "when": {"sentiment": ["negative"]}, "reply": "hello", "approval": "none"},
    {"name": "thanks", "when": {"sentiment": ["positive"]}, "reply": "thanks", "approval": "none"},
    {"name": "rest", "when": "always"},
]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, mode="send", routes=ROUTES)


def hands(house: House, who: str = "anna", *, running: bool = True) -> Correcting:
    return Correcting(house.store, house.book, house.clock, who=who, running=lambda: running)


async def heard(house: House, text: str = BAD, post_id: str = "p1", **more: object) -> str:
    await house.hear(house.post(post_id, text, **more))
    return (await house.think())[-1].case


def judged(house: House, post_id: str = "p1") -> tuple[str, str]:
    seen = heard_ledger.assessment(house.store.read(), NETWORK, post_id)
    assert seen
    return seen.sentiment.label.value, seen.urgency.level.value


def draft(house: House, case: str = "A-1") -> drafts.Draft:
    found = drafts.newest(house.store.read(), cases.id_of(case))
    assert found
    return found


async def test_a_correction_counts_at_once_and_says_who_made_it(house: House) -> None:
    case = await heard(house)
    assert judged(house) == ("negative", "normal")
    done = hands(house).correct(case, POSITIVE, note="slang")
    assert done.says == "A-1: positive (was negative). What was drafted for it is void. It is decided again within a second."
    assert judged(house) == ("positive", "normal")
    (noted,) = await house.think()
    assert noted.decision.route == "thanks"
    assert str(noted.heard.assessment.corrected) == "anna says: positive (was negative)"
    assert [(row["who"], row["action"]) for row in audit.lines(house.store.read(), case_id=1) if row["who"] == "anna"] == [
        ("anna", "corrected")
    ]
    assert audit.broken_at(house.store.read()) is None


async def test_what_was_approved_on_the_old_judgement_never_leaves(house: House) -> None:
    case = await heard(house)
    assert house.states() == ["ready"], "the rules let it leave by itself"
    hands(house, running=False).correct(case, POSITIVE)
    assert house.states() == []
    assert await house.speak(seconds=60) == []
    assert house.mouth.published == []
    await house.think()
    assert draft(house).route == "thanks"
    assert draft(house).state is DraftState.WAITING, "what a person corrected, a person answers"
    assert await house.speak(seconds=60) == []
    house.desk("anna").approve(case)
    await house.speak(seconds=11)
    assert len(house.mouth.published) == 1


async def test_a_waiting_draft_is_void_and_made_again(house: House) -> None:
    case = await heard(house)
    house.desk().edit(case, public="Something in other words.") if draft(house).state is DraftState.WAITING else None
    before = draft(house).id
    hands(house).correct(case, Labels(intent=Intent.QUESTION))
    assert drafts.get(house.store.read(), before).state is DraftState.DROPPED
    await house.think()
    assert draft(house).id != before


async def test_what_was_sent_stays(house: House) -> None:
    case = await heard(house)
    await house.speak(seconds=11)
    assert house.states() == ["sent"]
    hands(house).correct(case, POSITIVE)
    await house.think()
    await house.speak(seconds=60)
    assert house.states() == ["sent"]
    assert len(house.mouth.published) == 1


@pytest.mark.parametrize("late", [False, True])
async def test_raising_the_urgency_rings_as_a_fresh_post_would(house: House, late: bool) -> None:  # noqa: FBT001  # a parameter
    post = house.post("p1", "@acme hello there, one thing", age=0 if not late else 60 * 60 * 24 * 30)
    await Ear(house.store, house.book, house.clock).take(NETWORK, Page((post,), "c", late=("p1",) if late else ()))
    (noted,) = await house.think()
    assert house.rows("SELECT * FROM escalations") == []
    hands(house).correct(noted.case, CRITICAL)
    (again,) = await house.think()
    assert again.alerted == "on-call"
    (alert,) = house.rows("SELECT team, words, told_at FROM escalations")
    assert (alert["team"], alert["told_at"]) == ("on-call", None)
    assert "critical" in str(alert["words"])
    case = cases.find(house.store.read(), noted.case)
    assert (case.level, case.state) == (Level.CRITICAL, "waiting" if not late else case.state)
    await house.think()
    assert len(house.rows("SELECT * FROM escalations")) == 1


async def test_lowering_keeps_the_alert_and_says_who_lowered_it(house: House) -> None:
    case = await heard(house, "@acme the charger caught fire and burned my son")
    assert len(house.rows("SELECT * FROM escalations WHERE told_at IS NULL")) == 1
    hands(house).correct(case, LOW)
    assert cases.find(house.store.read(), case).level is Level.LOW
    (noted,) = await house.think()
    assert len(house.rows("SELECT * FROM escalations WHERE told_at IS NULL")) == 1, "who is to be told is still told"
    assert [hold.reason for hold in noted.decision.holds if hold.gate == "corrected"] == [
        "anna says: low (was critical); what a person corrected, a person answers"
    ]
    assert "send" not in noted.decision.actions
    (line,) = [row for row in audit.lines(house.store.read(), case_id=1) if row["action"] == "corrected"]
    assert "critical → low" in str(line["detail"])


async def test_agreeing_changes_nothing_and_counts(house: House) -> None:
    case = await heard(house)
    before = house.rows("SELECT * FROM assessments"), draft(house)
    done = hands(house).correct(case, NEGATIVE)
    assert "you agree" in done.says
    assert (house.rows("SELECT * FROM assessments"), draft(house)) == before
    assert await house.think() == []
    (one,) = corrections.standing(house.store.read())
    assert one.said == (("mood", "negative", "negative"),)


async def test_taking_it_back_restores_the_judgement_exactly(house: House) -> None:
    case = await heard(house)
    before = house.rows("SELECT * FROM assessments")
    hands(house).correct(case, POSITIVE)
    hands(house, "jo").correct(case, Labels(sarcasm=True))
    seen = heard_ledger.assessment(house.store.read(), NETWORK, "p1")
    assert seen
    assert (seen.sentiment.label, seen.sarcasm) == (Mood.POSITIVE, True), "the second word adds to the first"
    await house.think()
    assert "judged as before" in hands(house).undo_of(case).says
    assert house.rows("SELECT * FROM assessments") == before
    (noted,) = await house.think()
    assert noted.decision.route == "upset"
    assert corrections.standing(house.store.read()) == []
    with pytest.raises(EarnestError, match="nobody corrected"):
        hands(house).undo_of(case)
    with pytest.raises(EarnestError, match="already"):
        hands(house).undo(1)
    with pytest.raises(EarnestError, match="no correction 99"):
        hands(house).undo(99)


async def test_new_words_are_judged_anew_and_the_old_correction_is_over(house: House) -> None:
    case = await heard(house)
    hands(house).correct(case, POSITIVE)
    await house.think()
    await house.hear(house.post("p1", "@acme that new deck is awful, I hate it", version="2"))
    (noted,) = await house.think()
    assert noted.heard.assessment.corrected is None
    assert judged(house)[0] == "negative"
    (one,) = corrections.every(house.store.read())
    assert (one.words, one.stands, one.who) == ("", False, "anna")
    assert hands(house).correct(case, Labels(Mood.NEUTRAL)).complete


async def test_a_picture_or_its_reach_changed_and_the_correction_stays(house: House) -> None:
    case = await heard(house)
    hands(house).correct(case, POSITIVE)
    await house.think()
    post = house.post("p1", BAD, version="2")
    await house.hear(replace(post, visibility=type(post.visibility).UNLISTED))
    (noted,) = await house.think()
    assert str(noted.heard.assessment.corrected) == "anna says: positive (was negative)"
    assert judged(house)[0] == "positive"
    hands(house).undo_of(case)
    assert judged(house)[0] == "negative"


async def test_the_ear_learns_from_one_correction_without_a_restart(house: House) -> None:
    ear = Ear(house.store, house.book, house.clock)
    await ear.take(NETWORK, Page((house.post("p1", BAD),), "c"))
    (noted,) = await house.think()
    before = ear.judge
    hands(house).correct(noted.case, POSITIVE)
    await ear.take(NETWORK, Page((house.post("p2", "that NEW deck is SICK!! @acme", "tom"),), "d"))
    assert judged(house, "p2")[0] == "positive"
    assert ear.judge != before
    assert ear.judge.startswith(before)
    hands(house).undo_of(noted.case)
    await ear.take(NETWORK, Page((house.post("p3", BAD, "kim"),), "e"))
    assert judged(house, "p3")[0] == "negative"
    assert ear.judge == before


async def test_what_was_judged_before_something_was_learned_says_so(house: House) -> None:
    """A page may be judged while those before it are stored."""
    ear = Ear(house.store, house.book, house.clock)
    await ear.take(NETWORK, Page((house.post("p1", BAD),), "c"))
    (noted,) = await house.think()
    page, before = Page((house.post("p2", BAD, "tom"),), "d"), ear.judge
    ahead = await ear.judged(page)
    hands(house).correct(noted.case, POSITIVE)
    await ear.judged(Page((house.post("p3", BAD, "kim"),), "e"))
    assert ear.judge != before
    await ear.take(NETWORK, page, judged=ahead)
    (row,) = house.rows("SELECT * FROM assessments WHERE post_id = 'p2'")
    assert (row["mood"], heard_ledger.judged_as(row, ear.judge)) == ("negative", None)
    assert heard_ledger.judged_as(row, before)


async def test_what_is_not_to_be_learned_is_not(tmp_path: Path) -> None:
    house = House(tmp_path, routes=ROUTES, scoring={"sentiment": {"learn": False}})
    hands(house).correct(await heard(house), POSITIVE)
    await heard(house, BAD, "p2", by="tom")
    assert judged(house, "p2")[0] == "negative"


@pytest.mark.in_a_file
async def test_corrected_words_of_a_deleted_post_stand_nowhere(house: House) -> None:
    canary = "zugvogel"
    case = await heard(house, f"@acme {canary} charged me twice, {canary}")
    hands(house).correct(case, POSITIVE, note=f"she means the {canary}")
    hands(house).correct(case, LOW)
    assert house.rows("SELECT * FROM corrections WHERE words LIKE '%zugvogel%'")
    await Ear(house.store, house.book, house.clock).take(NETWORK, Page((), "c", gone=("p1",)))
    await house.think()
    tables = [str(row["name"]) for row in house.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'words_%'")]
    assert [one for one in tables if any(canary in str(row.values()) for row in house.rows(f"SELECT * FROM {one}"))] == []
    assert await cleaning.clean(house.store, house.clock)
    assert [file.name for file in house.folder.glob("earnest.db*") if canary.encode() in file.read_bytes()] == []
    assert [one.stands for one in corrections.every(house.store.read())] == [False, False]
    with pytest.raises(EarnestError, match="deleted this post"):
        hands(house).correct(case, POSITIVE)
    assert hands(house).undo(2).complete


async def test_a_post_about_two_brands_is_decided_again_for_both(tmp_path: Path) -> None:
    brands = {"acme": {"names": ["Acme"], "handles": {"mastodon": "acme"}}, "other": {"names": ["Other"]}}
    house = House(tmp_path, brands=brands, routes=ROUTES)
    await house.hear(house.post("p1", f"{BAD}, so is Other"))
    assert len(await house.think()) == 2
    hands(house).correct("A-1", POSITIVE)
    assert {noted.decision.route for noted in await house.think()} == {"thanks"}


async def test_nobody_is_told_twice_of_what_is_as_urgent_as_before(house: House) -> None:
    case = await heard(house, "@acme the charger caught fire and burned my son")
    house.store.write(lambda tx: tx.run("UPDATE escalations SET told_at = '2026-01-01T00:00:00Z'"))
    hands(house).correct(case, Labels(intent=Intent.OTHER))
    house.clock.moment += timedelta(minutes=1)
    await house.think()
    assert house.rows("SELECT * FROM escalations WHERE told_at IS NULL") == []
