"""What a running daemon says in its terminal."""

from __future__ import annotations

import pytest

from listener.errors import RulesWrong
from responders.cli.telling import tell
from responders.rulefile import read_rehearsed

RULES = "version: 1\nbrands: {acme: {names: [Acme]}}\nroutes:\n  - name: rest\n    aproval: two-people\n    when: always\n"


def broken() -> RulesWrong:
    """Return what is told of a file with a misspelt key."""
    with pytest.raises(RulesWrong) as wrong:
        read_rehearsed(RULES, filename="rules.yaml")
    return wrong.value


def test_whoever_watches_the_daemon_sees_which_mistake_and_where() -> None:
    said = tell(broken(), 60)
    assert 'rules.yaml:5:5: "aproval" is not a setting here' in said
    assert said.endswith("earnest rules check, then earnest rules test")
    assert "\n" not in said
