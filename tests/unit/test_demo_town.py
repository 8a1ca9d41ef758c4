"""The demo's town: what is written there can be looked at where its address says."""

from __future__ import annotations

import tempfile
from pathlib import Path

import aiohttp
import pytest

from responders.demo import script
from responders.demo.town import Town
from responders.resources import find


async def test_the_address_of_a_post_leads_to_the_page_that_shows_it() -> None:
    told = script.read(find("data/demo.yaml"))
    town = Town(told)
    town.wake()
    try:
        post = await town.post(told.people[0], "hello town, the lamp hums")
        async with aiohttp.ClientSession() as session, session.get(f"{town.address}/api/v1/statuses/{post}") as answer:
            url = (await answer.json())["url"]
        async with aiohttp.ClientSession() as session, session.get(url) as page:
            assert page.status == 200
            assert page.url.path == f"/_ui/statuses/{post}"
    finally:
        town.sleep()


def test_nothing_of_the_town_is_left_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    town = Town(script.read(find("data/demo.yaml")))
    town.wake()
    town.sleep()
    assert list(tmp_path.iterdir()) == []
