"""Two brands' daemons that hear each other on one town for a whole day, both allowed to answer by themselves: they do not talk for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.proxy import Proxy, changed
from tests.servers.town import Town, token
from tests.street import Street

ANSWERS_ALL = [{"name": "all", "when": "always", "reply": "hello", "approval": "none"}]
WIDE_OPEN = {"limits": {"per_thread": 1_000, "per_author": "1000/1d", "per_hour": 1_000}, "pause_when": []}
ACCOUNTS = ("acme", "marta")
HOURS = 24
MARKED = changed(lambda told: {**told, "bot": True})


@pytest.fixture
def town() -> Iterator[Town]:
    with Town() as town:
        yield town


class Pair:
    """Two streets on one town; each has the keys of its own account only while it works."""

    def __init__(self, folder: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, boundaries: dict[str, object]) -> None:
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        # Each is told that its own account is marked as a bot, which it needs to answer by itself. Nobody else sees a mark: a marked
        # account would not be answered unasked, and there would be nothing to stop.
        proxy.always("GET", "/api/v1/accounts/verify_credentials", MARKED)
        self.streets = {}
        for name in ACCOUNTS:
            (folder / name).mkdir()
            brands = {name: {"names": [name.title()], "handles": {"mastodon": name}}}
            sources: dict[str, dict[str, object]] = {"mastodon": {"instance": f"http://{proxy.host}"}}
            changes = {"mode": "send", "brands": brands, "routes": ANSWERS_ALL, "boundaries": boundaries}
            self.streets[name] = Street(folder / name, sources, **changes)

    async def round(self, **later: float) -> None:
        for name, street in self.streets.items():
            self._monkeypatch.setenv("EARNEST_SECRET_MASTODON_READ", token(name))
            self._monkeypatch.setenv("EARNEST_SECRET_MASTODON_WRITE", token(name))
            await street.later(**later)

    def close(self) -> None:
        for street in self.streets.values():
            street.close()


@pytest.mark.parametrize("boundaries", [{}, WIDE_OPEN], ids=["as it comes", "with every limit lifted"])
async def test_two_that_answer_by_themselves_say_at_most_one_thing_each(
    tmp_path: Path, town: Town, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, boundaries: dict[str, object]
) -> None:
    pair = Pair(tmp_path, proxy, monkeypatch, boundaries)
    try:
        await pair.round(seconds=1)  # what stood there before is not answered
        await town.write("acme", "@marta hello there, one thing")
        for _ in range(HOURS):
            await pair.round(seconds=15)
            await pair.round(minutes=59, seconds=45)
    finally:
        pair.close()
    said = {name: len([one for one in await _statuses(town, name) if one["in_reply_to_id"]]) for name in ACCOUNTS}
    assert said["marta"] == 1, "she answers the first word"
    assert said["acme"] <= 1, said


async def _statuses(town: Town, name: str) -> list[dict[str, object]]:
    account = await town.ask("GET", f"/api/v1/accounts/lookup?acct={name}")
    return await town.page(f"/api/v1/accounts/{account['id']}/statuses?limit=40", by=name)
