"""A file of rules that is edited under a running daemon: what hurts other programs, what wants a person's word, and the signal to look."""

from __future__ import annotations

import json
import os
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.poisons import poisons
from tests.running import Machine, end, until
from tests.servers.town import Town


class Working(Machine):
    """A machine with a daemon at work."""

    process: Process


@pytest.fixture
async def machine(tmp_path: Path, town: Town) -> AsyncIterator[Working]:
    made = Working(tmp_path, town.host)
    made.process = await made.start()
    await until(lambda: (tmp_path / "earnest.db").exists() and bool(_facts(made).get("rules_version")), "a daemon that has taken its rules")
    yield made
    if made.process.returncode is None:
        await end(made.process)


def _facts(machine: Working) -> dict[str, str]:
    tables = machine.rows("SELECT name FROM sqlite_master WHERE name = 'facts'")
    return {str(name): str(value) for name, value in machine.rows("SELECT name, value FROM facts")} if tables else {}


def _rules(machine: Working) -> Path:
    return machine.folder / "rules.yaml"


def _save(machine: Working, **changes: object) -> None:
    right = json.loads(machine.first)
    _rules(machine).write_text(json.dumps(right | changes), encoding="utf-8")


async def _status(machine: Working) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((await machine("status", "--json")).out)
    return told


async def _decided(machine: Working, town: Town, words: str) -> tuple[str, str]:
    """Let somebody write; return by which version it was decided, and which route it took."""
    post = await town.write("marta", words)
    sql = f"SELECT rule_version, route FROM decisions WHERE post_id = '{post['id']}'"
    await until(lambda: bool(machine.rows(sql)), f"a decision on {words!r}")
    ((version, route),) = machine.rows(sql)
    return str(version), str(route)


async def test_no_poison_changes_a_decision_or_ends_the_daemon_and_what_is_no_poison_means_what_it_says(
    machine: Working, town: Town
) -> None:
    found = poisons(town.host)
    assert len(found) == 12
    for one in found:
        before = _facts(machine)["rules_version"]
        _rules(machine).write_text(one.words, encoding="utf-8")
        if one.refused:
            await until(lambda one=one: f"{_rules(machine)}:{one.refused}" in _facts(machine)["rules_error"], f"{one.name} refused")
            assert await _decided(machine, town, f"@acme hello, {one.name}") == (before, "rest"), one.name
            assert one.refused in (await _status(machine))["rules"]["last_error"], one.name
        else:
            await until(lambda before=before: _facts(machine)["rules_version"] != before, f"{one.name} taken")
            assert (await _decided(machine, town, f"@acme {one.post.removeprefix('@acme ')}"))[1] == one.route, one.name
            assert (await _status(machine))["rules"]["last_error"] is None, one.name
        assert machine.process.returncode is None, one.name
    code, _ = await end(machine.process)
    assert code == 0


async def test_a_signal_lets_it_look_again(machine: Working) -> None:
    found, before = _rules(machine).stat(), _facts(machine)["rules_version"]
    with _rules(machine).open("r+", encoding="utf-8") as opened:  # the same file, as large and as old as before
        opened.write(machine.first.replace('"UTC"', '"GMT"'))
    os.utime(_rules(machine), ns=(found.st_atime_ns, found.st_mtime_ns))
    machine.process.send_signal(signal.SIGHUP)
    await until(lambda: _facts(machine)["rules_version"] != before, "a daemon that has read the file again")


async def test_a_higher_mode_waits_for_the_person_who_types_it_over_a_restart_too(machine: Working) -> None:
    before = _facts(machine)["rules_version"]
    _save(machine, mode="send")
    await until(lambda: bool(_facts(machine).get("rules_held")), "a daemon that asks")
    told = await _status(machine)
    assert (told["rules"]["version"], told["daemon"]["mode"]) == (before, "draft")
    assert "it raises `mode` from draft to send" in told["rules"]["last_error"]
    (words,) = machine.rows("SELECT words FROM incidents WHERE name = 'rules held' AND ended_at IS NULL")
    assert "it raises `mode` from draft to send" in str(words[0])
    assert "earnest rules take" in str(words[0])

    await end(machine.process)
    machine.process = await machine.start()
    await until(lambda: _facts(machine)["mode"] == "draft" and bool(_facts(machine)["rules_held"]), "a daemon that asks again")
    assert _facts(machine)["rules_version"] == before

    refused = await machine("rules", "take")
    assert (refused.code, "--confirm-mode send" in refused.err) == (1, True)
    taken = await machine("rules", "take", "--confirm-mode", "send")
    assert (taken.code, "The daemon takes it within a second" in taken.err) == (0, True)
    await until(lambda: _facts(machine)["mode"] == "send", "a daemon that has taken it")
    assert _facts(machine)["rules_version"] != before

    _save(machine)
    await until(lambda: _facts(machine)["mode"] == "draft", "a lower mode, taken at once")
    code, _ = await end(machine.process)
    assert code == 0
