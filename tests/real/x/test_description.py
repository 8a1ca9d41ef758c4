"""The watch itself: what is not as X describes it is found, and what our code asks was seen."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from aiohttp import ClientSession

from tests.real.x.description import Description, Exchange
from tests.servers.x import TOKEN, FakeX
from tests.servers.x_forms import problem

MENTIONS, SEARCH, STREAM = "/2/users/1/mentions", "/2/tweets/search/recent", "/2/tweets/search/stream"
ASKED = "OAuth2UserToken"
USER = {"id": "1", "name": "n", "username": "u"}
REPLY = {"text": "hello", "reply": {"in_reply_to_tweet_id": "1"}}

Case = tuple[str, str, Mapping[str, str], object, str, int, object]
FINE: dict[str, Case] = {
    "mentions": ("GET", MENTIONS, {"max_results": "100", "post.fields": "created_at,lang"}, None, ASKED, 200, {"meta": {}}),
    "older names": ("GET", SEARCH, {"query": "a", "tweet.fields": "author_id,note_tweet"}, None, "BearerToken", 200, {"meta": {}}),
    "a reply": ("POST", "/2/tweets", {}, REPLY, "UserToken", 201, {"data": {"id": "1", "text": "hello"}}),
    "a stream": ("GET", STREAM, {"tweet.fields": "author_id"}, None, "BearerToken", 200, None),
    "refused keys": ("GET", "/2/users/me", {}, None, "BearerToken", 403, problem("No", "no", kind="unsupported-authentication")),
    "a partial answer": ("GET", "/2/users/me", {}, None, ASKED, 200, {"data": USER, "errors": [problem("No", "no")]}),
}
WRONG: dict[str, tuple[Case, str]] = {
    "address": (("GET", "/2/tweets/1/2/3", {}, None, ASKED, 200, {}), "no such address"),
    "method": (("PUT", "/2/tweets", {}, REPLY, ASKED, 200, {}), "no such address"),
    "parameter": (("GET", MENTIONS, {"next_token": "a"}, None, ASKED, 200, {}), "no parameter next_token"),
    "missing": (("GET", SEARCH, {}, None, ASKED, 200, {}), "needs query"),
    "bounds": (("GET", SEARCH, {"query": "a", "max_results": "101"}, None, ASKED, 200, {}), "max_results"),
    "no number": (("GET", SEARCH, {"query": "a", "max_results": "many"}, None, ASKED, 200, {}), "max_results"),
    "a word of a list": (("GET", MENTIONS, {"post.fields": "created_at,colour"}, None, ASKED, 200, {}), "colour"),
    "an older word": (("GET", SEARCH, {"query": "a", "tweet.fields": "colour"}, None, ASKED, 200, {}), "colour"),
    "an id": (("GET", "/2/tweets/abc", {}, None, ASKED, 200, {}), "id:"),
    "a body": (("POST", "/2/tweets", {}, {"words": "hello"}, ASKED, 201, {}), "words"),
    "a body too many": (("DELETE", "/2/tweets/1", {}, {}, ASKED, 200, {}), "no body"),
    "who asks": (("POST", "/2/tweets", {}, REPLY, "BearerToken", 201, {}), "lets in"),
    "status": (("POST", "/2/tweets", {}, REPLY, ASKED, 200, {}), "never answers 200"),
    "an answer's type": (("GET", "/2/users/me", {}, None, ASKED, 200, {"data": {**USER, "protected": "no"}}), "protected"),
    "an answer's name": (("GET", "/2/users/me", {}, None, ASKED, 200, {"data": {**USER, "colour": "red"}}), "colour"),
    "an answer's need": (("GET", "/2/users/me", {}, None, ASKED, 404, {"title": "a"}), "answer 404"),
    "a problem": (("GET", "/2/users/me", {}, None, ASKED, 400, problem("a", "b", kind="colourless")), "answer 400"),
    "a streamed line": (("GET", STREAM, {}, None, "BearerToken", 200, {"data": {"id": 7}}), "data.id"),
}


def found(description: Description, case: Case) -> list[str]:
    method, path, query, body, way_in, status, answer = case
    told = b"" if body is None else json.dumps(body).encode()
    return list(description.problems(Exchange(method, path, query, told, way_in, status, answer)))


@pytest.mark.parametrize("case", FINE)
def test_what_is_as_described_passes(description: Description, case: str) -> None:
    assert found(description, FINE[case]) == []


@pytest.mark.parametrize("case", WRONG)
def test_what_is_not_as_described_is_found(description: Description, case: str) -> None:
    wrong, words = WRONG[case]
    assert any(words in one for one in found(description, wrong)), found(description, wrong)


async def test_a_fake_is_watched(description: Description) -> None:
    async with FakeX() as fake, ClientSession() as session:
        for path in ("/2/users/me", "/2/users/me?colour=red"):
            async with session.get(fake.url + path, headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
                await answer.read()
    assert ("GET", "/2/users/me") in description.asked
    (finding,) = description.findings
    assert "colour" in finding
    description.findings.clear()
