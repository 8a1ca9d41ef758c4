"""How big a rules file may be: how long it takes to load, and to decide by, beside a small one.

Usage: python bench/rulebooks.py [--routes NUMBER] [--words NUMBER] [--write FILE]

Makes two files up, one of 10 routes and 100 words and a big one (500 routes and 5,000 words unless said otherwise), and prints one JSON
line a figure, in CPU time of this process. Words are spread over names of brands, ignored phrases, signals, conditions on the text, people
and what is never said; every route has an example. `--write` only puts the big file there.

"Loads" is from the bytes to rules that are checked, with everything made ready that decides by them; with and without the examples, which
the program rehearses too. "Decides" is what one mention takes from being heard to its stored decision, and, apart, finding its route.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from listener.matching import Matcher
from listener.model import Author, Page, Post
from listener.rules.checking import read_checked
from listener.rules.problems import Sheet
from listener.rules.reading import read
from listener.rules.rulebook import Rulebook
from listener.rules.tree import parse
from listener.scoring.assessor import Assessor
from responders.house import channel_kind
from responders.model import Circumstances, Heard
from responders.playing import Play
from responders.rehearsal import rehearse
from responders.routing import Router
from responders.surroundings import known

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
TEXTS = (
    "@acme the {word} arrived broken and support ignores me, order {n}",
    "@acme how do I return pair {n} that does not fit? It is the {word} one",
    "Love the new {word} shoes @acme, thank you so much! {n}",
    "Day {n} of waiting for an answer about {word} from @acme. Still nothing.",
    "Walked past the Acme shop in street {n} today",
)
HEAD = """version: 1
mode: draft
brands:
  acme:
    handles: {{mastodon: acme@mastodon.social, x: acme}}
    names: [{names}]
    hashtags: [acme]
    ignore: {{phrases: [{ignored}]}}
lists:
"""
SCORING = "scoring:\n  urgency:\n    signals:\n      other: {points: 5, words: [some other word]}\n"
STEP = """  - name: route-{number}
    when: {when}
    reply: reply-{reply}
    team: care
    examples: [{{post: '@acme about {word}, number {number}'}}]
"""
LAST = "  - name: everything-else\n    when: always\n    examples: [{post: 'Saw an Acme shop'}]\ntemplates:\n"
REPLY = """  reply-{number}:
    - "Sorry, that is not how it should be, number {number}. What happened? ^{{agent}}"
    - de: "Das tut mir leid, Nummer {number}. Was ist los? ^{{agent}}"
"""
SIGNALS = {1: True, 3: False}  # which of the kinds of condition ask for a signal, and whether for nothing else
ROUNDS = 3
MENTIONS = 400


def figure(name: str, value: float, unit: str, **more: object) -> None:
    """Print one figure."""
    print(json.dumps({"bench": "rulebooks", "figure": name, "value": round(value, 3), "unit": unit, **more}))


def made_up_words() -> Iterator[str]:
    """Yield words that no language has, each once."""
    for first in SYLLABLES:
        for second in SYLLABLES:
            for third in SYLLABLES:
                yield f"{third}{first}{second}x"


def conditions(number: int, signal: str, words: list[str], brand: str) -> str:
    """Return one of the kinds of condition that people write, in turn; it holds where a post has the first of the words."""
    text = f"[{', '.join(words)}]"
    return (
        f"{{text: {text}}}",
        f"{{signals: [{signal}]}}",
        f"{{text: {text}, network: [mastodon, x], visibility: [public, unlisted]}}",
        f"{{any: [{{text: {text}}}, {{signals: [{signal}], urgency: [critical]}}]}}",
        f"{{text: {text}, not: {{author: {{list: [list{number % 5}]}}}}}}",
        f"{{text: {text}, brand: [{brand}], addressed: true}}",
        f"{{text: {text}, not: {{intent: [spam], signals: [safety]}}}}",
        f"{{any: [{{text: {text}, author: {{followers: 1000}}}}, {{text: {text}, sarcasm: false}}]}}",
    )[number % 8]


def rules(routes: int, words: int) -> str:
    """Return a file of so many routes and words."""
    supply = islice(made_up_words(), words)

    def some(share: float) -> list[str]:
        return list(islice(supply, int(words * share)))

    lists, names, ignored, never = some(0.1), some(0.04), some(0.04), some(0.02)
    each = max((words - len(lists) - len(names) - len(ignored) - len(never)) // max(routes - 1, 1), 1)
    signals, steps = [], []
    for number in range(routes - 1):
        own, signal = list(islice(supply, each)), f"signal-{number}"
        wanted = own
        if number % 8 in SIGNALS:
            alone = SIGNALS[number % 8]
            wanted, found = (own, own) if alone else (own[:1], own[1:])
            signals.append(f"      {signal}: {{points: {5 + number % 20}, words: [{', '.join(found or own)}]}}\n")
        steps.append(STEP.format(number=number, when=conditions(number, signal, wanted, "acme"), reply=number % 40, word=own[0]))
    replies = [REPLY.format(number=number) for number in range(min(40, routes - 1))]
    return (
        HEAD.format(names=", ".join(["Acme", *names]), ignored=", ".join(ignored or ["nothing"]))
        + "".join(f"  list{n}: {{mastodon: [{', '.join(lists[n::5] or ['nobody'])}]}}\n" for n in range(5))
        + "".join([SCORING, *signals, "routes:\n", *steps, LAST, *replies])
        + f"teams:\n  care: {{members: [kim, sam]}}\nboundaries:\n  never_say: [{', '.join(never or ['never'])}]\n"
    )


def cpu(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the milliseconds of CPU that work takes: the middle of some rounds."""
    took = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        took.append((time.process_time() - begun) * 1_000)
    return median(took)


