"""Every fake of X in this folder is watched, and each request and answer held against X's own description."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.x.description import Description
from tests.real.x.traffic import NOT_GIVEN, description_file, is_given
from tests.servers.x import FakeX


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Where nobody says where the traffic lies, the one test that says so is all there is."""
    if collection_path.suffix == ".py" and not is_given():
        return collection_path.name != "test_traffic_given.py"
    return None


@pytest.fixture(scope="session")
def description() -> Description:
    return Description.of(description_file())


@pytest.fixture(autouse=True)
def _watched(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not is_given():
        pytest.fail(NOT_GIVEN, pytrace=False)
    seen: Description = request.getfixturevalue("description")
    seen.findings.clear()
    monkeypatch.setattr(FakeX, "witness", seen.witness)
    yield
    assert not seen.findings
