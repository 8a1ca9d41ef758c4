"""What every source that can read single posts once more promises. A network's tests make a `Known` for it and inherit.

class TestMine(FollowingContract):
    @pytest.fixture
    async def known(self) -> AsyncIterator[Known]: ...
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from listener.errors import NetworkError, RateLimited, SignInNeeded
from listener.sources.base import Following, Looked, Source
from tests.contracts.test_source_contract import drain
from tests.servers.proxy import BROKEN, DEEP, EMPTY, GATEWAY_TIMEOUT, HTML, RESET, TRUNCATE, Fault, Proxy, answer, too_many


@dataclass
class Known:
    """A network with a source on it, which reads single posts at `read` through `proxy`.

    `say` publishes a post that the source hears and returns its id, `edit` gives it other words, `delete` deletes it. `nobody` are ids
    that could be a post's and are none's; `told_gone` says whether the network says so of them.
    """

    source: Source
    proxy: Proxy
    read: str
    say: Callable[[str], Awaitable[str]]
    edit: Callable[[str, str], Awaitable[object]]
    delete: Callable[[str], Awaitable[object]]
    nobody: str
    told_gone: bool = True

    @property
    def following(self) -> Following:
        assert isinstance(self.source, Following)
        return self.source


class FollowingContract:
    """Edits come with another version, deletions are told, and nothing is told that is not sure."""

    @pytest.fixture
    async def known(self) -> Known:
        pytest.fail("a source under contract brings a network of its own")

    async def test_what_is_unchanged_reads_as_it_was_heard(self, known: Known) -> None:
        said = await known.say("are you there?")
        (heard,), _ = await drain(known.source, None)
        looked = await known.following.look_again([said])
        assert [(post.id, post.version, post.text) for post in looked.posts] == [(heard.id, heard.version, heard.text)]
        assert looked.posts[0].author.id == heard.author.id
        assert looked.posts[0].created_at == heard.created_at
        assert looked.gone == ()

    async def test_an_edit_arrives_with_another_version(self, known: Known) -> None:
        said = await known.say("it is fine")
        (heard,), _ = await drain(known.source, None)
        await known.edit(said, "it is awful")
        (post,) = (await known.following.look_again([said])).posts
        assert post.id == heard.id
        assert post.text.endswith("it is awful")
        assert post.version != heard.version

    async def test_the_deleted_is_gone_and_the_others_are_there(self, known: Known) -> None:
        said = [await known.say(f"number {number}") for number in range(3)]
        await known.delete(said[1])
        looked = await known.following.look_again(said)
        assert looked.gone == (said[1],)
        assert [post.id for post in looked.posts] == [said[0], said[2]]

    async def test_what_is_no_id_stays_unsaid(self, known: Known) -> None:
        said = await known.say("here")
        looked = await known.following.look_again([said, "../../etc", known.nobody])
        assert [post.id for post in looked.posts] == [said]
        assert looked.gone == ((known.nobody,) if known.told_gone else ())

    async def test_more_than_fits_at_once_is_refused_before_anything_is_asked(self, known: Known) -> None:
        await drain(known.source, None)
        await known.proxy.stop()
        with pytest.raises(ValueError, match="at most"):
            await known.following.look_again([str(number) for number in range(known.following.most_at_once + 1)])

    @pytest.mark.parametrize("fault", [GATEWAY_TIMEOUT, RESET, TRUNCATE, HTML, EMPTY, BROKEN, DEEP], ids=lambda fault: fault.name)
    async def test_a_failure_deletes_nothing(self, known: Known, fault: Fault) -> None:
        said = await known.say("through the storm")
        await drain(known.source, None)
        known.proxy.always("GET", known.read, fault)
        assert await _gone(known, said) == ()
        known.proxy.honest()
        assert [post.id for post in (await known.following.look_again([said])).posts] == [said]

    @pytest.mark.parametrize("body", [None, 7, "text", {"a": 1}, [1], [None], [{"id": 5}], {"posts": [7]}, {"data": None}, True])
    async def test_nonsense_deletes_nothing(self, known: Known, body: object) -> None:
        said = await known.say("in plain words")
        await drain(known.source, None)
        known.proxy.always("GET", known.read, answer(200, body))
        assert await _gone(known, said) == ()

    @pytest.mark.parametrize("status", [401, 403, 500])
    async def test_a_refusal_deletes_nothing(self, known: Known, status: int) -> None:
        said = await known.say("behind a door")
        await drain(known.source, None)
        known.proxy.always("GET", known.read, answer(status, {"error": "no"}, forward=False))
        assert await _gone(known, said) == ()

    async def test_asked_to_wait_says_how_long(self, known: Known) -> None:
        said = await known.say("not so fast")
        await drain(known.source, None)
        known.proxy.always("GET", known.read, too_many({"Retry-After": "120"}))
        with pytest.raises(RateLimited) as caught:
            await known.following.look_again([said])
        assert caught.value.retry_after == 120


async def _gone(known: Known, said: str) -> tuple[str, ...]:
    try:
        looked: Looked = await known.following.look_again([said])
    except (NetworkError, SignInNeeded):
        return ()
    return looked.gone
