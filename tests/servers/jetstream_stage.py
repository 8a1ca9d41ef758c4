"""A stage for hearing Bluesky's public stream: a small Jetstream, people on it, and a source that listens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from listener.bluesky_session import Options
from listener.model import Post
from listener.rules.rulebook import Brand, Route, Rulebook
from listener.sources._bluesky_stream import BlueskyStream
from listener.streaming import Limits
from tests.servers.jetstream import Jetstream

Listen = Callable[..., BlueskyStream]


def book(**brands: Brand) -> Rulebook:
    known = brands or {"acme": Brand(names=("Acme",), handles={"bluesky": "brand.test"}, hashtags=("acmefail",))}
    return Rulebook(version=1, brands=known, routes=(Route(name="all", when="always"),))


def options(stream: Jetstream) -> dict[str, object]:
    return {"stream": "public", "jetstream": stream.url, "appview": f"http://{stream.host}"}


@asynccontextmanager
async def listeners(stream: Jetstream) -> AsyncIterator[Listen]:
    """Give what makes sources, with other rules or limits where a test wants them, and close them all."""
    made: list[BlueskyStream] = []

    def listen(rules: Rulebook | None = None, **limits: float) -> BlueskyStream:
        wanted = Options.model_validate(options(stream))
        made.append(BlueskyStream("bluesky", wanted, rules or book(), limits=Limits(**limits)))  # type: ignore[arg-type]
        return made[-1]

    yield listen
    for source in made:
        await source.close()


def texts(posts: list[Post]) -> list[str]:
    return [post.text for post in posts]
