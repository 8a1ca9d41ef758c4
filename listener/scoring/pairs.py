"""Emergencies told in two halves: "a transfer of 900. That was not me", "she is 82. The heating is off", "1 am, on the street, alone".

Calm people name no emergency, they tell what is the case. A half alone means little, so it is no finding; two that belong together and
stand near each other are one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from listener.scoring.lexicon import Place

_NEAR = 240  # characters between two halves
PAIRS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "signals.self_harm": (("despair", "farewell"),),
    "signals.safety": (
        ("fragile", "cold"),
        ("fumes", "unwell"),
        ("fragile", "hurt"),
        ("food", "sharp"),
        ("person_hurt", "harmed"),
        ("appliance", "burning_sign"),
        ("intruder", "at_door"),
    ),
    "signals.account": (("changed", "not_me"), ("opened", "not_me"), ("in_my_name", "opened")),
    "signals.losing_money": (("payment", "not_me"), ("taken", "over_again"), ("code_given", "gone_now")),
    "signals.stranded": (("fragile", "shut_in"), ("outside", "night"), ("alone", "outside"), ("nowhere", "stuck_state")),
    "signals.many": (("everyone", "cut_off"),),
}
_PAIRED = tuple((signal, f"marks.{one}", f"marks.{other}") for signal, pairs in PAIRS.items() for one, other in pairs)
HALVES = frozenset(half for _, *halves in _PAIRED for half in halves)
SAYS_LITTLE = HALVES | {"marks.informal"}  # short words that stand in texts of any language: they tell none


def paired(stands: Mapping[str, tuple[Place, ...]]) -> Mapping[str, tuple[Place, ...]]:
    """Return the findings with those that two halves give together; each half is among the words that show it."""
    if HALVES.isdisjoint(stands):
        return stands
    found = dict(stands)
    for signal, one, other in _PAIRED:
        if one in stands and other in stands and (both := _near(stands[one], stands[other])):
            found[signal] = (*found.get(signal, ()), *both)
    return found


def _near(some: Sequence[Place], others: Sequence[Place]) -> tuple[Place, ...]:
    """Return the first place of each side that stand near each other, or nothing."""
    for one in some:
        for other in others:
            if one != other and max(one.start, other.start) - min(one.end, other.end) <= _NEAR:
                return one, other
    return ()
