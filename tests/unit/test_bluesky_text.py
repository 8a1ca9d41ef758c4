"""How Bluesky counts, what it marks in a text, and how its record keys are made."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from responders.channels._bluesky_text import Tids, handles, limits, links
from responders.channels.bluesky import KIND
from responders.model import Kind

FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("text", "count"),
    [("abc", 3), (FAMILY, 1), ("e\u0301", 1), ("🇩🇪🇫🇷", 2), ("\r\n", 1), ("क्षि", 1), ("각", 1), ("👩🏽‍🚀!", 2)],
)
def test_characters_are_counted_as_people_do(text: str, count: int) -> None:
    assert limits(Kind.PUBLIC).count(text) == count


@pytest.mark.parametrize("text", ["x" * 300, "é" * 300, FAMILY * 120])
def test_what_fits_has_no_problem(text: str) -> None:
    assert KIND.limits(Kind.PUBLIC).problem(text) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [("x" * 301, "301 characters"), (FAMILY * 121, "3,025 bytes"), ("", "no text"), (" \n", "no text"), ("\ud83d", "half")],
)
def test_what_does_not_fit_is_said(text: str, said: str) -> None:
    assert said in limits(Kind.PUBLIC).problem(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://acme.test.", ["https://acme.test"]),
        ("(https://acme.test/a)", ["https://acme.test/a"]),
        ("https://acme.test/a_(b)", ["https://acme.test/a_(b)"]),
        ("https://a.test, http://b.test/?q=1!", ["https://a.test", "http://b.test/?q=1"]),
        ("https:// nothing, javascript:alert(1), acme.test", []),
    ],
)
def test_links_end_where_people_end_them(text: str, found: list[str]) -> None:
    assert [link.said for link in links(text)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@Alice.Test hi", ["alice.test"]),
        ("(@a.test) and @b.test.", ["a.test", "b.test"]),
        ("jo@acme.test @plain @a..b @a.1 @acme@mastodon.test", []),
    ],
)
def test_handles_are_seen_where_the_network_sees_them(text: str, found: list[str]) -> None:
    assert [handle.said for handle in handles(text)] == found


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_marked_is_what_stands_at_those_bytes(around: str) -> None:
    text = f"{around} https://acme.test/x {around} @alice.test"
    for mark in [*links(text), *handles(text)]:
        assert text.encode()[mark.start : mark.end].decode().lower().removeprefix("@") == mark.said.lower()


def test_keys_are_valid_different_and_in_order() -> None:
    made = [KIND.new_key() for _ in range(2_000)]
    assert made == sorted(set(made))
    assert all(re.fullmatch(r"[234567a-j][234567a-z]{12}", key) for key in made)


def test_keys_go_on_where_the_clock_is_set_back() -> None:
    tids = Tids()
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False):
        first = tids.next()
    with time_machine.travel(datetime(2026, 11, 20, 9, tzinfo=UTC), tick=False):
        assert tids.next() > first


def test_a_key_holds_the_time_it_was_made() -> None:
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False):
        key = Tids().next()
    value = 0
    for letter in key:
        value = value * 32 + "234567abcdefghijklmnopqrstuvwxyz".index(letter)
    assert datetime.fromtimestamp((value >> 10) / 1_000_000, UTC) == datetime(2026, 11, 20, 12, tzinfo=UTC)
