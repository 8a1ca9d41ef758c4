"""What `earnest pause` and `earnest resume` tell people, and what `status` and `doctor` say of a flag file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.program import Program
from tests.stores import make_rules, make_store


@pytest.fixture
def run(tmp_path: Path) -> Program:
    return Program(make_store(tmp_path), make_rules(tmp_path), {"EARNEST_NAME": "kim"})


@pytest.fixture
def flag(run: Program) -> Path:
    return Path(run.store.removeprefix("sqlite:///") + ".paused")


@contextmanager
def locked(run: Program) -> Iterator[None]:
    with closing(sqlite3.connect(run.store.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def test_a_pause_by_flag_is_told_plainly_and_everywhere(run: Program, flag: Path) -> None:
    with locked(run):
        paused = run("pause", "--reason", "a \x1b[31mstorm", "--for", "2h")
    assert paused.code == 0
    assert "Sending is stopped by a flag file until " in paused.out
    assert "database is locked" in paused.out
    assert f"Resume removes it: {flag}" in paused.out
    status = run("status")
    assert str(flag) in status.out
    assert run.status()["sending"] == {"on": False, "reason": "a \x1b[31mstorm"}
    doctor = run("doctor", "--offline")
    assert f'stopped by kim: "a \\x1b[31mstorm" (by the flag file {flag})' in doctor.out
    assert "\x1b[31m" not in paused.out + status.out + doctor.out
    resumed = run("resume")
    assert resumed.out.splitlines()[0] == "Sending goes on."
    assert not flag.exists()
    assert run.status()["sending"]["on"] is True


def test_a_pause_on_a_locked_store_says_what_is_known_as_json(run: Program, flag: Path) -> None:
    with locked(run):
        paused = run("pause", "--json").object
        assert (paused["paused"], paused["until"], paused["flag"]) == (True, None, str(flag))
        assert paused["leaving"] == run.status()["deliveries"]["claimed"]
        resumed = run("resume", "--json").object
    assert (resumed["paused"], resumed["was_paused"]) == (False, True)
    assert "locked" in resumed["problem"]


def test_resume_says_that_it_is_still_stopped_where_the_store_keeps_its_pause(run: Program) -> None:
    assert run("pause").code == 0
    with locked(run):
        resumed = run("resume")
    assert resumed.code == 5
    assert "sending is still stopped" in resumed.err
    assert run.status()["sending"]["on"] is False


def test_a_damaged_store_can_be_stopped_and_doctor_says_so(run: Program, flag: Path) -> None:
    Path(run.store.removeprefix("sqlite:///")).write_bytes(b"this is no database" * 500)
    for ending in ("-wal", "-shm"):
        flag.with_name(flag.name.replace(".paused", ending)).unlink(missing_ok=True)
    paused = run("pause")
    assert paused.code == 0
    assert "by a flag file until somebody resumes it" in paused.out
    found = {one["check"]: one for one in run("doctor", "--offline", "--json").objects}
    assert found["store"]["state"] == "wrong"
    assert "by the flag file" in found["sending"]["message"]
    resumed = run("resume")
    assert resumed.code == 5
    assert "sending is still stopped" in resumed.err
    assert flag.exists()


def test_doctor_names_a_flag_that_waits_for_a_store(run: Program, tmp_path: Path) -> None:
    (tmp_path / "new.db.paused").touch()
    found = {one["check"]: one for one in run("doctor", "--offline", "--json", "--store", f"sqlite:///{tmp_path}/new.db").objects}
    assert "new.db.paused" in found["sending"]["message"]


def test_the_log_tells_of_a_pause_that_only_the_flag_knew(run: Program) -> None:
    with locked(run):
        run("pause", "--reason", "a storm")
    run("resume", "--as", "jo")
    last = run("log", "--json").objects[-1]
    assert (last["who"], last["action"]) == ("jo", "resumed")
    assert last["detail"]["flag_said"] == "kim: a storm"


def test_a_shared_store_out_of_reach_stops_this_machine_and_says_that_others_may_send_on(tmp_path: Path) -> None:
    run = Program("postgresql://127.0.0.1:1/shop", make_rules(tmp_path), {"EARNEST_NAME": "kim", "STATE_DIRECTORY": str(tmp_path)})
    paused = run("pause", "--reason", "a storm")
    assert paused.code == 5
    assert "THIS MACHINE ONLY" in paused.out
    assert f"look into {tmp_path}." in paused.out
    assert "127.0.0.1" in paused.out
    assert "Try again" in paused.err
    assert len(list(tmp_path.glob("*.paused"))) == 1
    told = run("pause", "--json")
    assert (told.code, told.object["everywhere"]) == (5, False)
