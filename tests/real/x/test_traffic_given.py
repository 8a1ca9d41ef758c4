"""A run that checks nothing says so: without `X_TRAFFIC` every test here fails with what to do, and this one is all there is."""

from __future__ import annotations

from tests.real.x.traffic import description_file, recordings


def test_there_is_traffic_to_check_against() -> None:
    assert description_file().exists()
    assert recordings()
