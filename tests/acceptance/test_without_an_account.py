"""The first hour of somebody without any account: the rules as they come, no key at all, and four networks that are heard."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.running import end, until
from tests.servers.gate import Gate
from tests.servers.hackernews import FakeHackerNews
from tests.servers.jetstream import Jetstream
from tests.servers.newsstand import Newsstand
from tests.servers.town import Town
from tests.terminal import EARNEST, Terminal

SHIPPED = (Path(__file__).parents[2] / "rules.yaml").read_text(encoding="utf-8")
SOURCES = {"bluesky-public", "mastodon", "hackernews", "feeds"}


def keyless(folder: Path, *hosts: str) -> dict[str, str]:
    """Return an environment without any secret, in which only these hosts of this machine may be reached."""
    secret = re.compile("EARNEST_|CREDENTIALS_DIRECTORY$|.*_proxy$", re.IGNORECASE)
    plain = {name: value for name, value in os.environ.items() if not secret.match(name)}
    return {**plain, "EARNEST_ALLOW_HOSTS": ",".join(hosts), "EARNEST_STORE": f"sqlite:///{folder}/earnest.db"}


def moved(rules: str, *places: tuple[str, str]) -> str:
    for here, there in places:
        assert rules.count(here) == 1, here
        rules = rules.replace(here, there)
    return rules


async def objects(folder: Path, environment: dict[str, str], *words: str) -> list[Any]:
    process = await asyncio.create_subprocess_exec(EARNEST, *words, "--json", cwd=folder, env=environment, stdin=DEVNULL, stdout=PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0, words
    return [json.loads(line) for line in out.decode().splitlines()]


async def test_the_rules_as_they_come_hear_four_networks_without_any_key(tmp_path: Path) -> None:
    with Town() as town:
        async with Jetstream() as stream, FakeHackerNews() as search, Newsstand() as stand:
            rules = moved(
                SHIPPED,
                ("    stream: public\n", f"    stream: public\n    jetstream: {stream.url}\n    appview: http://{stream.host}\n"),
                ("instance: mastodon.social\n", f"instance: {town.url}\n"),
                ("    query: '\"acme shoes\"'", f"    service: {search.url}\n    query: '\"acme shoes\"'"),
                ("https://www.cpsc.gov/Newsroom/CPSC-RSS-Feed/Recalls-RSS", f"{stand.url}/rss"),
            )
            (tmp_path / "rules.yaml").write_text(rules, encoding="utf-8")
            await stream.say(stream.account("alice.test"), "Acme charged me twice and nobody answers")
            await town.write("marta", "my soles came off after two weeks, nobody answers #acmefail")
            search.say("pg", "My Acme shoes fell apart. Their support never answers.")
            stand.say("/rss", "Acme Shoes recalls chargers that may burn your hand")
            environment = keyless(tmp_path, stream.host, town.host, search.host, stand.host)
            daemon = await asyncio.create_subprocess_exec(
                EARNEST, "run", cwd=tmp_path, env=environment, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
            )
            try:
                await until(lambda: heard(tmp_path) == 4, "not all four were heard")
                (status,) = await objects(tmp_path, environment, "status")
                assert {one["name"]: one["state"] for one in status["sources"]} == dict.fromkeys(SOURCES, "listening")
                mentions = await objects(tmp_path, environment, "mentions")
                assert {one["network"] for one in mentions} == {"bluesky", "mastodon", "hackernews", "feeds"}
                inbox = await objects(tmp_path, environment, "inbox")
                assert {one["network"] for one in inbox} == {one["network"] for one in mentions}, "a person posts what they decide"
            finally:
                assert (await end(daemon))[0] == 0


def heard(folder: Path) -> int:
    """Count the mentions that were heard and decided."""
    if not (folder / "earnest.db").exists():
        return 0
    with closing(sqlite3.connect(folder / "earnest.db")) as connection:
        try:
            return int(connection.execute("SELECT COUNT(DISTINCT network) FROM mentions WHERE decided = 1").fetchone()[0])
        except sqlite3.OperationalError:
            return 0  # its tables are being made


DEAF = """\
version: 1
brands: {acme: {names: [Acme]}}
sources:
  mastodon: {instance: nobody.invalid, tags: [acme], every: 1s}
  feeds: {urls: ["http://GATE/rss"], every: 1s}
routes: [{name: all, when: always, examples: [{post: Acme is here}]}]
"""


async def test_without_internet_it_says_so_once_keeps_trying_and_says_when_it_is_back(tmp_path: Path) -> None:
    async with Newsstand() as stand, Gate() as gate:
        stand.say("/rss", "Acme is here")
        (tmp_path / "rules.yaml").write_text(DEAF.replace("GATE", gate.host), encoding="utf-8")
        environment = keyless(tmp_path, gate.host)
        screen = Terminal("run", cwd=tmp_path, columns=300, lines=40, **environment)
        try:
            for said in ("mastodon is not heard, and Earnest keeps trying", "feeds is not heard, and Earnest keeps trying"):
                await asyncio.to_thread(screen.sees, said, "Is this machine on the internet?")
            await until(lambda: len(polled(tmp_path)) == 2, "both were never tried")
            (status,) = await objects(tmp_path, environment, "status")
            assert {one["state"] for one in status["sources"]} == {"unreachable"}
            before = polled(tmp_path)
            await until(lambda: not set(before) & set(polled(tmp_path)), "it did not go on trying")
            await gate.open(stand.url.removeprefix("http://"))
            await asyncio.to_thread(screen.sees, "feeds is heard again", "Acme is here")
            assert screen.raw.count("Earnest keeps trying") == 2
            (status,) = await objects(tmp_path, environment, "status")
            assert {one["name"]: one["state"] for one in status["sources"]} == {"feeds": "listening", "mastodon": "unreachable"}
            screen.press("\x03")
            await asyncio.to_thread(screen.sees, "Stopped.")
        finally:
            screen.close()


def polled(folder: Path) -> list[tuple[str, str]]:
    if not (folder / "earnest.db").exists():
        return []
    with closing(sqlite3.connect(folder / "earnest.db")) as connection:
        try:
            return connection.execute("SELECT name, polled_at FROM sources").fetchall()
        except sqlite3.OperationalError:
            return []
