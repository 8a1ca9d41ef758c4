"""The page on wiring anything in works as it is written: its rules are right, and its deliveries become posts."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from listener.matching import Matcher
from listener.model import Post
from listener.rules.checking import read_checked
from listener.sources._webhook_seals import HEADERS, Style
from listener.sources.base import Receiving, kind
from responders.surroundings import known

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "wire-anything-in.md").read_text(encoding="utf-8")
REVIEW, GITHUB = ("reviews", "github-issues")


def blocks(language: str) -> list[str]:
    return [dedent(found) for found in re.findall(rf"^ *```{language}\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)]


def whole(sources: str) -> str:
    return f"version: 1\nbrands: {{acme: {{names: [Acme]}}}}\n{sources}\nroutes: [{{name: all, when: always}}]\n"


def brought(name: str, changes: dict[str, object] | None = None) -> tuple[tuple[Post, ...], tuple[str, ...]]:
    at = (REVIEW, GITHUB).index(name)
    book = read_checked(whole(blocks("yaml")[at]), known=known())
    source = kind("webhook").make(name, book.sources[name].options, book)
    assert isinstance(source, Receiving)
    page = source.would_bring(json.dumps({**json.loads(blocks("json")[at]), **(changes or {})}).encode())
    assert all(Matcher(book.brands).match(post) for post in page.posts if not post.own)
    return page.posts, page.gone


def test_both_share_an_address() -> None:
    both = [yaml.safe_load(found)["sources"] for found in blocks("yaml")]
    assert read_checked(whole(f"sources: {json.dumps(both[0] | both[1])}"), known=known())


def test_the_review_becomes_a_post() -> None:
    ((post,), gone) = brought("reviews")
    assert (post.network, post.id, post.text) == ("reviewhub", "9007199254740993", "Never again\n\nAcme charged me twice")
    assert (post.author.handle, post.author.id, gone) == ("Marta K.", "c-77", ())
    assert post.created_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    assert brought("reviews", {"event": "review.removed"}) == ((), ("9007199254740993",))
    assert brought("reviews", {"event": "order.shipped"}) == ((), ())


def test_the_comment_becomes_a_post() -> None:
    ((post,), _) = brought("github-issues")
    assert (post.network, post.id, post.thread_id, post.version) == ("github-issues", "492700400", "444500041", "2026-09-21T09:00:00Z")
    assert (post.text, post.author.handle, post.own) == ("The Acme sole came off", "marta", False)
    assert brought("github-issues", {"action": "deleted"}) == ((), ("492700400",))
    comment = json.loads(blocks("json")[1])["comment"]
    ((ours,), _) = brought("github-issues", {"comment": {**comment, "user": {"login": "acme-care", "id": 583231}}})
    assert ours.own


@pytest.mark.parametrize("style", Style.__args__)  # type: ignore[attr-defined]
def test_every_style_is_explained(style: str) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert any(f"`{style}`" in row and HEADERS.get(style, "header").lower() in row.lower() for row in rows)


def test_every_answer_is_explained() -> None:
    code = "".join(
        (Path(__file__).parents[2] / "listener" / path).read_text(encoding="utf-8") for path in ("doorbell.py", "sources/webhook.py")
    )
    given = set(re.findall(r"\b(?:Reply|_refuse)\((\d{3})", code))
    assert given <= set(re.findall(r"\d{3}", "".join(line for line in PAGE.splitlines() if re.match(r"\| \d", line))))
