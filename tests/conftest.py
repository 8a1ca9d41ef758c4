"""The town that many tests of Mastodon share: one for a whole file, and empty again for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import keeping
from tests.servers.town import Town


@pytest.fixture(autouse=keeping.ON_POSTGRES)
def _stores_gone() -> Iterator[None]:
    """Where stores are kept on a server, let go of a test's own when it has ended."""
    yield
    keeping.forget()


@pytest.fixture(scope="module")
def running_town() -> Iterator[Town]:
    with Town() as town:
        yield town


@pytest.fixture
async def town(running_town: Town) -> Town:
    await running_town.reset()
    return running_town
