"""What people are told where a network cannot be reached: why, what to do, once, and that it is heard again."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
import ssl
from pathlib import Path

import pytest

from listener.errors import EarnestError, NotConnected, RateLimited
from listener.http import Http
from listener.knocking import knock
from listener.model import Account, Page
from listener.polling import Ear
from listener.reaching import unreached
from listener.sockets import Sockets
from listener.watching import Hearing, Watcher
from tests.mouth import ALONE, House
from tests.program import Program
from tests.servers.gate import Gate
from tests.servers.proxy import Proxy
from tests.stores import make_rules, make_store

NO_NAME = r"nobody\.invalid could not be reached: (there is no address for this name|its name cannot be looked up)"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("kind", [Http, Sockets])
async def test_a_name_that_does_not_exist_is_told_as_that(kind: type[Http]) -> None:
    host = kind("https://nobody.invalid")
    with pytest.raises(NotConnected, match=NO_NAME) as caught:
        await (host.connect("/", {}, timeout=10, max_bytes=9) if isinstance(host, Sockets) else host.call("GET", "/"))
    assert "on the internet?" in caught.value.hint
    await host.close()


@pytest.mark.parametrize("kind", [Http, Sockets])
async def test_a_closed_port_is_told_as_a_refusal(kind: type[Http], monkeypatch: pytest.MonkeyPatch) -> None:
    async with Gate() as gate:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", gate.host)
        host = kind(f"http://{gate.host}")
        with pytest.raises(NotConnected, match="it refuses the connection"):
            await (host.connect("/", {}, timeout=10, max_bytes=9) if isinstance(host, Sockets) else host.call("GET", "/"))
        await host.close()


async def test_a_server_without_encryption_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Proxy("http://127.0.0.1:1") as plain:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", plain.host)
        host = Http(f"https://{plain.host}")
        with pytest.raises(NotConnected, match="does not speak the encryption"):
            await host.call("GET", "/")
        await host.close()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "its name cannot be looked up"),
        (OSError(errno.ENETUNREACH, "x"), "there is no way there from this machine"),
        (OSError(errno.ETIMEDOUT, "x"), "nothing answers there"),
        (TimeoutError(), "nothing answers there"),
        (ConnectionResetError(), "it hangs up at once"),
        (ssl.SSLCertVerificationError("x"), "not one that this machine trusts"),
    ],
)
def test_each_cause_is_told_apart(error: BaseException, words: str) -> None:
    assert words in unreached("host.example", error).message
    assert unreached("host.example", error).hint


def test_a_proxy_that_is_not_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://secret@proxy.example")
    told = unreached("host.example", TimeoutError())
    assert "https_proxy is set, but Earnest uses no proxy" in told.hint
    assert "secret" not in told.hint


# ---- told once, and again when something changes


class Moody:
    """A source that does what `does` says, one thing a poll, the last for ever."""

    name = "moody"
    network = "moody"

    def __init__(self, *does: EarnestError | None) -> None:
        self.does = list(does)
        self.polls = asyncio.Semaphore(0)

    async def identify(self) -> Account | None:
        return None

    async def fetch(self, cursor: str | None) -> Page:
        self.polls.release()
        problem = self.does.pop(0) if len(self.does) > 1 else self.does[0]
        if problem:
            raise problem
        return Page((), cursor)

    async def close(self) -> None:
        """Nothing is open."""


async def told_by(folder: Path, source: Moody, polls: int) -> tuple[list[Hearing], list[str]]:
    """Watch until so many polls were made; return what was told, and the state that is stored at the end."""
    house, stop, told = House(folder, **ALONE), asyncio.Event(), list[Hearing]()
    ear = Ear(house.store, house.book, house.clock)
    watcher = Watcher(source, lambda: ear, house.store, house.clock, every=0.001, heard=lambda _: None, tell=told.append)
    running = asyncio.create_task(watcher.run(stop))
    for _ in range(polls):
        await asyncio.wait_for(source.polls.acquire(), 10)
    stop.set()
    await asyncio.wait_for(running, 10)
    states = [str(row["state"]) for row in house.rows("SELECT state FROM sources")]
    house.store.close()
    return told, states


async def test_trouble_is_told_once_and_its_end_too(tmp_path: Path) -> None:
    away, full = NotConnected("a.example could not be reached: x"), RateLimited("a.example asks us to wait", 0.001)
    told, states = await told_by(tmp_path, Moody(None, away, away, away, full, full, away, away, None), 12)
    assert [one.state for one in told] == ["unreachable", "waiting", "unreachable", "listening"]
    assert [one.problem for one in told] == [away.message, full.message, away.message, ""]
    assert states == ["listening"]


async def test_that_all_is_well_from_the_beginning_is_no_news(tmp_path: Path) -> None:
    assert await told_by(tmp_path, Moody(None), 5) == ([], ["listening"])


async def test_what_cannot_be_reached_stands_in_status(tmp_path: Path) -> None:
    _, states = await told_by(tmp_path, Moody(NotConnected("a.example could not be reached: x")), 4)
    assert states == ["unreachable"]


# ---- the doctor


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(make_store(tmp_path), make_rules(tmp_path), {})


async def test_knocking_says_who_answers_and_who_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Proxy("http://127.0.0.1:1") as there, Gate() as gate:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", f"{there.host},{gate.host}")
        addresses = [
            f"ws://{there.host}/subscribe",
            f"http://{there.host}/feed",
            f"http://{gate.host}",
            "https://nobody.invalid",
            "http://x",
        ]
        found = await asyncio.to_thread(knock, addresses)
    assert list(found) == [there.host, gate.host, "nobody.invalid", "x"]
    assert found[there.host] is None
    assert isinstance(found[gate.host], NotConnected)
    assert isinstance(found["nobody.invalid"], NotConnected)
    assert "must begin with https" in str(found["x"])
    assert [one.method for one in there.ledger] == ["HEAD"]


async def test_the_doctor_explains_what_cannot_be_reached(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Gate() as gate:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", gate.host)
        text = program.rules.read_text(encoding="utf-8")
        more = f'sources:\n  hackernews: {{query: acme, service: "http://{gate.host}"}}'
        program.rules.write_text(text.replace("sources:", more).replace("town.example, tags", "nobody.invalid, tags"), encoding="utf-8")
        ran = await asyncio.to_thread(program, "doctor", "--json")
    found = {one["check"]: one for one in ran.objects}
    assert ran.code == 1
    assert found["internet"]["message"] == "none of the 2 hosts that your sources need can be reached"
    assert found["reach mastodon"]["state"] == found["reach hackernews"]["state"] == "wrong"
    assert "spelt right" in found["reach mastodon"]["hint"] or "name server" in found["reach mastodon"]["hint"]
    offline = {one["check"] for one in program("doctor", "--offline", "--json").objects}
    assert offline == {check for check in found if check != "internet" and not check.startswith("reach ")}


def test_run_once_says_what_was_not_heard_and_why(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    sources = {"mastodon": {"instance": "nobody.invalid", "tags": ["acme"]}}
    route = {"name": "all", "when": "always", "examples": [{"post": "Acme is here"}]}
    rules.write_text(
        json.dumps({"version": 1, "brands": {"acme": {"names": ["Acme"]}}, "sources": sources, "routes": [route]}), encoding="utf-8"
    )
    ran = Program(f"sqlite:///{tmp_path}/earnest.db", rules, {})("run", "--once")
    assert ran.code == 1
    assert "mastodon was not heard: nobody.invalid could not be reached: " in ran.err
    assert "Is this machine on the internet?" in ran.err
    assert "caught up by the next run" in ran.err
