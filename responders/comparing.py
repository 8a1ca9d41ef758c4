"""What two rulebooks made of the same past, side by side: which mentions would change, what would be sent, who would be answered. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from responders.replaying import Again, Key, Story, Told, Words

UNHEARD = "(not heard)"
"""Where a mention goes that one of two rulebooks does not count as one."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A mention that takes another route."""

    case: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A person who would get words from one rulebook, or whose draft it would make, with the first of these words."""

    network: str
    handle: str
    case: str
    route: str
    public: str | None
    private: str | None
    sent: bool

    def to_json(self) -> dict[str, object]:
        """Return what `rules replay --json` prints of it."""
        return {
            "network": self.network,
            "author": self.handle,
            "case": self.case,
            "route": self.route,
            "public": self.public,
            "private": self.private,
            "sent": self.sent,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs between what stands (`before`) and what is tried (`after`); the same story twice differs in nothing."""

    mentions: int
    changed: tuple[Changed, ...]
    would_send: int
    would_send_before: int
    newly: tuple[Answered, ...]
    no_longer: tuple[Answered, ...]
    answered: tuple[Answered, ...]
    again: tuple[Again, ...]
    stops: tuple[tuple[str, str], ...]
    deleted: int
    held_by: tuple[tuple[str, int], ...]
    shadows: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    leaving: tuple[Answered, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the object that `rules replay --json` prints."""
        return {
            "mentions": self.mentions,
            "changed": [{"case": one.case, "from": one.before, "to": one.after} for one in self.changed],
            "would_send": self.would_send,
            "would_send_before": self.would_send_before,
            "newly_answered": [one.to_json() for one in self.newly],
            "no_longer_answered": [one.to_json() for one in self.no_longer],
            "newly_sent": [one.to_json() for one in self.leaving],
            "answered": len(self.answered),
            "again": [{"case": one.case, "verdict": one.verdict, "reason": one.reason} for one in self.again],
            "brakes": [{"at": at, "reason": reason} for at, reason in self.stops],
            "held_by": dict(self.held_by),
            "deleted": self.deleted,
            "shadows": {route: dict(ways) for route, ways in self.shadows},
        }

    def summary(self, *, compared: bool) -> str:
        """Say it in a few sentences; `compared` is false where there was nothing to compare with."""
        said = [f"{self.mentions:,} mention{'' if self.mentions == 1 else 's'}."]
        if compared:
            ways = Counter((one.before, one.after) for one in self.changed)
            told = ", ".join(f"{n:,} {before} -> {after}" for (before, after), n in ways.most_common())
            said.append(f"{len(self.changed):,} would change{': ' + told if told else ''}.")
            said.append(f"{self.would_send:,} would be sent by themselves (before: {self.would_send_before:,}).")
            more = "more person" if len(self.newly) == 1 else "more people"
            said.append(f"{len(self.newly):,} {more} would be answered, {len(self.no_longer):,} fewer: --verbose shows them.")
        else:
            said.append(f"{self.would_send:,} would be sent by themselves.")
            people = "person" if len(self.answered) == 1 else "people"
            said.append(f"{len(self.answered):,} {people} would be answered: --verbose shows them.")
        return " ".join(said)

    def asides(self) -> Iterator[str]:
        """Say what else is worth knowing, a sentence each."""
        verdicts = Counter(one.verdict for one in self.again)
        if rejected := verdicts["rejected"]:
            reasons = Counter(one.reason for one in self.again if one.verdict == "rejected")
            told = ", ".join(f"{n} {reason}" for reason, n in reasons.most_common())
            yield f"{rejected:,} of these drafts a person has rejected before, in these very words: {told}."
        if edited := verdicts["edited"]:
            yield f"{edited:,} of these drafts a person has changed before they let them go."
        for route, ways in self.shadows:
            told = ", ".join(f"{n:,} from {live}" for live, n in ways)
            yield f"{route} (shadow) would have taken {sum(n for _, n in ways):,}: {told}."
        for at, reason in self.stops:
            yield f"{at[:16].replace('T', ' ')} UTC: {reason.partition('. Look')[0]}; nothing would leave by itself until somebody resumes."
        if self.deleted:
            yield f"{self.deleted:,} more were deleted by their authors since; of these no words are left to judge."


def compare(after: Story, before: Story | None) -> Difference:
    """Return what differs between the story of rules that are tried and of those that stand; without the latter, nothing differs."""
    base = before or after
    keys = [*base.mentions, *(key for key in after.mentions if key not in base.mentions)]
    now, then = _answered(after), _answered(base)
    return Difference(
        mentions=len(keys),
        changed=tuple(_changed(keys, base, after)),
        would_send=after.sent,
        would_send_before=base.sent,
        newly=tuple(one for who, one in now.items() if who not in then),
        no_longer=tuple(one for who, one in then.items() if who not in now),
        answered=tuple(now.values()),
        again=after.again,
        stops=after.stops,
        deleted=after.deleted,
        held_by=tuple(sorted(Counter(gate for told in after.mentions.values() if told.words for gate in told.held_by).items())),
        shadows=_shadows(after),
        leaving=tuple(_leaving(after, before)),
    )


def _shadows(story: Story) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
    """Return of each shadow route from which live routes it would have taken how many."""
    ways: dict[str, Counter[str]] = {}
    for told in story.mentions.values():
        for shadow in told.shadows:
            ways.setdefault(shadow, Counter())[told.route] += 1
    return tuple((route, tuple(counted.most_common())) for route, counted in ways.items())


def _changed(keys: list[Key], before: Story, after: Story) -> Iterator[Changed]:
    for key in keys:
        old, new = before.mentions.get(key), after.mentions.get(key)
        routes = (old.route if old else UNHEARD, new.route if new else UNHEARD)
        known = old or new
        if known and routes[0] != routes[1]:
            yield Changed(known.case, *routes)


def _leaving(after: Story, before: Story | None) -> Iterator[Answered]:
    """Yield the answers that would leave by themselves, and did not by what stands (all of them, where nothing stands)."""
    for key, told in after.mentions.items():
        old = before.mentions.get(key) if before else None
        if told.sent and told.words and not (old and old.sent):
            yield _answer(key[0], told, told.words[-1])


def _answered(story: Story) -> dict[tuple[str, str], Answered]:
    """Return whom a story would answer, by network and account, each with the first words they would get."""
    found: dict[tuple[str, str], Answered] = {}
    for (network, _, _), told in story.mentions.items():
        if told.words and any(told.words[0]):
            found.setdefault((network, told.author), _answer(network, told, told.words[0]))
    return found


def _answer(network: str, told: Told, words: Words) -> Answered:
    public, private = words
    return Answered(network, told.handle, told.case, told.route, public, private, told.sent)
