"""The HTTP of the daemon: for this machine only, under our own name only, without anybody's words or names, and cheap to ask."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from listener.errors import EarnestError, UsageError
from listener.model import Gap, Page
from listener.places import Place, read_place
from listener.polling import Ear
from listener.progress import Progress
from listener.pulse import Polled
from responders.alerts import Told
from responders.daemon import RulesTaken
from responders.service import gauges
from responders.service.door import place_of
from responders.service.running import Service
from tests.mouth import ALONE, NETWORK, House
from tests.program import Program

CANARY = "kanarienvogel"


class Ticks:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Asked:
    """A service that answers, and whoever asks it."""

    def __init__(self, house: House, place: Place) -> None:
        self.ticks = Ticks()
        self.place = place
        self.service = Service(house.store, house.clock, place=place, progress=Progress(self.ticks))

    async def __call__(self, path: str, host: str = "localhost", method: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
        connector = aiohttp.UnixConnector(self.place.socket) if self.place.socket else aiohttp.TCPConnector()
        base = f"http://{self.place}" if not self.place.socket else "http://localhost"
        async with aiohttp.ClientSession(connector=connector) as session:
            answer = await session.request(method, base + path, headers={"Host": host, **headers})
            return answer.status, await answer.text(), dict(answer.headers)

    async def samples(self) -> dict[str, float]:
        _, body, _ = await self("/metrics")
        lines = [line for line in body.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path, **ALONE)
    yield made
    made.store.close()


@pytest.fixture(params=["unix", "tcp"])
async def asked(house: House, request: pytest.FixtureRequest) -> AsyncIterator[Asked]:
    place = read_place(f"unix:{house.folder}/http.sock" if request.param == "unix" else f"127.0.0.1:{free_port()}")
    one = Asked(house, place)
    async with one.service.running():
        yield one
    assert list(house.folder.glob("*.sock")) == [], "the socket goes with the daemon"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


async def test_it_is_not_ready_before_it_has_begun_and_not_live_where_a_loop_stalls(asked: Asked) -> None:
    assert (await asked("/healthz"))[0] == 503
    assert (await asked("/healthz/live"))[0] == 200
    assert (await asked("/healthz/ready"))[0] == 503
    asked.service.ready()
    assert [(await asked(path))[0] for path in ("/healthz", "/healthz/live", "/healthz/ready")] == [200, 200, 200]
    asked.service.mark("think", 10)
    asked.ticks.now += 11
    status, body, _ = await asked("/healthz/live")
    assert (status, body) == (503, '{"live": false, "stalled": ["think"]}')
    assert (await asked.samples())['earnest_loop_stalled{loop="think"}'] == 1
    asked.service.mark("think", 10)
    asked.service.end()
    assert (await asked("/healthz/ready"))[0] == 503


@pytest.mark.parametrize("host", ["evil.example", "evil.example:9464", "127.0.0.1.evil.example", "localhost@evil.example", ""])
async def test_a_page_that_was_led_here_by_another_name_gets_nothing(asked: Asked, host: str) -> None:
    for path in ("/", "/healthz", "/metrics", "/nothing"):
        status, body, _ = await asked(path, host)
        assert (status, "earnest_" in body) == (421, False)


async def test_it_answers_by_our_names_and_takes_nothing(asked: Asked) -> None:
    names = ["localhost", "LOCALHOST:9464"] + (["127.0.0.1:80"] if not asked.place.socket else [])
    assert [(await asked("/metrics", name))[0] for name in names] == [200] * len(names)
    assert (await asked("/metrics", method="POST"))[0] == 405
    assert (await asked("/nothing"))[0] == 404
    assert (await asked("/metrics"))[2]["Cache-Control"] == "no-store"


async def test_prometheus_gets_what_it_asks_for(asked: Asked) -> None:
    plain, open_ = await asked("/metrics"), await asked("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert plain[2]["Content-Type"].startswith("text/plain; version=0.0.4")
    assert open_[2]["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert open_[1].endswith("# EOF\n")


async def test_what_happened_and_how_things_stand_is_counted_by_network_and_level(asked: Asked, house: House) -> None:
    pulse = asked.service
    post = house.post("p1", f"@acme {CANARY} I was charged twice", f"{CANARY}-handle")
    taken = await Ear(house.store, house.book, house.clock).take(NETWORK, Page((post,), "c", gap=Gap(f"{CANARY} gap")))
    pulse.heard(taken)
    pulse.polled(Polled("mastodon", NETWORK, "listening", 0.2, gaps=1))
    house.clock.forward(seconds=30)
    before = await asked.samples()
    assert before["earnest_mentions_undecided"] == 1
    assert before["earnest_mentions_undecided_oldest_seconds"] == 30
    for noted in await house.think():
        pulse.note(noted)
    pulse.note(Told(None, "on-call", CANARY, ""))
    pulse.note(Told(None, "on-call", CANARY, CANARY))
    pulse.note(RulesTaken("abc"))
    pulse.silent("mastodon")
    for sending in await house.speak(seconds=3_600):
        pulse.note(sending)
    await pulse.store.awrite(lambda _tx: None)
    found = await asked.samples()
    (level,) = {name.partition('level="')[2].partition('"')[0] for name in found if name.startswith("earnest_mentions_heard_total")}
    of_network = f'level="{level}",network="{NETWORK}"'
    wanted = {
        f"earnest_mentions_heard_total{{{of_network}}}": 1,
        f"earnest_mentions_decided_total{{{of_network}}}": 1,
        f"earnest_drafts_made_total{{{of_network}}}": 1,
        'earnest_polls_total{source="mastodon",state="listening"}': 1,
        'earnest_gaps_total{source="mastodon"}': 1,
        'earnest_silences_total{source="mastodon"}': 1,
        'earnest_alerts_total{outcome="told"}': 1,
        'earnest_alerts_total{outcome="failed"}': 1,
        'earnest_rules_reads_total{outcome="taken"}': 1,
        f'earnest_sends_total{{network="{NETWORK}",outcome="sent"}}': 1,
        "earnest_mentions_undecided": 0,
        "earnest_paused": 0,
        "earnest_store_readable": 1,
    }
    assert {name: found.get(name) for name in wanted} == wanted
    assert found["earnest_store_write_seconds_count"] == 1
    for accept in ("text/plain", "application/openmetrics-text; version=1.0.0"):
        assert CANARY not in (await asked("/metrics", Accept=accept))[1]


async def test_sources_rules_and_a_pause_are_shown_as_they_stand(asked: Asked, house: House) -> None:
    at = house.clock()
    facts = {"rules_version": "abc", "mode": "send", "rules_error": "it is wrong"}

    def work(tx: object) -> None:
        run = tx.run  # type: ignore[attr-defined]
        for name, value in facts.items():
            run("INSERT INTO facts (name, value, at) VALUES (:name, :value, :at)", name=name, value=value, at=stamp)
        run(
            "INSERT INTO sources (name, kind, state, detail, polled_at, heard_at, every_s) VALUES ('a', 'b', 'silent', 'x', :at, :at, 60)",
            at=stamp,
        )
        run("INSERT INTO switches (name, reason, by, since) VALUES ('pause', :words, :words, :at)", words=CANARY, at=stamp)

    stamp = at.isoformat().replace("+00:00", "Z")
    house.store.write(work)
    house.clock.forward(seconds=90)
    found = await asked.samples()
    wanted = {
        'earnest_rules_info{mode="send",version="abc"}': 1,
        "earnest_rules_last_reload_successful": 0,
        "earnest_rules_last_reload_success_timestamp_seconds": at.timestamp(),
        'earnest_source_state{source="a",state="silent"}': 1,
        'earnest_source_state{source="a",state="listening"}': 0,
        'earnest_source_lag_seconds{source="a"}': 90,
        'earnest_source_last_success_timestamp_seconds{source="a"}': at.timestamp(),
        "earnest_paused": 1,
    }
    assert {name: found.get(name) for name in wanted} == pytest.approx(wanted)


async def test_a_scrape_reads_no_table_from_end_to_end(house: House) -> None:
    reader = house.store.read()
    plans = {
        question: [str(row["detail"]) for row in reader.all(f"EXPLAIN QUERY PLAN {question}", now="2026-01-01", most=1)]
        for question in gauges.QUESTIONS
    }
    few = ("undecided", "waiting", "unfinished", "untold", "incidents_open")  # indexes that hold only what has not come to its end
    for question, plan in plans.items():
        assert plan, question
        scans = [line for line in plan if line.startswith("SCAN") and not any(word in line for word in few)]
        assert scans == [], f"{question}: {plan}"


async def test_where_the_store_cannot_be_read_the_rest_is_answered(asked: Asked, house: House) -> None:
    house.store.write(lambda tx: tx.run("ALTER TABLE sources RENAME TO gone"))
    found = await asked.samples()
    assert found["earnest_store_readable"] == 0
    assert "earnest_ready" in found
    assert "earnest_paused" not in found, "nothing is half known"


@pytest.mark.parametrize("address", ["0.0.0.0:9464", "[::]:9464", "192.0.2.7:9464", "example.com:9464", "9464", "unix:http.sock", ":9464"])
def test_other_machines_cannot_reach_it(tmp_path: Path, address: str) -> None:
    with pytest.raises(UsageError):
        place_of(address)
    (tmp_path / "rules.yaml").write_text("version: 1\nbrands: {acme: {names: [Acme]}}\nroutes: [{name: all, when: always}]\n")
    run = Program(f"sqlite:///{tmp_path}/earnest.db", tmp_path / "rules.yaml", {"EARNEST_HTTP": address})
    for ran in (run("run", "--log", "text"), run("run", "--http", address, "--log", "text")):
        assert ran.code == 2
        assert "127.0.0.1:9464" in ran.err
    assert not (tmp_path / "earnest.db").exists()


async def test_a_place_that_is_taken_is_said_and_nothing_begins(asked: Asked, house: House) -> None:
    with pytest.raises(EarnestError, match="it is in use by another Earnest"):
        async with Service(house.store, house.clock, place=asked.place).running():
            pass
    assert (await asked("/healthz/live"))[0] == 200


async def test_a_socket_that_was_left_behind_is_no_hindrance(house: House) -> None:
    path = house.folder / "http.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    one = Asked(house, read_place(f"unix:{path}"))
    async with one.service.running():
        assert (await one("/healthz/live"))[0] == 200
        assert path.stat().st_mode & 0o777 == 0o660


def test_an_edit_is_counted_as_decided_again_and_not_as_heard_again(house: House) -> None:
    service = Service(house.store, house.clock)
    ear = Ear(house.store, house.book, house.clock)
    post = house.post("p1", "@acme hello there")
    for words in ("hello there", "hello you"):
        later = replace(post, text=f"@acme {words}", version=words)
        service.heard(house.store.write(lambda tx, later=later: ear.hear(tx, NETWORK, Page((later,), None))))  # type: ignore[misc]
        house.clock.forward(seconds=timedelta(minutes=1).total_seconds())
    total = next(one for one in service.registry.collect() if one.name == "earnest_mentions_heard").samples
    assert [sample.value for sample in total] == [1.0]
