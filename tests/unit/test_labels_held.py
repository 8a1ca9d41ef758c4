"""What leaves by itself waits where a network asks for a label and our account surely lacks it; the daemon looks when it signs in."""

from __future__ import annotations

from pathlib import Path

import pytest

from responders.ledger import places
from tests.mouth import ALONE, NETWORK, House


@pytest.mark.parametrize(("labelled", "sent"), [(False, 0), (None, 1), (True, 1)])
async def test_sending_by_itself_waits_for_the_label(tmp_path: Path, labelled: bool | None, sent: int) -> None:  # noqa: FBT001
    house = House(tmp_path, **ALONE)
    house.store.write(lambda tx: places.note_label(tx, NETWORK, labelled, at=house.clock()))
    await house.hear(house.post("p1", "@acme hello there, one thing"))
    (noted,) = await house.think()
    await house.speak(seconds=11)
    assert house.mouth.of("p1") == sent
    held = [hold.reason for hold in noted.decision.holds if hold.gate == "policy"]
    assert [reason.startswith("label the account: ") for reason in held] == [True] * (1 - sent)
    house.store.close()


async def test_a_label_that_is_taken_away_holds_what_is_about_to_leave(tmp_path: Path) -> None:
    house = House(tmp_path, **ALONE)
    await house.hear(house.post("p1", "@acme hello there, one thing"))
    await house.think()
    house.store.write(lambda tx: places.note_label(tx, NETWORK, False, at=house.clock()))
    await house.speak(seconds=11)
    assert (house.mouth.of("p1"), house.states()) == (0, ["held"])
    house.store.close()
