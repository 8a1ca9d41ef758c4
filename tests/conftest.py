"""The town that many tests of Mastodon share: one for a whole file, and empty again for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import keeping
from tests.servers.town import Town


def pytest_configure(config: pytest.Config) -> None:
    """Where stores are kept on a server, a test may leave one open: its connections go when its database does."""
    if keeping.ON_POSTGRES:
        config.addinivalue_line("filterwarnings", "ignore:.*psycopg.Connection.*deleted while still open:ResourceWarning")


@pytest.fixture(autouse=keeping.ON_POSTGRES)
def _stores_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where stores are kept on a server, let go of a test's own when it has ended; what lies beside them lies in the test's folder."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
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
