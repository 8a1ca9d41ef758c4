"""What `earnest sources preview` and `earnest rules check` say about queries and keywords."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from responders.house import open_store
from tests.program import Program
from tests.servers.hackernews import FakeHackerNews

RULES = """version: 1
brands:
  acme:
    names: [Acme, Zenith]
    queries: ["boots NEAR/2 (late OR refund)"]
    ignore: {{phrases: [acme cartoon]}}
sources:
  hackernews: {{{options} service: "{url}"}}
routes:
  - {{name: rest, when: always, examples: [{{post: acme}}]}}
"""


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeHackerNews]:
    """A search that answers while the program runs: it has a thread and a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    fake = FakeHackerNews()
    asyncio.run_coroutine_threadsafe(fake.__aenter__(), loop).result()
    fake.say("tom", "The Acme Cartoon is on")
    fake.say("tom", "my boots came late")
    fake.say("tom", "boots are cheap, and so I was never late")
    yield fake
    asyncio.run_coroutine_threadsafe(fake.__aexit__(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def program(tmp_path: Path, fake: FakeHackerNews) -> Program:
    url = f"sqlite:///{tmp_path}/fresh.db"
    open_store(url, create=True).close()
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.format(options="", url=fake.url), encoding="utf-8")
    return Program(url, rules, {"EARNEST_ALLOW_HOSTS": fake.host, "EARNEST_HOME": str(tmp_path)})


def test_preview_says_what_is_asked_what_counts_and_which_words_are_idle(program: Program) -> None:
    ran = program("sources", "preview", "hackernews")
    assert ran.code == 0
    assert "asks   boots late\n       judged here: boots NEAR/2 (late OR refund)" in ran.out
    assert "query boots … late" in ran.out
    assert "never late" not in ran.out
    assert "acme: name Acme found only what ignore leaves alone" in ran.out
    assert "acme: name Zenith found nothing in this look" in ran.out
    assert "NEAR/2 (late OR refund) found" not in ran.out
    assert "1 of 3 posts would count" in ran.err


def test_preview_tells_scripts_the_same(program: Program) -> None:
    found = program("sources", "preview", "hackernews", "--json").objects
    assert [one["asks"] for one in found if "asks" in one] == ["Acme", "Zenith", "boots late", "boots refund"]
    assert {one["keyword"]: one["found"] for one in found if "keyword" in one} == {"Acme": 1, "Zenith": 0}
    assert [one["because"] for one in found if "because" in one] == [[{"ground": "query", "text": "boots … late"}]]


def test_a_query_is_tried_before_it_is_written_down(program: Program) -> None:
    before = program.rules.read_bytes()
    ran = program("sources", "preview", "hackernews", "--query", "boots cheap")
    assert "asks   boots cheap" in ran.out
    assert "query boots … cheap" in ran.out
    assert program.rules.read_bytes() == before
    wrong = program("sources", "preview", "hackernews", "--query", "boots (cheap")
    assert wrong.code == 2
    assert 'from character 7 on: this "(" is never closed' in wrong.err
    assert "belongs to X" in program("sources", "preview", "hackernews", "--query", "boots lang:en").err


def test_a_word_that_stands_everywhere_is_named(program: Program, fake: FakeHackerNews) -> None:
    text = RULES.format(options='query: "boots",', url=fake.url).replace("Zenith]", "Boots]")
    for _ in range(10):
        fake.say("zoe", "so many boots")
    program.rules.write_text(text, encoding="utf-8")
    assert "name Boots stands in every post of this look" in program("sources", "preview", "hackernews").out


def test_explain_names_the_query_and_its_words(program: Program) -> None:
    assert 'because of query "refund … boots"' in program("explain", "--post", "a refund for boots please").out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ('query: "boots (late",', '8:30: "query": this "(" is never closed'),
        ("query: boots lang:en,", '8:29: "query": "lang:" belongs to X; Hacker News does not know it'),
        ("query: boots -boots,", '8:30: "query": this can never match'),
    ],
)
def test_a_sources_query_is_checked_where_it_stands(program: Program, options: str, told: str) -> None:
    program.rules.write_text(RULES.format(options=options, url="https://x.example"), encoding="utf-8")
    ran = program("rules", "check")
    assert told in ran.out + ran.err