def ready(book: Rulebook) -> None:
    """Make everything that decides by a rulebook."""
    Assessor(book.scoring)
    Matcher(book.brands)
    Router(book)


def load(raw: bytes) -> Rulebook:
    """Load a file as the daemon does, but for its examples."""
    book = read_checked(raw, known=known())
    ready(book)
    return book


def post(number: int, text: str) -> Post:
    """Make a post of a text."""
    at = NOW + timedelta(seconds=number)
    return Post("mastodon", f"{number}", text, Author("mastodon", f"{number}", f"person{number}"), at, f"{number}", mentions=("acme",))


def posts(book: Rulebook, begin: int) -> list[Post]:
    """Return posts of which two in five take a route by a word of their own, and the others fall through to the last."""
    words = [
        part.split(",")[0] for route in book.routes for one in route.examples if (part := (one.post or "").removeprefix("@acme about "))
    ]
    return [
        post(begin + n, TEXTS[n % len(TEXTS)].format(n=n, word=words[(n * 37) % (len(words) - 1)] if n % 5 in {0, 1} else "blue"))
        for n in range(MENTIONS)
    ]


def loading(name: str, text: str) -> float:
    """Print what loading takes, and its parts; return the whole in milliseconds, without the examples."""
    raw = text.encode()
    load(raw)  # what is read once a process, such as phrases and languages, is ready from here on
    book = load(raw)
    rehearse(book)
    failed = rehearse(book)
    figure(f"{name}: examples that fail", len(failed), "examples", of=sum(len(route.examples) for route in book.routes))
    whole = cpu(partial(load, raw))
    figure(f"{name}: loads", whole, "ms", bytes=len(raw), routes=len(book.routes))
    figure(f"{name}: loads, examples rehearsed", whole + cpu(partial(rehearse, book), 3), "ms")
    parsing, reading = cpu(partial(parse, Sheet.of(text, ""))), cpu(partial(read, text, source_options=known().source_options))
    figure(f"{name}: of it YAML", parsing, "ms")
    figure(f"{name}: of it types", reading - parsing, "ms")
    figure(f"{name}: of it made ready", cpu(partial(ready, book)), "ms")
    figure(f"{name}: of it checks", whole - reading - cpu(partial(ready, book)), "ms")
    return whole


def deciding(name: str, book: Rulebook) -> tuple[float, float, int]:
    """Return what one mention takes whole and what its route takes, in microseconds, and the bytes its decisions take in the store."""
    assessor, matcher, router = Assessor(book.scoring), Matcher(book.brands), Router(book)
    heard = [Heard(mention, assessor.assess(one)) for one in posts(book, 0) for mention in matcher.match(one)]
    around = Circumstances(now=NOW)
    alone = cpu(lambda: [router.decide(one, around) for one in heard]) * 1_000 / len(heard)
    play = Play(book, {network: kind for network in ("mastodon",) if (kind := channel_kind(network))}, begins=NOW)
    play.own({})
    pages = [Page(tuple(posts(book, round_ * MENTIONS)), None) for round_ in range(ROUNDS + 1)]
    play.hear("mastodon", pages[0], at=NOW)
    rounds = iter(pages[1:])
    whole = cpu(lambda: play.hear("mastodon", next(rounds), at=NOW)) * 1_000 / MENTIONS
    (row,) = play.store.read().all("SELECT AVG(LENGTH(trace)) AS size FROM decisions")
    figure(f"{name}: route found", alone, "us/mention", mentions=len(heard))
    figure(f"{name}: heard, judged, decided and stored", whole, "us/mention", mentions=MENTIONS)
    play.close()
    return whole, alone, int(float(str(row["size"])))


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description="How big a rules file may be.")
    arguments.add_argument("--routes", type=int, default=500)
    arguments.add_argument("--words", type=int, default=5_000)
    arguments.add_argument("--write", type=Path)
    given = arguments.parse_args()
    text = rules(given.routes, given.words)
    if given.write:
        given.write.write_text(text, encoding="utf-8")
        return
    files = {"small": rules(10, 100), "big": text}
    loads = {name: loading(name, words) for name, words in files.items()}
    figure("loads, big to small", loads["big"] / loads["small"], "times")
    decides = {name: deciding(name, load(words.encode())) for name, words in files.items()}
    for place, what in enumerate(("heard, judged, decided and stored", "route found")):
        figure(f"{what}, big to small", decides["big"][place] / decides["small"][place], "times")
    for name, (_, _, size) in decides.items():
        figure(f"{name}: trace stored with a decision", size, "bytes")


if __name__ == "__main__":
    main()
