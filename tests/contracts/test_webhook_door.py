"""The door itself, knocked at by strangers over real connections: what is no delivery costs little and gets a bare status."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from listener.doorbell import Door, Doorbells, Limits, Reply, Ring
from listener.errors import NetworkError, UsageError
from listener.places import Place, who_sits_at
from listener.sources.webhook import Webhook
from tests.servers.sender import SECRET, Sender, arrived, free_port, make

MIB = 2**20


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_SECRET_REVIEWS_READ", SECRET)


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[tuple[Webhook, Sender]]:
    place = f"127.0.0.1:{free_port()}"
    limits = Limits(headers=0.3, body=0.3, linger=0.1, connections=3)
    source, sender = make(tmp_path, place=place, hosts=["hooks.acme.example"], limits=limits)
    await source.fetch(None)
    yield source, sender
    await source.close()


async def knock(sender: Sender, *said: bytes) -> bytes:
    """Say something over a bare connection, and return all that comes back."""
    host, port = sender.place.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for part in said:
            writer.write(part)
        await writer.drain()
        async with asyncio.timeout(30):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def status(answer: bytes) -> int:
    return int(answer.split(b" ")[1]) if answer else 0


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        *((method, "/reviews", 405) for method in ("GET", "PUT", "OPTIONS", "DELETE")),
        *(("POST", path, 404) for path in ("/", "/reviews/", "/x")),
        ("GET", "/metrics", 404),
    ],
)
async def test_only_a_post_to_its_path_is_let_in(opened: tuple[Webhook, Sender], method: str, path: str, code: int) -> None:
    _, sender = opened
    answer = await sender.post(b"{}", sender.signed(b"{}"), method, path)
    assert (answer.status, answer.body) == (code, b"")
    assert answer.headers.get("Allow") == ("POST" if code == 405 else None)
    assert answer.headers["Server"] == "Earnest"


@pytest.mark.parametrize(
    ("host", "code"),
    [
        *((host, 421) for host in ("evil.example", "127.0.0.1.evil.example", "hooks.acme.example.", "a b", "")),
        *((host, 401) for host in ("hooks.acme.example", "HOOKS.acme.example:443", "localhost:1")),
    ],
)
async def test_it_answers_only_to_its_own_names(opened: tuple[Webhook, Sender], host: str, code: int) -> None:
    _, sender = opened
    assert status(await knock(sender, f"POST /reviews HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{{}}".encode())) == code


@pytest.mark.parametrize("path", ["/%72eviews", "/x/../reviews", "//reviews", "*", "/REVIEWS", "/reviews#x"])
async def test_another_spelling_of_the_path_is_another_path(opened: tuple[Webhook, Sender], path: str) -> None:
    _, sender = opened
    answer = await knock(sender, f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    assert status(answer) in {400, 404}


@pytest.mark.parametrize("hosts", ["", "Host: localhost\r\nHost: evil.example\r\n"])
async def test_no_name_and_two_names_are_none(opened: tuple[Webhook, Sender], hosts: str) -> None:
    _, sender = opened
    answer = await knock(sender, f"POST /reviews HTTP/1.1\r\n{hosts}Content-Length: 2\r\n\r\n{{}}".encode())
    assert status(answer) in {400, 421}
    assert answer.endswith(b"\r\n\r\n")


async def test_two_signatures_are_none(opened: tuple[Webhook, Sender]) -> None:
    _, sender = opened
    good = next(f"{name}: {value}\r\n" for name, value in sender.signed(b"{}").items())
    head = f"POST /reviews HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n{good}{good}\r\n{{}}"
    assert status(await knock(sender, head.encode())) == 401


@pytest.mark.parametrize(
    "words", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"POST /reviews HTTP/9.9\r\n\r\n", b"\0" * 9_000 + b"\r\n\r\n"]
)
async def test_what_is_no_http_gets_a_bare_answer_and_no_line_in_any_log(
    opened: tuple[Webhook, Sender], capfd: pytest.CaptureFixture[str], words: bytes
) -> None:
    _, sender = opened
    answer = await knock(sender, words)
    assert status(answer) in {0, 400, 404, 421}
    assert answer.partition(b"\r\n\r\n")[2] == b""
    assert capfd.readouterr() == ("", "")


async def test_a_body_beyond_a_mebibyte_is_refused_whether_it_says_so_or_not(opened: tuple[Webhook, Sender]) -> None:
    _, sender = opened
    head = "POST /reviews HTTP/1.1\r\nHost: localhost\r\n"
    assert status(await knock(sender, f"{head}Content-Length: {50 * MIB}\r\n\r\n".encode())) == 413
    chunk = b"%x\r\n%s\r\n" % (MIB // 2, b"x" * (MIB // 2))
    assert status(await knock(sender, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode(), chunk, chunk, chunk, b"0\r\n\r\n")) == 413
    fits = json.dumps({"pad": "x" * (MIB - 12)}).encode()
    assert (await sender.deliver(fits)).status == 422


async def test_nothing_is_unpacked(opened: tuple[Webhook, Sender]) -> None:
    _, sender = opened
    bomb = gzip.compress(b" " * 50 * MIB)
    assert (await sender.post(bomb, {**sender.signed(bomb), "Content-Encoding": "gzip"})).status == 415


async def test_whoever_waits_to_be_asked_for_the_body_is_asked(opened: tuple[Webhook, Sender]) -> None:
    _, sender = opened
    head = b"POST /reviews HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    answer = await knock(sender, head, b"{}")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"", 0),
        (b"POST /reviews HT", 0),
        (b"POST /reviews HTTP/1.1\r\nHost: localhost\r\nX: ", 0),
        (b"POST /reviews HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{", 408),
    ],
)
async def test_whoever_dawdles_is_hung_up_on(opened: tuple[Webhook, Sender], said: bytes, code: int) -> None:
    _, sender = opened
    assert status(await knock(sender, said)) == code


async def test_more_than_may_stand_before_the_door_are_sent_away_at_once(tmp_path: Path) -> None:
    source, sender = make(tmp_path, place=f"127.0.0.1:{free_port()}", limits=Limits(connections=2))
    await source.fetch(None)
    host, port = sender.place.split(":")
    silent = [await asyncio.open_connection(host, int(port)) for _ in range(2)]
    answer = await knock(sender)
    assert (status(answer), b"Retry-After" in answer) == (503, True)
    for _, writer in silent:
        writer.close()
        await writer.wait_closed()
    assert status(await knock(sender, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")) == 404
    await source.close()


async def test_a_crowd_before_the_door_leaves_no_traceback_in_the_log(tmp_path: Path) -> None:
    """Whoever opens connections by the hundred must not fill the log with a task that ended in an error for each."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, told: complaints.append(told["message"]))
    source, sender = make(tmp_path, place=f"127.0.0.1:{free_port()}", limits=Limits(connections=0))
    await source.fetch(None)
    assert status(await knock(sender)) == 503
    await source.close()
    gc.collect()
    await asyncio.sleep(0)
    assert complaints == []


