"""What stands between a street and its town: a proxy that forwards, and misbehaves on command."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.servers.proxy import Proxy
from tests.servers.town import Town


@pytest.fixture
async def proxy(town: Town) -> AsyncIterator[Proxy]:
    async with Proxy(town.url) as started:
        yield started
