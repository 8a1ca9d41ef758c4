"""`earnest doctor` of the service: each thing that goes wrong with a daemon or its machine is named with its cause and what to do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from listener import clock
from listener.clock import to_text
from listener.knocking import knock
from listener.store import silences
from listener.store.sqlite import SqliteStore
from responders import upkeep
from responders.checkup import Finding, State, check_up
from responders.crew import program_version
from responders.house import open_store
from responders.ledger import beats, facts
from responders.ledger.beats import Beat
from responders.rulefile import load
from tests.program import Program

RULES = """\
version: 1
brands: {acme: {names: [Acme]}}
sources: {hackernews: {every: 60s}}
routes: [{name: all, when: always}]
"""


class Installation:
    """A rules file, and a store that a daemon holds."""

    def __init__(self, folder: Path) -> None:
        self.rules = folder / "rules.yaml"
        self.rules.write_text(RULES, encoding="utf-8")
        self.version = load(self.rules).fingerprint
        self.store: SqliteStore = open_store(f"sqlite:///{folder}/earnest.db", create=True)  # type: ignore[assignment]
        self.store.hold_alone()
        self.at = clock.now()

    def beat(self, age: float = 0, **changes: object) -> None:
        at = self.at - timedelta(seconds=age)
        usual = {"who": "box 7", "at": at, "since": at, "version": program_version(), "rules": self.version}
        self.store.write(lambda tx: beats.write(tx, Beat(**{**usual, **changes})))  # type: ignore[arg-type]

    def source(self, state: str, polled: float) -> None:
        self.store.write(
            lambda tx: tx.run(
                "INSERT INTO sources (name, kind, state, detail, polled_at, every_s) VALUES ('hackernews', 'h', :state, 'why', :at, 60)",
                state=state,
                at=to_text(self.at - timedelta(seconds=polled)),
            )
        )

    def odd(self) -> list[Finding]:
        """Return what is not as it should be."""
        found = check_up(self.rules, self.store.url, at=self.at)
        return [one for one in found if one.state is not State.OK and one.check != "sending"]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    yield made
    made.store.close()


def only(found: list[Finding]) -> tuple[str, State, str]:
    (one,) = found
    assert one.hint, "each says what to do"
    return one.check, one.state, one.message


def test_a_daemon_that_fares_well_says_since_when_and_by_which_rules(here: Installation) -> None:
    here.beat()
    here.source("listening", polled=60)
    said = [one.message for one in check_up(here.rules, here.store.url, at=here.at) if one.check == "daemon"]
    assert said[0].startswith("it is running since ")
    assert said[0].endswith(f"(process box 7), by rules {here.version}")
    assert here.odd() == []


def test_one_that_holds_the_store_and_says_nothing_hangs(here: Installation) -> None:
    assert only(here.odd())[:2] == ("daemon", State.WARNING), "it may have just begun"
    here.beat(age=200)
    check, state, message = only(here.odd())
    assert (check, state) == ("daemon", State.WRONG)
    assert "no sign of life for 3 minutes" in message


def test_the_demo_leaves_no_signs_of_life_and_is_not_to_be_started_anew(here: Installation) -> None:
    here.store.write(lambda tx: facts.keep(tx, "demo", "1", at=here.at))
    assert here.odd() == []


def test_parts_that_do_not_go_round_are_named(here: Installation) -> None:
    here.beat(stalled=("speak", "tick rules"))
    assert only(here.odd()) == ("daemon", State.WRONG, "parts of it do not go round any more: speak, tick rules")


def test_rules_that_are_not_those_of_the_file_are_named(here: Installation) -> None:
    here.beat(rules="0123")
    assert only(here.odd()) == ("daemon", State.WARNING, f"it works by rules 0123, and the file holds {here.version}")
    here.store.write(lambda tx: facts.keep(tx, "rules_error", "it is wrong", at=here.at))
    assert [one.message for one in here.odd()] == ["it refused the newest rules: it is wrong"], "then that is why"


def test_another_version_and_too_many_files_are_named(here: Installation) -> None:
    here.beat(version="0.0.1", files=850, most_files=1024)
    first, second = here.odd()
    assert first.message == f"it runs version 0.0.1, and {program_version()} is installed"
    assert second.message == "it has 850 files and connections open and may have 1024"


@pytest.mark.parametrize(("state", "polled", "weight"), [("silent", 60, State.WRONG), ("listening", 181, State.WARNING)])
def test_a_source_that_is_not_polled_any_more_is_named(here: Installation, state: str, polled: float, weight: State) -> None:
    here.beat()
    here.source(state, polled)
    check, found, _ = only(here.odd())
    assert (check, found) == ("source hackernews", weight)


def test_a_source_that_rests_for_a_reason_is_not(here: Installation) -> None:
    here.beat()
    here.source("waiting", polled=600)
    assert here.odd() == []


def test_a_silence_ends_in_the_ledger_when_the_source_leaves_the_rules(here: Installation) -> None:
    at = here.at
    here.store.write(lambda tx: silences.begin(tx, "old", "h", "why", every=60, since=at, at=at))
    assert [row["source"] for row in silences.open_(here.store.read())] == ["old"]
    here.store.write(lambda tx: silences.forget(tx, frozenset({"hackernews"}), at=at))
    assert silences.open_(here.store.read()) == []


def test_a_full_disk_and_a_log_that_grows_are_named(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    free = 5_000_000_000
    monkeypatch.setattr(upkeep.shutil, "disk_usage", lambda _path: type("Usage", (), {"free": free}))
    monkeypatch.setattr(upkeep, "_LARGE_LOG", 10)
    found = [(one.check, one.state) for one in upkeep.room(here.store)]
    assert found == [("disk", State.OK), ("store", State.WARNING)]
    assert next(upkeep.room(here.store)).message == "5,000 MB are free where the store lies; the store takes less than 1 MB"
    for free, state in ((900_000_000, State.WARNING), (9_000_000, State.WRONG)):  # noqa: B007  # the fake disk reads it
        assert next(upkeep.room(here.store)).state is state


@pytest.mark.parametrize(
    ("offsets", "state", "words"),
    [
        ({"a": 0.5, "b": -2.0, "c": 4_000.0}, State.OK, "goes with"),
        ({"a": 40.0, "b": 41.0, "c": 0.0}, State.WARNING, "40 seconds behind those of 3 hosts"),
        ({"a": -10_800.0}, State.WRONG, "10800 seconds ahead of those of 1 hosts"),
    ],
)
def test_the_clock_is_compared_with_those_of_the_networks(offsets: dict[str, float], state: State, words: str) -> None:
    (found,) = upkeep.clocks(offsets)
    assert found.state is state
    assert words in found.message


@pytest.mark.parametrize(("ahead", "low", "high"), [(7_200, 7_190, 7_210), (-7_200, -7_210, -7_190), (0, -1.0, 1.0)])
def test_knocking_tells_how_far_a_clock_is_off(monkeypatch: pytest.MonkeyPatch, ahead: int, low: float, high: float) -> None:
    class Host(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(200)
            moment = datetime.now().astimezone() + timedelta(seconds=ahead)
            self.send_header("Date", self.date_time_string(int(moment.timestamp())))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"127.0.0.1:{server.server_port}"
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", place)
        offsets: dict[str, float] = {}
        assert knock([f"http://{place}/"], offsets) == {place: None}
        server.shutdown()
    assert low <= offsets[place] <= high


def test_the_status_says_so_too(here: Installation) -> None:
    run = Program(here.store.url, here.rules, {})
    here.beat(stalled=("speak",))
    assert "Parts of the daemon do not go round any more\n  speak: earnest doctor" in run("status").out
    assert run.status()["daemon"]["stalled"] == ["speak"]
    here.beat(age=100)
    assert "The daemon has left no sign of life; the last one" in run("status").out
    here.beat()
    said = run("status")
    assert "sign of life" not in said.out + said.err
    assert run.status()["daemon"]["since"] == to_text(here.at)
