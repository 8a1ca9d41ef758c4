"""Edits that are right and yet wait for a person: those that change far more than a saved file should, and those that raise `mode`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from listener.errors import RulesWrong
from responders import weighing
from responders.edits import Held
from responders.model import Mode
from tests.editing import QUIET, Edited, routes
from tests.street import RULES

ALONE = {"approval": "none"}
SPEAKS = {"reply": "hello"}


@pytest.fixture
async def quiet(tmp_path: Path) -> AsyncIterator[Edited]:
    edited = Edited(tmp_path, mode="send")
    await edited.begin()
    yield edited
    edited.house.store.close()


@pytest.fixture
async def drafting(tmp_path: Path) -> AsyncIterator[Edited]:
    edited = Edited(tmp_path)
    await edited.begin()
    yield edited
    edited.house.store.close()


def _codes(held: RulesWrong | None) -> list[str]:
    return [one.code for one in held.objections] if isinstance(held, Held) else []


async def test_an_edit_by_which_ten_answers_would_have_left_is_held_with_its_figures_and_its_line(quiet: Edited) -> None:
    await quiet.day(praise=24, hellos=40)
    before = quiet.in_force()

    held = await quiet.edit(mode="send", **routes(praise=ALONE))

    assert _codes(held) == ["more"]
    assert held is not None
    sheet = quiet.path.read_text(encoding="utf-8").splitlines()
    line = next(number for number, words in enumerate(sheet, 1) if '"name": "praise"' in words) - 1
    assert f'{quiet.path}:{line}:3: 24 answers would have left by themselves of the last day, 24 of them by route "praise"' in held.message
    assert "by the rules in force 0 would have" in held.message
    assert held.hint == "see it: earnest rules replay --since 1d; take it all the same: earnest rules take --force"
    assert quiet.in_force() == before
    assert (quiet.facts()["rules_error"], quiet.facts()["rules_held"]) == (held.message, held.hint)
    assert quiet.open_incidents() == ["rules held"]


@pytest.mark.parametrize(("praise", "codes"), [(9, []), (10, ["more"])])
async def test_nine_answers_are_no_reason_to_ask_and_ten_are(quiet: Edited, praise: int, codes: list[str]) -> None:
    await quiet.day(praise=praise)
    assert _codes(await quiet.edit(mode="send", **routes(praise=ALONE))) == codes


@pytest.mark.parametrize(("praise", "codes"), [(17, []), (18, ["more"])])
async def test_twenty_answers_instead_of_two_are_asked_about(tmp_path: Path, praise: int, codes: list[str]) -> None:
    rare = [{"name": "rare", "when": {"text": ["number 30", "number 39"]}, "reply": "hello", "approval": "none"}]
    some = Edited(tmp_path, mode="send", **{**QUIET, "routes": [*rare, *QUIET["routes"]]})
    await some.begin()
    await some.day(praise=praise, hellos=30)
    assert _codes(await some.edit(mode="send", **{**QUIET, "routes": [*rare, *routes(praise=ALONE)["routes"]]})) == codes
    some.house.store.close()


async def test_a_route_that_takes_a_fifth_of_all_and_speaks_is_held(quiet: Edited) -> None:
    await quiet.day(praise=24, hellos=30)

    held = await quiet.edit(mode="send", **routes(rest=SPEAKS))

    assert _codes(held) == ["wide"]
    assert held is not None
    assert (
        'route "rest" would have spoken to 30 of the 54 mentions of the last day, to whom the rules in force say something' in held.message
    )


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ({"when": {"text": ["green"]}, "reply": "none"}, "it says nothing"),
        ({"when": {"text": ["green"]}, "reply": "hello", "mode": "observe"}, "its own mode keeps it silent"),
        ({"when": {"text": ["number 1"]}, "reply": "hello"}, "it takes few"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
async def test_a_new_route_that_is_harmless_is_taken_unasked(quiet: Edited, new: dict[str, Any], why: str) -> None:
    await quiet.day(praise=24, hellos=30)
    changed = {**QUIET, "routes": [{"name": "new", **new}, *QUIET["routes"]]}
    assert await quiet.edit(mode="send", **changed) is None, why


@pytest.mark.parametrize("key", ["reply", "private", "escalate"])
async def test_a_new_route_that_speaks_in_any_way_to_a_fifth_is_held(quiet: Edited, key: str) -> None:
    await quiet.day(hellos=30)
    says = {"reply": "hello", "private": "ask", "escalate": "on-call"}[key]
    changed = {**QUIET, "routes": [{"name": "new", "when": {"text": ["green"]}, key: says}, *QUIET["routes"]]}
    assert _codes(await quiet.edit(mode="send", **changed)) == ["wide"]


async def test_an_old_route_by_another_name_is_taken_unasked(tmp_path: Path) -> None:
    speaking = Edited(tmp_path, **routes(rest=SPEAKS))
    await speaking.begin()
    await speaking.day(hellos=30)
    assert await speaking.edit(**routes(rest={**SPEAKS, "name": "others"})) is None
    speaking.house.store.close()


async def test_nineteen_mentions_are_too_few_to_ask_about(quiet: Edited) -> None:
    await quiet.day(hellos=19)
    assert await quiet.edit(mode="send", **routes(rest=SPEAKS)) is None


async def test_less_than_a_fifth_is_not_asked_about(quiet: Edited) -> None:
    few = [{"name": "few", "when": {"text": ["love"]}, "reply": "hello"}]
    await quiet.day(praise=3, hellos=60)
    assert await quiet.edit(mode="send", **{**QUIET, "routes": [*few, *QUIET["routes"]]}) is None


async def test_only_the_last_day_counts(quiet: Edited) -> None:
    await quiet.day(hellos=40)
    quiet.house.clock.forward(days=2)
    assert await quiet.edit(mode="send", **routes(rest=SPEAKS)) is None


async def test_of_a_busy_day_the_newest_posts_are_played_and_that_is_said(quiet: Edited, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighing, "MOST", 25)
    await quiet.day(hellos=40)
    held = await quiet.edit(mode="send", **routes(rest=SPEAKS))
    assert held is not None
    assert "25 of the 25 mentions of the last day, of which the newest 25 posts were played" in held.message


async def test_what_cannot_be_tried_is_not_taken_untried(quiet: Edited) -> None:
    await quiet.day(hellos=2)
    quiet.house.store.write(lambda tx: tx.run("UPDATE posts SET created_at = 'never' WHERE id = 'p1'"))
    assert _codes(await quiet.edit(mode="send", **routes(rest=SPEAKS))) == ["untried"]


async def test_a_person_s_word_takes_exactly_this_text_once(quiet: Edited) -> None:
    await quiet.day(hellos=40)
    assert _codes(await quiet.edit(mode="send", **routes(rest=SPEAKS))) == ["wide"]
    assert await quiet.daemon._rules.changed()  # noqa: SLF001
    assert not await quiet.daemon._rules.changed(), "nothing is new"  # noqa: SLF001

    quiet.say(forced=True)
    assert await quiet.daemon._rules.changed(), "a person has said something"  # noqa: SLF001
    assert await quiet.look() is None
    assert quiet.facts()["rules_error"] == quiet.facts()["rules_held"] == ""
    assert quiet.open_incidents() == []
    assert ("jo", "took rules") in quiet.log()

    assert await quiet.edit(mode="send", **QUIET) is None
    assert _codes(await quiet.edit(mode="send", **routes(rest=SPEAKS))) == ["wide"], "the word was used"


@pytest.mark.parametrize("then", ["another text", "another word"])
async def test_a_word_for_another_text_is_no_word_for_this_one(quiet: Edited, then: str) -> None:
    await quiet.day(hellos=40)
    quiet.write(mode="send", timezone="Europe/Berlin", **routes(rest=SPEAKS))
    quiet.say(forced=True)
    if then == "another word":
        quiet.write(mode="send", timezone="Europe/Paris")
        quiet.say(forced=True)
        quiet.write(mode="send", timezone="Europe/Berlin", **routes(rest=SPEAKS))
    else:
        quiet.write(mode="send", timezone="Europe/Rome", **routes(rest=SPEAKS))
    assert _codes(await quiet.look()) == ["wide"]


async def test_saving_a_file_never_raises_the_mode_and_a_word_with_the_mode_does(drafting: Edited) -> None:
    before = drafting.in_force()
    held = await drafting.edit(mode="send", **QUIET)
    assert _codes(held) == ["mode"]
    assert held is not None
    assert f"{drafting.path}:3:10: it raises `mode` from draft to send, which a person must confirm" in held.message
    assert held.hint == "take it all the same: earnest rules take --confirm-mode send"
    assert drafting.in_force() == before

    drafting.say(forced=True)
    assert _codes(await drafting.look()) == ["mode"], "a word without the mode"
    drafting.say(forced=True, mode="send")
    assert await drafting.look() is None
    assert drafting.in_force()[1] is Mode.SEND
    assert drafting.allowed().ceiling is Mode.SEND
    assert ("jo", "raised mode") in drafting.log()


async def test_lowering_is_taken_at_once_and_raising_again_is_asked_again(drafting: Edited) -> None:
    assert await drafting.edit(mode="observe", **QUIET) is None
    assert drafting.allowed().ceiling is Mode.OBSERVE
    assert drafting.log() == [("earnest", "lowered mode")]
    assert _codes(await drafting.edit(mode="draft", **QUIET)) == ["mode"]
    assert drafting.in_force()[1] is Mode.OBSERVE


async def test_an_edit_beside_the_mode_is_weighed_as_if_the_mode_were_the_same(drafting: Edited) -> None:
    await drafting.day(praise=24)
    drafting.write(**routes(praise=ALONE))
    assert await drafting.look() is None, "in mode draft nothing leaves"
    drafting.write(mode="send", **routes(praise=ALONE))
    assert _codes(await drafting.look()) == ["mode"], "the mode alone is asked about"
    drafting.write(mode="send", **routes(praise=ALONE, rest={"reply": "hello", "approval": "none"}))
    assert _codes(await drafting.look()) == ["mode"], "nobody said hello"


async def test_while_only_observing_the_mode_of_the_file_counts_for_nothing(tmp_path: Path) -> None:
    watching = Edited(tmp_path, observe=True)
    await watching.begin()
    assert await watching.edit(mode="send", **QUIET) is None
    assert watching.in_force()[1] is Mode.OBSERVE
    assert watching.allowed().ceiling is Mode.DRAFT, "and what people allowed stays as it was"
    watching.house.store.close()


async def test_what_is_wrong_and_what_is_held_are_two_incidents_one_open_at_a_time(quiet: Edited) -> None:
    await quiet.day(hellos=40)
    quiet.path.write_text("version: 1\nmod: send\n", encoding="utf-8")
    assert isinstance(await quiet.look(), RulesWrong)
    assert (quiet.open_incidents(), quiet.facts()["rules_held"]) == (["rules"], "")
    assert quiet.words_of("rules").startswith("The rules file cannot be used: 3 mistakes; ")
    assert "^" not in quiet.words_of("rules")
    assert _codes(await quiet.edit(mode="send", **routes(rest=SPEAKS))) == ["wide"]
    assert quiet.open_incidents() == ["rules held"]
    assert await quiet.edit(**{**RULES, **QUIET, "mode": "send"}) is None
    assert quiet.open_incidents() == []


async def test_a_daemon_that_ends_waits_for_no_weighing(quiet: Edited) -> None:
    await quiet.day(hellos=40)
    quiet.write(mode="send", **routes(rest=SPEAKS))
    quiet.daemon._rules.end()  # noqa: SLF001
    assert not await quiet.daemon.reload()
    assert quiet.events == []
    assert quiet.open_incidents() == []
