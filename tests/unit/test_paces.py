"""How fast a network takes our posts is known without its channel, and is what its channel says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from responders.house import channel_kind, pace_of, speaking_networks


@pytest.mark.parametrize("network", speaking_networks())
def test_what_is_told_without_the_channel_is_what_the_channel_says(network: str) -> None:
    kind = channel_kind(network)
    assert kind
    assert pace_of(network) == kind.pace


@pytest.mark.parametrize("network", ["hackernews", "nowhere", "a.b", ""])
def test_where_nobody_can_speak_there_is_none(network: str) -> None:
    assert pace_of(network) is None


@pytest.mark.parametrize("network", ["bluesky", "mastodon", "reddit", "x"])
def test_no_channel_is_imported_for_it(network: str) -> None:
    asked = f"import sys; from responders.house import pace_of; pace_of({network!r}); print('responders.channels.{network}' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
