"""How fast a mention is decided and answered once it is judged: routes, drafts and checked texts in a second of CPU time.

Usage: python bench/drafting.py [--mentions NUMBER] [--rules FILE]

Makes mentions up (2,000 unless said otherwise), every one by another author and with a case of its own, judges them by the repository's
rules.yaml, and prints one JSON line a figure. "First" is the very first draft of every template in a new process, "cold" drafts by rules
that were read just now, and "warm" drafts from templates that were used before. Nothing is stored and nothing is sent.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from listener.matching import Matcher
from listener.model import Author, Post
from listener.rules.rulebook import Route, Rulebook
from listener.scoring.assessor import Assessor
from responders import guard, rulefile
from responders.drafting.template import Drafter
from responders.house import channel_kind
from responders.model import Circumstances, Heard, Kind, Proposal
from responders.routing import Router

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TEXTS = (
    "@acme you charged me twice and support ignores me, order {n}",
    "@acme the app keeps crashing since update {n}, anybody there?",
    "Love the new shoes @acme, thank you so much! They\u2019re #{n} in my closet 😍",
    "@acme how do I return pair {n} that does not fit?",
    "Day {n} of waiting for an answer from @acme. Still nothing. This is the worst service that I have ever had to put up with",
    "Walked past the Acme shop in street {n} today",
    "@acme ich warte seit {n} Tagen auf mein Paket, wann kommt es endlich?",
    "@acme 靴の{n}番が壊れています。どうすればいいですか。",
)
ROUNDS = 5
MOST_CASES = 1_000_000

Work = Callable[[int], object]


def figure(name: str, value: float, unit: str, **more: object) -> None:
    """Print one figure."""
    print(json.dumps({"bench": "drafting", "figure": name, "value": round(value, 3), "unit": unit, **more}))


def made_up(book: Rulebook, number: int) -> list[Heard]:
    """Return mentions by as many authors, judged."""
    matcher, assessor = Matcher(book.brands), Assessor(book.scoring)
    posts = [_post(n) for n in range(number)]
    judged = assessor.assess_all([(post, ()) for post in posts])
    found = ((matcher.match(post), seen) for post, seen in zip(posts, judged, strict=True))
    return [Heard(mentions[0], seen) for mentions, seen in found if mentions]


def _post(n: int) -> Post:
    author = Author("mastodon", str(n), f"person{n}@town{n % 7}.example", display_name=f"Person No. {n}")
    return Post("mastodon", str(n), TEXTS[n % len(TEXTS)].format(n=n), author, NOW, str(n), mentions=("acme@mastodon.social",))


def draft(drafter: Drafter, routes: Sequence[Route], heard: Heard, case: int) -> list[Proposal]:
    """Draft by every one of these routes."""
    kind = channel_kind("mastodon")
    if kind is None:
        raise LookupError
    return [
        drafter.draft(
            heard,
            route,
            case=f"A-{case % MOST_CASES}",
            agent="Kim",
            brand_name="Acme",
            can_private=True,
            private_reason="",
            address=kind.address,
            limits=kind.limits,
            today=NOW.date(),
        )
        for route in routes
    ]


def cpu(work: Iterable[object]) -> float:
    """Return the seconds of CPU that work takes."""
    begun = time.process_time()
    for _ in work:
        pass
    return time.process_time() - begun


def best(work: Callable[[int], object], number: int) -> float:
    """Return how often a second something can be done: at the best of some rounds, since other programs only slow it down."""
    took = min(cpu(work(each) for each in range(number * one, number * (one + 1))) for one in range(ROUNDS))
    return number / took if took else float("inf")


def anew(many: Sequence[Heard], n: int) -> Heard:
    """Return a mention as if another person had written it."""
    heard = many[n % len(many)]
    author = replace(heard.mention.post.author, id=str(n), handle=f"someone{n}@town.example", display_name=f"Some One {n}")
    return replace(heard, mention=replace(heard.mention, post=replace(heard.mention.post, author=author)))


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description="How fast a judged mention is decided and answered.")
    arguments.add_argument("--mentions", type=int, default=2_000)
    arguments.add_argument("--rules", type=Path, default=ROOT / "rules.yaml")
    given = arguments.parse_args()
    book = rulefile.load(given.rules).model_copy(update={"mode": "send"})
    speaking = [route for route in book.routes if route.speaks]
    many = made_up(book, given.mentions)

    drafter = Drafter(book)
    took = cpu(draft(drafter, [route], anew(many, n), n) for n, route in enumerate(speaking))
    figure("first drafts of a process", took * 1_000 / len(speaking), "ms/draft")

    router, at = Router(book), Circumstances(now=NOW)
    for speed in ("cold", "warm"):
        drafters = [Drafter(book.model_copy()) for _ in range(20)] if speed == "cold" else [drafter]
        number = len(drafters) if speed == "cold" else given.mentions
        rate = best(lambda n, d=drafters: draft(d[n % len(d)], speaking, anew(many, n), n), number) * len(speaking)  # type: ignore[misc]
        figure(f"drafts, {speed}", rate, "/s", microseconds=round(1e6 / rate, 1))

    found = {heard.mention.post.id: router.decide(heard, at) for heard in many}
    rate = best(lambda n: router.decide(many[n % len(many)], at), given.mentions)
    figure("decisions", rate, "/s", microseconds=round(1e6 / rate, 1))
    rate = best(lambda n: router.route(many[n % len(many)], at), given.mentions)
    figure("routes", rate, "/s", microseconds=round(1e6 / rate, 1))

    taken = {route.name: [route] for route in speaking}
    heard_with = [(heard, taken.get(found[heard.mention.post.id].route, [])) for heard in many]
    work: Work = lambda n: draft(drafter, heard_with[n % len(many)][1], anew(many, n), n)  # noqa: E731
    rate = best(work, given.mentions)
    figure("mentions drafted as they were decided", rate, "/s", microseconds=round(1e6 / rate, 1))

    checked = partial(guard.check, kind=Kind.PUBLIC, book=book, today=NOW.date())
    text = "Sorry, that is not how it should be. I have opened A-{n}. What exactly goes wrong, and since when? ^Kim"
    posts = [anew(many, n).mention.post for n in range(given.mentions)]
    rate = best(lambda n: checked(f"@{(post := posts[n % len(posts)]).author.handle} {text.format(n=n)}", post=post), given.mentions)
    figure("texts checked", rate, "/s", microseconds=round(1e6 / rate, 1))


if __name__ == "__main__":
    main()
