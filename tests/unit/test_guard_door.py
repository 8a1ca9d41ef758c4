"""One door: whatever leaves passes the voice check, whoever wrote it, and nothing switches it off."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from listener.errors import EarnestError
from listener.rules.rulebook import Rulebook
from responders.cli.main import earnest
from tests.mouth import ALONE, House
from tests.street import RULES

ROOT = Path(__file__).parents[2]
TREES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for package in ("listener", "responders")
    for path in (ROOT / package).rglob("*.py")
}
PURE = ("guard", "foreign", "ours", "runs", "personal", "promising", "sentences", "linking", "likeness", "wording", "handles", "lexicon")
SITES = {"acme": {"names": ["Acme"], "handles": {"mastodon": "acme"}, "sites": ["acme.example"]}}
STRICT = {"brands": SITES, "boundaries": {"never_say": ["lawyer"], "private_patterns": {"customer": "ac-[0-9]{6}"}}}
TEMPLATES: Any = RULES["templates"]
HALF_PRIVATE = "@acme you charged me twice and support ignores me"
BAD = {
    "never said": "Ask your lawyer.",
    "a promise": "We will refund you.",
    "a look-alike": "Go to https://acme.example.evil.com/help",
    "hidden": "Hello\u202e there",
    "rude": "What a bloody sh1t",
}
BAD_IN_PUBLIC = {"a card": "Is it 4111 1111 1111 1111?", "a pattern": "Your number is AC-123456."}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, **STRICT)
    yield made
    made.store.close()


def calls(name: str) -> list[tuple[str, ast.Call]]:
    """Return every call of a method or function of this name, outside classes that call their own parent's."""
    found = [(file, node) for file, tree in TREES.items() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        (file, call)
        for file, call in found
        if isinstance(call.func, ast.Attribute) and call.func.attr == name and "super()" not in ast.unparse(call.func)
    ]


async def drafted(house: House, words: str = "@acme hello there, one thing") -> str:
    await house.hear(house.post("p1", words))
    return (await house.think())[-1].case


def test_one_line_of_the_whole_program_sends() -> None:
    to_a_process = [(file, call) for file, call in calls("send") if ast.unparse(call.func) == "pipe.send"]
    assert {file for file, _ in to_a_process} == {"responders/replayers.py"}, "what a replay found, for the process that asked for it"
    assert "channel" not in (ROOT / "responders/replayers.py").read_text(encoding="utf-8"), "and it has none to speak through"
    assert [file for file, call in calls("send") if (file, call) not in to_a_process] == ["responders/outbox.py"]
    named = [file for file, tree in TREES.items() for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value == "send"]
    assert not [file for file in named if "getattr" in (ROOT / file).read_text(encoding="utf-8")], "nobody reaches it by its name"


def test_approving_drafting_and_sending_ask_the_same_check_with_nothing_to_switch_off() -> None:
    asked = [(file, call) for file, call in calls("check") if ast.unparse(call.func) == "guard.check"]
    assert {file.partition("/")[2].partition("/")[0] for file, _ in asked} >= {"approvals.py", "sending", "drafting"}
    for file, call in asked:
        assert {word.arg for word in call.keywords} <= {"kind", "book", "post", "name_allowed", "today", "limits"}, file
        assert {"kind", "book", "post"} <= {word.arg for word in call.keywords}, file