async def test_a_connection_is_for_one_delivery(opened: tuple[Webhook, Sender]) -> None:
    _, sender = opened
    one = b"POST /other HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    assert (await knock(sender, one, one)).count(b"HTTP/1.1 404") == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'{"id": NaN}', "NaN"),
        (b'{"id": -Infinity}', "NaN"),
        (b'{"id": 1, "id": 2}', "twice"),
        (b'{"a": {"b": 1, "b": 1}}', "twice"),
        (b"[" * 10_000 + b"]" * 10_000, "too deep"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too deep"),
        (b'{"a": 1} {"a": 2}', "no JSON"),
        (b'{"a": 01}', "no JSON"),
    ],
    ids=str,
)
async def test_hostile_json_is_refused_in_a_few_words(opened: tuple[Webhook, Sender], body: bytes, words: str) -> None:
    _, sender = opened
    answer = await sender.deliver(body)
    assert answer.status == 400
    assert words in answer.said["error"]
    assert len(answer.body) < 100


@pytest.mark.parametrize("body", [b"null", b"7", b'"text"', b"true", b"[]", b"[1]", b"{}", b'{"id": []}', b"[" * 300_000 + b"]" * 300_000])
async def test_json_of_another_shape_is_refused(opened: tuple[Webhook, Sender], body: bytes) -> None:
    _, sender = opened
    assert (await sender.deliver(body)).status in {400, 422}


