"""In a storm only what is critical is decided while hearing is behind, and now and then a little of the rest."""

from __future__ import annotations

from responders.sharing import EVERY, Share


def test_who_is_not_behind_decides_everything() -> None:
    share = Share(lambda: False)
    assert not any(share.critical_only(now / 10) for now in range(100))


def test_while_hearing_is_behind_the_rest_has_one_round_a_second() -> None:
    share = Share(lambda: True)
    whole = [now for now in range(100) if not share.critical_only(now * EVERY / 10)]
    assert whole == [*range(0, 100, 10)]


def test_when_all_is_heard_the_rest_is_decided_at_once() -> None:
    behind = [True]
    share = Share(lambda: bool(behind))
    assert [share.critical_only(now) for now in (0.0, 0.1)] == [False, True]
    behind.clear()
    assert not share.critical_only(0.2)