def test_no_variable_and_no_setting_reaches_the_check() -> None:
    for name in PURE:
        tree = TREES[f"responders/{name}.py"]
        read = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name)}
        imported = {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
        imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {word for word in read if "environ" in word or "getenv" in word}, name
        assert not {word for word in imported if word in {"os", "sys"} or "settings" in word}, name


def _options(command: click.Command) -> Iterator[str]:
    yield from (option for parameter in command.params for option in parameter.opts)
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from _options(inner)


def commands(group: click.Group) -> Iterator[click.Command]:
    """Yield every command that is no group."""
    for name in group.list_commands(click.Context(group)):
        found = group.get_command(click.Context(group), name)
        if isinstance(found, click.Group):
            yield from commands(found)
        elif found:
            yield found


def test_no_option_of_any_command_speaks_of_skipping_it() -> None:
    context = click.Context(earnest)
    found = (earnest.get_command(context, name) for name in earnest.list_commands(context))
    options = {option for command in found if command for option in _options(command)}
    assert "--text" in options
    skipping = {one for one in options if re.search(r"force|skip|unsafe|bypass|override|no-check|no-guard|unchecked|anyway", one)}
    assert skipping == {"--force"}, "it takes rules whose figures were seen, and is no word about any text"
    assert [command.name for command in commands(earnest) if "--force" in set(_options(command))] == ["take"]


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
@pytest.mark.parametrize("half", ["public", "private"])
async def test_what_a_person_writes_by_hand_is_kept_and_cannot_leave(house: House, half: str, text: str) -> None:
    case = await drafted(house, HALF_PRIVATE)
    words: dict[str, Any] = {half: text}
    assert not house.desk().edit(case, **words).complete
    with pytest.raises(EarnestError, match="cannot leave"):
        house.desk("kim").approve(case)
    await house.speak(minutes=1)
    assert house.mouth.published == []


@pytest.mark.parametrize("text", BAD_IN_PUBLIC.values(), ids=BAD_IN_PUBLIC)
async def test_personal_data_may_be_asked_in_private_only(house: House, text: str) -> None:
    case = await drafted(house, HALF_PRIVATE)
    assert not house.desk().edit(case, public=text).complete
    with pytest.raises(EarnestError, match="in public"):
        house.desk("kim").approve(case)
    assert house.desk().edit(case, public="We are on it.", private=text).complete


async def test_a_draft_written_where_none_was_passes_the_same_door(house: House) -> None:
    case = await drafted(house)
    house.desk().reject(case, "other")
    assert not house.desk().edit(case, public=BAD["a promise"]).complete
    with pytest.raises(EarnestError, match="it promises"):
        house.desk().approve(case)


@pytest.mark.parametrize("from_the_start", [True, False])
async def test_what_would_leave_by_itself_is_asked_when_it_is_drafted_and_when_it_leaves(tmp_path: Path, *, from_the_start: bool) -> None:
    lax = {**RULES, **ALONE, "templates": {**TEMPLATES, "hello": "Hello from our lawyer. ^{agent}"}}
    strict = {**lax, "boundaries": {"never_say": ["lawyer"]}}
    house = House(tmp_path, **(strict if from_the_start else lax))
    try:
        await house.hear(house.post("p1", "@acme hello there, one thing"))
        await house.think()
        assert house.states() == ([] if from_the_start else ["ready"])
        house.book = Rulebook.model_validate(strict)
        held = await house.speak(minutes=1)
        assert house.mouth.published == []
        assert all("never allow" in one.reason for one in held)
    finally:
        house.store.close()


async def test_a_yes_does_not_outlive_the_rules_it_was_given_under(house: House) -> None:
    allowed = {**STRICT, "boundaries": {"may_promise": [{"say": "refund you", "source": "the spring campaign"}]}}
    house.book = Rulebook.model_validate({**RULES, **allowed})
    case = await drafted(house)
    assert house.desk().edit(case, public="We will refund you.").complete
    house.desk("kim").approve(case)
    house.book = Rulebook.model_validate({**RULES, **STRICT})
    (held,) = await house.speak(minutes=1)
    assert house.mouth.published == []
    assert "it promises" in held.reason


async def test_a_good_text_goes_through_the_same_door(house: House) -> None:
    case = await drafted(house)
    assert house.desk().edit(case, public="Hello! Which model is it? See https://help.acme.example ^Jo").complete
    house.desk("kim").approve(case)
    await house.speak(minutes=1)
    assert len(house.mouth.published) == 1
