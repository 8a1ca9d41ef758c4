"""Rules and answers that change while somebody reads them: nothing is waited for, nothing is missed, nothing is half taken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from listener.errors import Unreachable
from responders.daemon import Daemon
from responders.rulefile import load
from responders.rulekeeper import RuleKeeper, glance
from responders.shelf import answers_beside, read_shelf
from tests.editing import QUIET, Edited, routes


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    return Edited(tmp_path)


def test_a_pipe_among_the_answers_is_a_mistake_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "endless.md").symlink_to("/dev/zero")
    (tmp_path / "folder.md").mkdir()
    shelf = read_shelf(tmp_path)
    assert shelf.answers == ()
    assert [(Path(one.file).name, one.code) for one in shelf.problems] == [
        ("endless.md", "unreadable"),
        ("folder.md", "unreadable"),
        ("pipe.md", "unreadable"),
    ]


async def test_a_pipe_in_the_place_of_the_rules_is_refused_by_a_daemon_and_the_old_rules_stay(edited: Edited) -> None:
    await edited.begin()
    before = edited.in_force()
    edited.path.unlink()
    os.mkfifo(edited.path)
    problem = await edited.look()
    assert problem is not None
    assert "is no ordinary file" in problem.message
    assert edited.in_force() == before


async def test_an_edit_between_reading_the_file_and_watching_it_is_not_missed(edited: Edited) -> None:
    seen = glance(edited.path)
    book = load(edited.path)
    edited.write(**routes(rest={"team": "care"}), teams={"care": {"members": ["jo"]}})
    daemon = Daemon(edited.house.store, book, edited.house.clock, rules_path=edited.path, seen=seen)
    await daemon._rules.begin(book)  # noqa: SLF001
    assert await daemon._rules.changed()  # noqa: SLF001


async def test_a_word_that_was_given_while_the_daemon_began_is_not_missed(edited: Edited) -> None:
    before = load(edited.path)
    edited.write(mode="send", **QUIET)
    problem = await edited.look()
    assert problem is not None
    edited.say(mode="send")  # after the daemon that begins now had looked for one
    keeper = RuleKeeper(edited.house.store, edited.house.clock, edited.path, lambda book: book, refused=problem)
    await keeper.begin(before)
    assert await keeper.changed()


async def test_a_file_that_is_written_to_while_it_is_read_is_looked_at_again_and_not_taken(
    edited: Edited, monkeypatch: pytest.MonkeyPatch
) -> None:
    await edited.begin()
    before = edited.in_force()
    keeper = edited.daemon._rules  # noqa: SLF001
    edited.write(**routes(rest={"team": "care"}), teams={"care": {"members": ["jo"]}})
    assert await keeper.changed()
    read = keeper._read  # noqa: SLF001

    def slowly(*args: object) -> object:
        book = read(*args)  # type: ignore[arg-type]
        edited.write(**routes(rest={"team": "care"}), teams={"care": {"members": ["jo", "kim"]}})
        return book

    monkeypatch.setattr(keeper, "_read", slowly)
    assert not await edited.daemon.reload()
    assert edited.in_force() == before
    monkeypatch.undo()
    assert await keeper.changed()
    assert await edited.daemon.reload()
    assert edited.daemon._book.teams["care"].members == ("jo", "kim")  # noqa: SLF001


def test_a_glance_shows_rules_and_answers(edited: Edited) -> None:
    seen = glance(edited.path)
    answers_beside(edited.path).mkdir(parents=True)
    (answers_beside(edited.path) / "one.md").write_text("x", encoding="utf-8")
    assert glance(edited.path) != seen


async def test_rules_that_cannot_be_noted_in_the_store_are_not_worked_by(edited: Edited, monkeypatch: pytest.MonkeyPatch) -> None:
    await edited.begin()
    before = edited.in_force()

    async def locked(_book: object) -> None:
        message = "the store is locked"
        raise Unreachable(message)

    monkeypatch.setattr(edited.daemon._rules, "take", locked)  # noqa: SLF001
    edited.write(**routes(rest={"team": "care"}), teams={"care": {"members": ["jo"]}})
    with pytest.raises(Unreachable):
        await edited.daemon.reload()
    assert edited.in_force() == before
