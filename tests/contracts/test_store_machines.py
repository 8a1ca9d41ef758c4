"""What a scrape tells of the machines that share a store on a server; a file has none to tell of."""

from __future__ import annotations

from pathlib import Path

import pytest

from listener.clock import now
from listener.progress import Progress
from listener.store.base import Store
from responders.house import open_store
from responders.ledger import machines
from responders.service.gauges import Gauges
from tests import keeping


def told(store: Store) -> dict[str, float]:
    gauges = Gauges(store, now, Progress(), lambda: True)
    return {sample.labels["part"]: sample.value for one in gauges.collect() if one.name == "earnest_machines" for sample in one.samples}


@pytest.mark.on_a_server
def test_a_part_that_no_machine_does_is_zero() -> None:
    store = open_store(keeping.server().make("machines_told"), create=True)
    for name, roles in (("a", ("listen", "send")), ("b", ("listen",))):
        store.write(lambda tx, name=name, roles=roles: machines.beat(tx, name, roles=roles, version="1", rules="r", mode="draft"))  # type: ignore[misc]
    assert told(store) == {"listen": 2, "think": 0, "send": 1}
    store.close()
    keeping.server().drop("machines_told")


def test_where_one_daemon_does_everything_nothing_is_told_of_machines(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/earnest.db", create=True)
    assert told(store) == {}
    store.close()
