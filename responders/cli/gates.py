"""The gates of one network for people and scripts: what it asks of programs, since when, where it stands, and whether we keep to it."""

from __future__ import annotations

from collections.abc import Iterator

from listener.text import one_line
from responders.policies import Outcome, PolicyGate, Reach, of_network

_WIDTH = 600  # columns of a gate with its source


def met(gate: PolicyGate, *, labelled: bool | None) -> tuple[bool | None, str]:
    """Return whether ours keeps to a gate (None: nobody can tell), and how."""
    if gate.outcome is Outcome.LABEL:
        words = {True: "our account has the label", False: "our account lacks the label", None: "the network does not tell"}
        return labelled, words[labelled]
    if gate.kept_by:
        return True, gate.kept_by
    return True, "asked before every draft, every approval and every answer"


def lines(network: str, *, speaks: bool, labelled: bool | None, remedy: str) -> Iterator[str]:
    """Yield the gates of a network, a line each; `remedy` says how our account gets its label."""
    for gate in _concerning(network, speaks=speaks):
        so, how = met(gate, labelled=labelled)
        state = {True: "met", False: "NOT met", None: "unknown"}[so]
        todo = f". {remedy}" if so is not True and remedy else ""
        yield one_line(f"gate   {gate.name} ({gate.outcome.words}): {gate.says} {state}: {how}{todo} [{gate.cited}]", _WIDTH)


def to_json(network: str, *, speaks: bool, labelled: bool | None) -> list[dict[str, object]]:
    """Return the gates of a network as `sources test --json` prints them."""
    return [_gate_json(gate, labelled) for gate in _concerning(network, speaks=speaks)]


def _gate_json(gate: PolicyGate, labelled: bool | None) -> dict[str, object]:  # noqa: FBT001  # a fact that may be unknown
    so, how = met(gate, labelled=labelled)
    return {
        "name": gate.name,
        "says": gate.says,
        "outcome": gate.outcome.words,
        "applies_to": [reach.value for reach in Reach if reach in gate.applies_to],
        "since": gate.since.isoformat(),
        "source": {"title": gate.source.title, "address": gate.source.address, "read": gate.source.read.isoformat()},
        "met": so,
        "how": how,
    }


def _concerning(network: str, *, speaks: bool) -> list[PolicyGate]:
    return [gate for gate in of_network(network) if gate.when != "no channel" or not speaks]
