"""Words as Reddit shows them: what was approved is what a reader sees, whatever markdown would make of it."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from responders.channels._reddit_text import LIMITS, markdown


def read_back(words: str) -> list[str]:
    """The lines a reader sees, by a reader of markdown that is not ours."""
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown(words))
    assert not re.search(r"<(?!/?p>|br />)", page), page
    return lines(html.unescape(re.sub(r"<[^>]*>", "", page)))


def lines(words: str) -> list[str]:
    return [" ".join(line.split()) for line in words.split("\n") if line.strip()]


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="\\`*_{}[]()#+-.!:|&<>^~=\"'/1a2 \n\t;0x\u00e9", max_size=40))
@example("#1 is yours\n2026. It was\n* * *\n===\n---\n+ one\n> two")
@example("[x](https://acme.example) ![y](z) &amp; &#35; <b> ~~no~~ order_no_7_")
@example("a\n\n    code\n| a | b |\n| - | - |\n| 1 | 2 |")
def test_a_reader_sees_the_very_words(words: str) -> None:
    assert read_back(words) == lines(words)


@pytest.mark.parametrize("link", ["https://acme.example/a_b_c?d=1&e=2", "http://acme.example/~us/#top"])
def test_an_address_stays_whole(link: str) -> None:
    assert markdown(f"see_ ({link}).") == f"see\\_ ({link})."


def test_length_is_counted_as_it_leaves() -> None:
    assert LIMITS.count("a_b") == 4
    assert not LIMITS.problem("_" * 5_000)
    assert "2 more" in LIMITS.problem("_" * 5_001)
    assert LIMITS.problem(" \n")
