"""A rules file that cannot be used changes nothing, not even after a restart: the rules of before stay, and everybody is told."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import Process
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Machine, end, until
from tests.servers.town import Town

BROKEN = "version: 1\nbrands: {acme: {names: [Acme]}}\nroutes:\n  - {name: all, wen: always}\n"


@pytest.fixture
def town() -> Iterator[Town]:
    with Town() as awake:
        yield awake


@pytest.fixture
async def machine(tmp_path: Path, town: Town) -> Machine:
    return Machine(tmp_path, town.url.removeprefix("http://"))


@pytest.fixture
async def worked_before(machine: Machine) -> str:
    """The version of the rules that a daemon, now ended, has worked by."""
    daemon = await machine.start()
    version = await _in_force(machine)
    await end(daemon)
    return version


async def _in_force(machine: Machine) -> str:
    def kept() -> bool:
        return (machine.folder / "earnest.db").exists() and bool(_facts(machine).get("rules_version"))

    await until(kept, "a daemon that has taken its rules")
    return _facts(machine)["rules_version"]


def _facts(machine: Machine) -> dict[str, str]:
    tables = machine.rows("SELECT name FROM sqlite_master WHERE name = 'facts'")
    return {str(name): str(value) for name, value in machine.rows("SELECT name, value FROM facts")} if tables else {}


def _rules(machine: Machine) -> Path:
    return machine.folder / "rules.yaml"


async def _wait_for_refusal(machine: Machine) -> None:
    await until(lambda: bool(_facts(machine).get("rules_error")), "a daemon that says what is wrong")


async def test_it_starts_with_the_rules_of_before_says_so_and_takes_the_file_when_it_is_right(
    machine: Machine, town: Town, worked_before: str
) -> None:
    right = _rules(machine).read_text(encoding="utf-8")
    _rules(machine).write_text(BROKEN, encoding="utf-8")
    daemon = await machine.start()
    await _wait_for_refusal(machine)
    assert _facts(machine)["rules_version"] == worked_before
    await town.write("marta", "@acme charged me twice, and support ignores me")
    await until(lambda: len(machine.rows("SELECT 1 FROM drafts")) == 1, "an answer drafted by the rules of before")

    status = json.loads((await machine("status", "--json")).out)
    assert status["rules"]["version"] == worked_before
    assert '"wen" is not a setting here' in status["rules"]["last_error"]
    (told,) = machine.rows("SELECT words, ended_at FROM incidents WHERE name = 'rules'")
    assert "works by the rules it had before" in str(told[0])
    assert told[1] is None

    changed = json.loads(right) | {"timezone": "Europe/Berlin"}
    _rules(machine).write_text(json.dumps(changed), encoding="utf-8")
    await until(lambda: _facts(machine)["rules_error"] == "", "a daemon that has taken the file")
    assert _facts(machine)["rules_version"] != worked_before
    assert machine.rows("SELECT 1 FROM incidents WHERE name = 'rules' AND ended_at IS NULL") == []
    await end(daemon)


async def _says(machine: Machine, *arguments: str) -> tuple[int, str]:
    ran = await machine(*arguments)
    return ran.code, ran.err


async def test_without_rules_of_before_a_broken_file_is_not_worked_by(machine: Machine) -> None:
    _rules(machine).write_text(BROKEN, encoding="utf-8")
    code, told = await _says(machine, "run")
    assert (code, "wen" in told) == (78, True)
    assert not (machine.folder / "earnest.db").exists()


async def test_one_round_by_hand_is_never_made_by_other_rules_than_the_file_s(machine: Machine, worked_before: str) -> None:
    assert worked_before
    _rules(machine).write_text(BROKEN, encoding="utf-8")
    code, _ = await _says(machine, "run", "--once")
    assert code == 78


@pytest.mark.parametrize("words", ["version: 2\n", "\x00", ""])
async def test_rules_of_before_that_this_program_cannot_use_are_not_worked_by(machine: Machine, worked_before: str, words: str) -> None:
    assert worked_before
    _rules(machine).write_text(BROKEN, encoding="utf-8")
    machine.change("UPDATE rulebooks SET words = ?", words)
    code, told = await _says(machine, "run")
    assert (code, "wen" in told) == (78, True)


async def test_a_file_that_is_gone_is_no_reason_to_stop_listening(machine: Machine, worked_before: str) -> None:
    _rules(machine).unlink()
    daemon: Process = await machine.start()
    await _wait_for_refusal(machine)
    assert _facts(machine)["rules_version"] == worked_before
    assert daemon.returncode is None
    await asyncio.wait_for(end(daemon), 60)