async def test_a_mistake_of_our_own_is_answered_and_the_door_stays_open(
    opened: tuple[Webhook, Sender], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, sender = opened

    async def fail(_body: bytes) -> None:
        message = "unforeseen"
        raise RuntimeError(message)

    with monkeypatch.context() as patched:
        patched.setattr(source, "_map", fail)
        answer = await sender.deliver(sender.review())
        assert (answer.status, answer.body) == (500, b"")
    waiting = asyncio.create_task(sender.deliver(sender.review()))
    await arrived(source)
    waiting.cancel()


async def test_a_taken_port_says_by_whom_and_is_had_once_it_is_free(tmp_path: Path) -> None:
    place = f"127.0.0.1:{free_port()}"
    first, sender = make(tmp_path, place=place)
    second, _ = make(tmp_path, place=place)
    await first.fetch(None)
    with pytest.raises(NetworkError, match="in use by another Earnest") as caught:
        await second.fetch(None)
    assert place in caught.value.message
    await first.close()
    await second.fetch(None)
    assert (await sender.post(b"")).status == 401
    await second.close()
    other = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", int(place.split(":")[1]))
    with pytest.raises(NetworkError, match="another program"):
        await second.fetch(None)
    other.close()


async def test_a_socket_is_not_taken_from_whoever_listens_and_a_dead_one_is_cleared_away(tmp_path: Path) -> None:
    first, sender = make(tmp_path)
    second, _ = make(tmp_path)
    await first.fetch(None)
    with pytest.raises(NetworkError, match="another Earnest"):
        await second.fetch(None)
    assert (await sender.post(b"")).status == 401
    await first.close()
    left = socket.socket(socket.AF_UNIX)
    left.bind(sender.place.removeprefix("unix:"))
    left.close()
    await second.fetch(None)
    assert (await sender.post(b"")).status == 401
    assert _mode(sender) == 0o660
    await second.close()
    _write(sender, "somebody's notes")
    with pytest.raises(NetworkError, match="program or file"):
        await second.fetch(None)
    assert sender.door_is_there()


def _mode(sender: Sender) -> int:
    return Path(sender.place.removeprefix("unix:")).stat().st_mode & 0o777


def _write(sender: Sender, words: str) -> None:
    Path(sender.place.removeprefix("unix:")).write_text(words, encoding="utf-8")


@pytest.mark.parametrize("place", ["unix:/nowhere/at/all.sock", "127.0.0.1:1"])
async def test_a_place_that_cannot_be_had_is_said_in_words(tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_arguments: object, **_more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_server", refuse)
    source, _ = make(tmp_path, place=place)
    with pytest.raises(NetworkError, match="cannot listen at") as caught:
        await source.fetch(None)
    assert place in caught.value.message


def certificate(folder: Path) -> dict[str, str]:
    files = {"certificate": str(folder / "cert.pem"), "key": str(folder / "key.pem")}
    openssl = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run(
        [*openssl, "-subj", "/CN=localhost", "-keyout", files["key"], "-out", files["certificate"]], check=True, capture_output=True
    )
    return files


async def test_with_a_certificate_it_speaks_tls_only(tmp_path: Path) -> None:
    place = f"127.0.0.1:{free_port()}"
    source, sender = make(tmp_path, place=place, tls=certificate(tmp_path))
    await source.fetch(None)
    trust = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    reader, writer = await asyncio.open_connection("127.0.0.1", int(place.split(":")[1]), ssl=trust, server_hostname="localhost")
    writer.write(b"POST /reviews HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
    assert status(await reader.read()) == 401
    writer.close()
    assert (await source.invite()).there == "earnest"
    assert status(await knock(sender, b"POST /reviews HTTP/1.1\r\nHost: localhost\r\n\r\n")) == 0
    await source.close()
    broken, _ = make(tmp_path, place=place, tls={"certificate": str(tmp_path / "key.pem"), "key": str(tmp_path / "none.pem")})
    with pytest.raises(NetworkError, match="certificate of"):
        await broken.fetch(None)


async def test_an_open_address_is_never_opened_without_a_certificate(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs `tls`"):
        make(tmp_path, place="0.0.0.0:8470", hosts=["hooks.acme.example"])

    async def never(_ring: Ring) -> Reply:
        return Reply(200)

    place = Place(host="0.0.0.0", port=free_port())  # noqa: S104
    with pytest.raises(UsageError, match="no certificate"):
        await Doorbells().open(place, "/x", Door(never, frozenset()))
    assert await who_sits_at(place) == "nobody"
