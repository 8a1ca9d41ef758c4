"""Edits and deletions on a Mastodon-like town over real HTTP, as the daemon learns of them: by reading known posts once more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.program import Program
from tests.servers.proxy import GATEWAY_TIMEOUT, Proxy
from tests.servers.town import Town, token
from tests.stores import make_rules
from tests.street import Street

CHARGE = "@acme you charged me twice and support ignores me"


@pytest.fixture
async def street(tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Street]:
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_READ", token("acme"))
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_WRITE", token("acme"))
    made = Street(tmp_path, {"mastodon": {"instance": f"http://{proxy.host}"}})
    yield made
    made.close()


def case_state(street: Street) -> object:
    row = street.store.read().one("SELECT state FROM cases WHERE id = 1")
    return row["state"] if row else None


async def test_a_draft_whose_post_is_deleted_is_dropped_without_anybody_sending_it(street: Street, town: Town, tmp_path: Path) -> None:
    status = await town.write("marta", CHARGE)
    await street.round()
    assert street.draft()["state"] == "waiting"
    await town.delete("marta", str(status["id"]))
    await street.later(minutes=11)
    assert (street.draft()["state"], street.draft()["public_text"], case_state(street)) == ("dropped", None, "closed")
    told = Program(street.url, make_rules(tmp_path), {})("show", "A-1").out
    assert "deleted by its author" in told
    assert "charged" not in told


async def test_a_network_that_cannot_be_asked_deletes_nothing(street: Street, town: Town, proxy: Proxy) -> None:
    status = await town.write("marta", CHARGE)
    await street.round()
    await town.delete("marta", str(status["id"]))
    proxy.always("GET", "/api/v1/statuses", GATEWAY_TIMEOUT)
    await street.later(minutes=11)
    assert (street.draft()["state"], case_state(street)) == ("waiting", "waiting")
    proxy.honest()
    await street.later(minutes=11)
    assert (street.draft()["state"], case_state(street)) == ("dropped", "closed")


async def test_an_edit_that_no_list_tells_of_is_heard(street: Street, town: Town) -> None:
    status = await town.write("marta", "@acme hello there, one thing")
    await street.round()
    street.desk().approve("A-1")
    await town.edit("marta", str(status["id"]), "@acme my charger burned my hand")
    await street.later(minutes=11)
    assert await town.answers(str(status["id"])) == []
    assert case_state(street) == "waiting"
    row = street.store.read().one("SELECT team FROM escalations")
    assert row is not None
    assert row["team"] == "on-call"


async def test_an_answer_that_found_its_post_gone_has_it_looked_at_at_once(street: Street, town: Town) -> None:
    status = await town.write("marta", "@acme hello there, one thing")
    await street.round()
    street.desk().approve("A-1")
    await town.delete("marta", str(status["id"]))
    await street.later(seconds=11)
    assert street.states() == [("public", "held")]
    await street.later(seconds=1)
    assert (street.states(), street.draft()["state"], case_state(street)) == ([], "dropped", "closed")
