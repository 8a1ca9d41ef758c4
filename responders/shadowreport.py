"""What shadow routes would have done, beside what the live routes and people did with the same mentions. It only reads.

Counted is what a route did in the wording it has now: mentions decided while it said something else would tell of another route.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from listener.errors import EarnestError, RulesWrong
from listener.rules.rulebook import Route, Rulebook
from listener.store.base import Reader
from responders.ledger import rulebooks, shadows
from responders.ledger.cases import name_of
from responders.ledger.rulebooks import Kept
from responders.ledger.shadows import Matched
from responders.rulefile import load_text

OUTCOMES = ("approved", "edited", "rejected", "by hand", "by itself", "waiting", "lapsed")
"""What may have become of a live draft, in the order in which it is told."""


@dataclass(frozen=True, slots=True)
class OnTrial:
    """One shadow route: since when it stands as it does and in which version of the rules it came, and what it matched since.

    `still` is false where the route is no shadow route any more. `mentions` were decided meanwhile; `before` counts the matches of other
    wordings of it, which are not among `matched`.
    """

    route: Route
    still: bool
    since: datetime
    version: str
    mentions: int
    matched: tuple[Matched, ...]
    before: int

    @property
    def taken(self) -> tuple[Matched, ...]:
        """What it would have taken."""
        return tuple(one for one in self.matched if not one.shadow.above)

    @property
    def above(self) -> Mapping[str, int]:
        """What it matched and a live route above it took, by that route."""
        return _most(one.live for one in self.matched if one.shadow.above)

    @property
    def live(self) -> Mapping[str, int]:
        """Which live routes it would have taken mentions from."""
        return _most(one.live for one in self.taken)

    @property
    def outcomes(self) -> Mapping[str, int]:
        """What became of the drafts that the live routes made for what it would have taken."""
        found = Counter(one.outcome for one in self.taken)
        return {outcome: found[outcome] for outcome in OUTCOMES if found[outcome]}

    @property
    def reasons(self) -> Mapping[str, int]:
        """Why people rejected such drafts."""
        return _most(one.reason for one in self.taken if one.outcome == "rejected")

    def would(self, kind: str) -> Mapping[str, int]:
        """Return what it would have wanted: `escalate` and `team` by team, `draft` and `private` by template, where drafted unasked."""
        asked = [one.shadow for one in self.taken if one.shadow.drafts or kind in {"escalate", "team"}]
        return _most(action.removeprefix(f"{kind}:") for shadow in asked for action in shadow.actions if action.startswith(f"{kind}:"))

    @property
    def drafts(self) -> int:
        """For how many it would have made a draft, unasked."""
        return sum(one.shadow.drafts for one in self.taken)

    @property
    def sent(self) -> int:
        """How many answers the mode and the boundaries would have let leave by themselves."""
        return sum("send" in one.shadow.actions for one in self.taken)

    @property
    def held_by(self) -> Mapping[str, int]:
        """Which boundaries would have held an automatic answer back."""
        return _most(gate for one in self.taken for gate in one.shadow.held_by)

    def to_json(self, *, each: bool) -> dict[str, object]:
        """Return the object that `report shadow --json` prints; `each` adds every mention that it would have taken."""
        found: dict[str, object] = {
            "route": self.route.name,
            "shadow": self.still,
            "since": self.since.isoformat(),
            "version": self.version,
            "mentions": self.mentions,
            "would_take": len(self.taken),
            "from": dict(self.live),
            "drafts_of_these": dict(self.outcomes),
            "rejected_because": dict(self.reasons),
            "would": {kind: dict(self.would(kind)) for kind in ("escalate", "team", "draft", "private")},
            "would_draft": self.drafts,
            "would_send": self.sent,
            "approval": self.route.approval,
            "held_by": dict(self.held_by),
            "taken_above": dict(self.above),
            "of_other_wordings": self.before,
        }
        return found | ({"cases": [_case_json(one) for one in self.taken]} if each else {})


def _case_json(one: Matched) -> dict[str, object]:
    return {
        "case": name_of(one.case_id),
        "from": one.live,
        "because": one.shadow.because,
        "actions": list(one.shadow.actions),
        "held_by": list(one.shadow.held_by),
        "draft": one.outcome or None,
        "reason": one.reason or None,
    }


def _most(names: Iterator[str] | Sequence[str]) -> Mapping[str, int]:
    return dict(Counter(names).most_common())


def on_trial(reader: Reader, only: str | None = None, *, since: datetime | None = None) -> tuple[OnTrial, ...]:
    """Return what the shadow routes of the rules in force would have done, or the route called `only`, which may be none any more.

    Raises:
        EarnestError: no rules were in force here yet, or `only` never was a shadow route.
    """
    now = _in_force(reader)
    names = [route.name for route in now.routes if route.shadow]
    found = tuple(one for name in ([only] if only else names) if (one := _trial_of(reader, name, now, since)))
    if only and not found:
        message = f'"{only}" is no shadow route in the rules in force, and was none before'
        raise EarnestError(message, f"shadow routes are: {', '.join(names)}" if names else _NONE)
    return found


_NONE = 'none is there: put "shadow: true" on a route, and the daemon judges it beside the others'


def _in_force(reader: Reader) -> Rulebook:
    last = next(rulebooks.newest_first(reader), None)
    if last is None:
        message = "no rules have been in force here yet, so no route was judged"
        raise EarnestError(message, "start the daemon: earnest run")
    return load_text(last.words, f"the rules in force ({last.version})")


def _trial_of(reader: Reader, name: str, now: Rulebook, since: datetime | None) -> OnTrial | None:
    stood = _stood(reader, name)
    if stood is None:
        return None
    route, kept = stood
    versions = [one.version for one in kept]
    first = min(kept, key=lambda one: one.first_at)
    return OnTrial(
        route=route,
        still=any(one.name == name and one.shadow for one in now.routes),
        since=first.first_at,
        version=first.version,
        mentions=shadows.decided(reader, versions, since=since),
        matched=tuple(shadows.matched(reader, name, versions, since=since)),
        before=shadows.by_others(reader, name, versions, since=since),
    )


def _stood(reader: Reader, name: str) -> tuple[Route, list[Kept]] | None:
    """Return a shadow route as it stood last, and the versions of the rules in which it stood so without a break."""
    route, versions = None, []
    for kept in rulebooks.newest_first(reader):
        found = _shadow_in(kept, name)
        if route is None and found is not None:
            route = found
        if route is not None:
            if found is None or _wording(found) != _wording(route):
                break
            versions.append(kept)
    return None if route is None else (route, versions)


def _wording(route: Route) -> Route:
    return route.model_copy(update={"examples": ()})


def _shadow_in(kept: Kept, name: str) -> Route | None:
    try:
        book = load_text(kept.words, f"the rules {kept.version}")
    except RulesWrong:  # of an older language
        return None
    return next((route for route in book.routes if route.name == name and route.shadow), None)
