"""Whatever a post, a name, an address or an error holds, no command lets it act in a terminal; and every command explains itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from listener.clock import now
from listener.model import Gap
from listener.store import mentions as heard
from listener.store.base import Tx
from responders.cli.main import earnest
from responders.house import open_store
from responders.ledger import facts, incidents, people
from tests.program import Program
from tests.stores import HOSTILE, HOSTILE_HANDLE, NETWORK, make_rules, make_store

# Everything that could act, hide or reorder: C0 but newline and tab, DEL and C1, bidi controls, zero width.
ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")

COMMANDS = (
    ("inbox",), ("show", "A-5"), ("mentions",), ("mentions", "--search", "pwned"), ("log",), ("log", "A-5"), ("status",), ("sources",),
    ("explain", "A-5"), ("explain", "--post", HOSTILE.replace("\x00", "")), ("suppress", "list"), ("suppress", "add", HOSTILE_HANDLE),
    ("show", "A-4"), ("found", "A-4", HOSTILE.replace("\x00", "")), ("resend", "A-4", "--reason", HOSTILE), ("show", "A-3"),
    ("withdraw", "A-3", "--reason", HOSTILE, "--as", HOSTILE), ("undo", "A-4", "--reason", HOSTILE), ("found", HOSTILE, "https://x.example"),
    ("approve", "A-5"), ("edit", "A-5", "--text", HOSTILE), ("reject", "A-5", "--reason", HOSTILE), ("assign", "A-5", HOSTILE),
    ("pause", "--reason", HOSTILE), ("show", HOSTILE), ("approve", "A-1", "--as", HOSTILE), ("escalate", "A-5", "--team", HOSTILE),
    ("inbox", "--since", HOSTILE), (HOSTILE,), ("sources", "test", HOSTILE), ("completion", HOSTILE), ("inbox", "--store", HOSTILE),
    ("inbox", "--rules", HOSTILE), ("doctor", "--offline"), ("doctor", "--offline", "--rules", HOSTILE),
)  # fmt: skip


def poison(tx: Tx) -> None:
    at = now()
    heard.record_source(tx, "mastodon", NETWORK, "failing", HOSTILE, every=30, at=at, heard=False)
    heard.record_gap(tx, "mastodon", Gap(HOSTILE), at=at)
    facts.keep(tx, "rules_error", HOSTILE, at=at)
    tx.run("UPDATE escalations SET problem = :words", words=HOSTILE)
    tx.run("UPDATE deliveries SET reason = :words, remote_url = :words", words=HOSTILE)
    tx.run("UPDATE suppressions SET words = :words, handle = :words", words=HOSTILE)
    tx.run("UPDATE posts SET url = :words, display_name = :words WHERE id IN ('p4', 'p5')", words=HOSTILE)
    people.rest(tx, NETWORK, HOSTILE, by=HOSTILE, until=None, at=at)
    incidents.raise_(tx, incidents.account(NETWORK), HOSTILE, at=at)
    tx.run("UPDATE incidents SET problem = :words", words=HOSTILE)


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("town")
    url = make_store(folder)
    store = open_store(url)
    store.write(poison)
    store.close()
    return Program(url, make_rules(folder), {"EARNEST_NAME": HOSTILE_HANDLE})


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0][:12].encode("unicode_escape").decode())
def test_nothing_foreign_acts(poisoned: Program, command: tuple[str, ...]) -> None:
    for more in ((), ("--json",)):
        for terminal in (False, True):
            ran = poisoned(*command, *more, "--color", "never", terminal=terminal)
            assert not ACTS.search(ran.out + ran.err)
            assert "Traceback" not in ran.err
            assert "unforeseen" not in ran.err


def test_json_gives_the_post_back_as_it_was(poisoned: Program) -> None:
    assert poisoned("show", "A-5", "--json").object["thread"][0]["text"] == HOSTILE
    assert next(one for one in poisoned("mentions", "--json").objects if one["case"] == "A-5")["author"] == HOSTILE_HANDLE


def test_markup_is_shown_as_it_was_written_and_no_line_of_a_post_passes_for_ours(poisoned: Program) -> None:
    ran = poisoned("show", "A-5", terminal=True)
    assert "[bold red]pwned[/]" in ran.out
    assert all(line.startswith(" ") for line in ran.out.splitlines() if "A-1 approved" in line)
    assert all(line.count("\t") == 6 for line in poisoned("inbox").out.splitlines())


def commands(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def test_every_command_has_help_with_an_example(tmp_path: Path) -> None:
    run = Program(f"sqlite:///{tmp_path}/none.db", tmp_path / "none.yaml", {})
    without = []
    for path, command in commands(earnest, ()):
        shown = run(*path, "-h")
        assert shown.code == 0, path
        assert command.help, path
        if not re.search(rf"\bearnest {' '.join(path)}\b", shown.out.split("\n", 1)[1]):
            without.append(" ".join(path))
    assert without == []


def test_a_misspelt_command_names_the_nearest_one(tmp_path: Path) -> None:
    ran = Program(f"sqlite:///{tmp_path}/none.db", tmp_path / "none.yaml", {})("inbx")
    assert ran.code == 2
    assert 'did you mean "inbox"?' in ran.err
