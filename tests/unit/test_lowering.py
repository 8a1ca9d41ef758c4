"""Lowering: a route that sends by itself and goes bad asks a person again, at once, until somebody restores it; nothing raises one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listener.errors import EarnestError, UsageError
from listener.rules.rulebook import Rulebook
from listener.store.base import Tx
from responders import lowering
from responders.alerts import Alerts
from responders.ledger import audit, lowered
from responders.rulefile import load_text
from responders.rulekeeper import RuleKeeper
from tests.asking import Asking
from tests.braking import ANGRY, reply
from tests.climbing import ALONE, ASKING, CALM, approved, check, dispatch, down, draft, gates, house, standing, words
from tests.mouth import US, House

Make = Callable[..., House]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[House] = []

    def build(*routes: dict[str, object], **changes: object) -> House:
        made.append(house(tmp_path / str(len(made)), *(routes or (ALONE,)), **changes))
        return made[-1]

    yield build
    for one in made:
        one.store.close()


async def left(here: House, many: int, name: str = "p") -> list[str]:
    """Let answers to strangers leave by themselves; return the cases."""
    cases = []
    for number in range(many):
        cases.append(await draft(here, f"{name}{number}"))
        await here.speak(hours=1)
    return cases


def lift(here: House, route: str = "all", reason: str = "two trolls", who: str = "kim") -> None:
    here.store.write(lambda tx: lowering.restore(tx, route, reason, who=who, at=here.clock()))


async def load(here: House, **changes: object) -> None:
    """Let other rules be taken, as the daemon takes them at a start and when the file changes."""
    here.book = Rulebook.model_validate({**here.book.model_dump(mode="json", by_alias=True, exclude_none=True), **changes})
    here.__dict__.pop("mind", None)
    await RuleKeeper(here.store, here.clock, None, lambda book: book).take(here.book)


async def go_bad(here: House, name: str = "p") -> None:
    """Let two answers leave and be taken back by a person."""
    for case in await left(here, 2, name):
        dispatch(here).withdraw(case, "wrong")
    here.clock.forward(seconds=1)


async def test_answers_that_people_take_back_lower_the_route_at_once_and_are_told_once(make: Make) -> None:
    here = make()
    await go_bad(here)
    await Alerts(here.store, lambda: here.book, here.clock).round()
    await Alerts(here.store, lambda: here.book, here.clock).round()
    why = "2 answers were taken back within 7d"
    assert [(one.route, one.reason) for one in lowered.now(here.store.read())] == [("all", why)]
    assert await gates(here, "new") == ["lowered"]
    (told,) = here.rows("SELECT name, words FROM incidents")
    assert told["name"] == "lowered all"
    assert str(told["words"]).startswith(f"Route all does not send by itself any more: {why}.")
    assert here.rows("SELECT who, action FROM audit WHERE action = 'lowered'") == [{"who": "earnest", "action": "lowered"}]
    assert words(here) == f"lowered: {why}"
    assert here.mouth.of("new") == 0


async def test_an_approval_taken_back_before_it_left_counts_as_well(make: Make) -> None:
    here = make()
    for name in ("p", "q"):
        dispatch(here).take_back(await draft(here, name))
    assert check(here) == ("all",)


async def test_unhappy_replies_lower_it_in_the_transaction_that_hears_them_before_anything_else_is_decided(make: Make) -> None:
    here = make()
    await left(here, 2)
    await reply(here, "p0", "r0")
    await reply(here, "p0", "r1")
    assert down(here) == [], "of one answer it counts once, whoever replies"
    await reply(here, "p1", "r2")
    assert down(here) == ["all"]
    assert lowered.now(here.store.read())[0].reason == "2 answers got an unhappy reply within 7d"
    assert await gates(here, "new") == ["lowered"]


async def test_whoever_is_decided_in_the_same_breath_as_the_second_unhappy_reply_is_asked_about(make: Make) -> None:
    here = make()
    await left(here, 2)
    await reply(here, "p0", "r0")
    ours = next(here.mouth.remote_id(one) for one in here.mouth.published if one.parent.id == "p1")
    angry = here.post("r1", ANGRY, by="r1", thread="p1", age=9, parent_id=ours, parent_author_id=US.id)
    await here.hear(angry, here.post("new", CALM, by="new", age=1))
    held = {one.heard.mention.post.id: [hold.gate for hold in one.decision.holds] for one in await here.think()}
    assert held["new"] == ["lowered"]


async def test_rejections_of_what_a_boundary_held_lower_it_from_a_share_on_and_never_one_alone(make: Make) -> None:
    here = make(boundaries={"limits": {"per_hour": 0, "per_thread": 99, "per_author": 99}, "pause_when": []})
    here.desk().reject(await draft(here, "r0"), "facts")
    assert check(here) == ()
    await approved(here, 9, a_day=100)
    here.desk().reject(await draft(here, "r1"), "facts")
    assert check(here) == ("all",)
    assert lowered.now(here.store.read())[0].reason == "2 of 11 drafts rejected within 7d"


async def test_fewer_than_the_share_lower_nothing(make: Make) -> None:
    limits = {"limits": {"per_hour": 0, "per_thread": 99, "per_author": 99}, "pause_when": []}
    here = make(boundaries=limits, ladder={"lower_when": {"rejected": 0.2}})
    await approved(here, 9, a_day=100)
    for name in ("r0", "r1"):
        here.desk().reject(await draft(here, name), "tone")
    assert check(here) == ()


async def test_what_waits_to_leave_is_asked_again_though_the_daemon_noticed_nothing_yet(make: Make) -> None:
    here = make()
    cases = await left(here, 2)
    here.clock.forward(hours=2)
    queued = await draft(here, "queued")
    assert here.states().count("ready") == 1
    for case in cases:
        dispatch(here).withdraw(case, "wrong")
    sent = await here.speak(seconds=11)
    assert here.mouth.of("queued") == 0
    (held,) = [one for one in sent if one.delivery.case == queued]
    assert held.reason.startswith('route "all" was lowered: 2 answers were taken back within 7d')
    assert here.rows("SELECT state FROM drafts ORDER BY id DESC LIMIT 1") == [{"state": "waiting"}]
    here.desk().approve(queued)
    await here.speak(seconds=11)
    assert here.mouth.of("queued") == 1, "a person's yes still counts"


async def test_it_stays_lowered_over_a_restart_other_words_and_another_name(make: Make) -> None:
    here = make()
    await go_bad(here)
    assert check(here) == ("all",)
    await load(here)
    assert await gates(here, "a") == ["lowered"]
    await load(here, templates={**here.book.model_dump(mode="json")["templates"], "hello": "Other words. ^{agent}"})
    assert await gates(here, "b") == ["lowered"]
    await load(here, templates={**here.book.model_dump(mode="json")["templates"], "hello": "Could you say a little more? ^{agent}"})
    await load(here, routes=[{**ALONE, "name": "renamed"}])
    assert await gates(here, "c") == ["lowered"]
    assert down(here) == ["all", "renamed"]
    lift(here, "renamed")
    await load(here)
    assert (down(here), await gates(here, "d")) == ([], [])


async def save(here: House, **changes: object) -> None:
    """Save rules as a file holds them, and let them be taken."""
    here.book = load_text(json.dumps({**here.book.model_dump(mode="json", by_alias=True, exclude_unset=True), **changes}), "rules.yaml")
    here.__dict__.pop("mind", None)
    await RuleKeeper(here.store, here.clock, None, lambda book: book).take(here.book)


def saying(here: House, words_: str) -> dict[str, object]:
    return {**here.book.model_dump(mode="json")["templates"], "hello": words_}


async def test_it_stays_lowered_where_one_edit_changes_its_words_and_the_next_its_name(make: Make) -> None:
    here = make()
    await go_bad(here)
    assert check(here) == ("all",)
    await save(here)
    await save(here, templates=saying(here, "Other words. ^{agent}"))
    await save(here, routes=[{**ALONE, "name": "renamed"}])
    assert await gates(here, "a") == ["lowered"]


async def test_it_stays_lowered_where_it_gets_another_name_and_other_words_while_it_asks_a_person(make: Make) -> None:
    here = make()
    await go_bad(here)
    assert check(here) == ("all",)
    await save(here, routes=[{**ASKING, "name": "renamed"}])
    assert here.rows("SELECT name FROM incidents") == [{"name": "lowered all"}], "nothing changed for the new name"
    await save(here, templates=saying(here, "Other words. ^{agent}"))
    await save(here, routes=[{**ALONE, "name": "renamed"}])
    assert await gates(here, "a") == ["lowered"]


async def test_lowered_while_it_asks_a_person_by_rule_it_is_still_lowered_when_that_rule_goes(make: Make) -> None:
    here = make()
    await go_bad(here)
    check(here)
    await load(here, routes=[ASKING])
    assert await gates(here, "a") == []
    assert standing(here).judged.rung == "lowered"
    await load(here, routes=[ALONE])
    assert await gates(here, "b") == ["lowered"]


async def test_a_person_restores_it_with_a_reason_and_old_evidence_does_not_count_again(make: Make) -> None:
    here = make()
    await go_bad(here)
    check(here)
    with pytest.raises(UsageError):
        lift(here, reason=" \n")
    with pytest.raises(EarnestError, match="not lowered"):
        lift(here, "al")
    lift(here)
    assert (check(here), down(here)) == ((), [])
    assert here.rows("SELECT ended_at IS NULL AS open FROM incidents") == [{"open": 0}]
    assert here.rows("SELECT restored_by, restored_why FROM lowered") == [{"restored_by": "kim", "restored_why": "two trolls"}]
    line = here.rows("SELECT who, detail FROM audit WHERE action = 'restored'")
    assert [(row["who"], "two trolls" in str(row["detail"])) for row in line] == [("kim", True)]
    assert audit.broken_at(here.store.read()) is None
    cases = await left(here, 2, "q")
    dispatch(here).withdraw(cases[0], "wrong")
    assert check(here) == (), "one since"
    dispatch(here).withdraw(cases[1], "wrong")
    assert check(here) == ("all",)
    with pytest.raises(EarnestError, match="not lowered"):
        lift(here, "other")


async def test_what_is_older_than_the_span_lowers_nothing(make: Make) -> None:
    here = make()
    (case, other) = await left(here, 2)
    dispatch(here).withdraw(case, "wrong")
    here.clock.forward(days=8)
    dispatch(here).withdraw(other, "wrong")
    assert check(here) == ()


async def test_what_was_said_in_other_words_lowers_nothing(make: Make) -> None:
    here = make()
    await go_bad(here)
    await load(here, templates={**here.book.model_dump(mode="json")["templates"], "hello": "Better words. ^{agent}"})
    assert check(here) == ()


@pytest.mark.parametrize("changes", [{"routes": [ASKING]}, {"mode": "draft"}, {"routes": [{**ALONE, "mode": "draft"}]}])
async def test_a_route_that_asks_a_person_anyway_is_not_lowered(make: Make, changes: dict[str, object]) -> None:
    here = make()
    await go_bad(here)
    await load(here, **changes)
    assert check(here) == ()
    if changes.get("mode") == "draft":
        assert words(here) == "should lose `approval: none`: 2 answers were taken back within 7d"


async def test_two_daemons_that_notice_the_same_lower_it_once(make: Make) -> None:
    here = make()
    await go_bad(here)

    def work(tx: Tx) -> tuple[str, ...]:
        return lowering.check(tx, here.book, at=here.clock())

    assert sorted(await asyncio.gather(*(here.store.awrite(work) for _ in range(4)))) == [(), (), (), ("all",)]
    assert (len(here.rows("SELECT * FROM lowered")), len(here.rows("SELECT * FROM incidents"))) == (1, 1)


@pytest.mark.in_a_file
async def test_every_question_has_its_index(make: Make) -> None:
    here = make()
    await go_bad(here)

    def ask(tx: Tx) -> list[str]:
        asking = Asking(tx)
        lowering.check(asking, here.book, at=here.clock())
        lowering.carry(asking, here.book, at=here.clock())
        lowered.restored_at(asking, "all")
        assert asking.asked
        return asking.slow()

    assert here.store.write(ask) == []


ACTS = ("approve", "reject", "edit", "undo", "expire", "angry", "withdraw")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(ACTS), min_size=3, max_size=9), st.booleans())
def test_no_sequence_of_what_people_do_raises_a_route(tmp_path_factory: pytest.TempPathFactory, acts: list[str], alone: bool) -> None:  # noqa: FBT001
    """What asks a person goes on asking, and what is lowered stays lowered, whatever comes."""
    here = house(tmp_path_factory.mktemp("h"), ALONE if alone else ASKING, ladder={"decisions": 1, "people": 1, "unchanged": 0.5})

    async def play() -> None:
        if alone:
            here.store.write(lambda tx: lowered.lower(tx, "all", "", "it went bad", at=here.clock()))
        for number, act in enumerate(acts):
            await _act(here, act, f"p{number}")
            await here.speak(hours=5)
            check(here)
            await here.hear(here.post(f"n{number}", CALM, by=f"n{number}", age=1))
            (noted,) = await here.think()
            assert "send" not in noted.decision.actions
            assert alone <= ("all" in down(here))

    try:
        asyncio.run(play())
    finally:
        here.store.close()


async def _act(here: House, act: str, name: str) -> None:
    case = await draft(here, name)
    if act == "reject":
        here.desk("kim").reject(case, 'tone" \u202e; DROP TABLE lowered')
        return
    if act == "expire":
        here.clock.forward(days=2)
        return
    if act == "edit":
        here.desk("kim").edit(case, public="Tell me more, please.")
    here.desk("jo").approve(case)
    if act == "undo":
        dispatch(here).take_back(case)
        return
    await here.speak(seconds=11)
    if act == "angry":
        await reply(here, name, f"r{name}")
    if act == "withdraw":
        dispatch(here).withdraw(case, "wrong")


def test_the_spans_are_those_of_the_file(make: Make) -> None:
    when = make().book.ladder.lower_when
    assert (when.reversals, when.upset_replies, when.rejected, when.within) == (2, 2, 0.1, timedelta(days=7))
