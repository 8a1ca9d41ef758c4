"""A first rules.yaml for a brand: the shipped one, with its brands, sources and people replaced, comments and examples kept."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from listener.errors import UsageError
from listener.text import clean

_BLOCK = re.compile(r"^(?P<key>[a-z_]+):.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_ROUTE = re.compile(r"^  - name:.*?(?=^  - name:|^\S|\Z)", re.MULTILINE | re.DOTALL)
_EXAMPLES = re.compile(r"^    examples:\n(?:      .*\n)+", re.MULTILINE)
_EXAMPLE = re.compile(r"^      - \{(?=(?:post|not): )", re.MULTILINE)
_MEMBERS = re.compile(r"members: \[[^\]]*\]")
_HANDLE = re.compile(r"@?([\w.-]+)(@[\w.-]+)?")


@dataclass(frozen=True, slots=True)
class Answers:
    """What the five questions asked: who we are, what our hashtags are, where we are at home, what feeds to hear, and who is told.

    `instance` is the Mastodon server whose hashtags are heard, "" for none.
    """

    name: str
    tags: tuple[str, ...]
    instance: str
    mastodon: str
    bluesky: str
    people: tuple[str, ...]
    timezone: str
    feeds: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The brand's key in rules.yaml: letters, digits and underscores."""
        return re.sub(r"\W+", "_", clean(self.name)).strip("_") or "brand"

    @property
    def handle(self) -> str:
        """The name people write after "@"."""
        return self.mastodon.partition("@")[0] or self.bluesky or self.key


def split(words: str) -> tuple[str, ...]:
    """Read a list typed with commas or spaces around them; "@" and "#" in front are dropped."""
    return tuple(dict.fromkeys(part.strip().lstrip("@#") for part in words.split(",") if part.strip().lstrip("@#")))


def is_handle(words: str) -> bool:
    """Return whether the words can be an account's name."""
    return _HANDLE.fullmatch(words) is not None


def accounts(words: str) -> tuple[str, str]:
    """Read our accounts as they are typed: on Mastodon `name@server`, on Bluesky `name.example`; "" for the one that is not there.

    Raises:
        UsageError: one is no account's name, or two are of one network.
    """
    found = {"mastodon": "", "bluesky": ""}
    for word in split(words):
        network = "mastodon" if "@" in word else "bluesky"
        if not is_handle(word) or ("." not in word and network == "bluesky"):
            message = f'"{word}" is no account name'
            raise UsageError(message, "write it like acme@mastodon.social or acme.example")
        if found[network]:
            message = f'"{found[network]}" and "{word}" are both on {network.title()}'
            raise UsageError(message, "Earnest has one account on a network")
        found[network] = word
    return found["mastodon"], found["bluesky"]


def compose(shipped: str, answers: Answers) -> str:
    """Return the text of a rules.yaml for this brand, made from the shipped file's text."""
    blocks = {"brands": _brands(answers), "sources": _sources(answers), "timezone": _timezone(answers)}
    text = _BLOCK.sub(lambda found: _replace(found, blocks, answers), shipped)
    head, _, rest = text.partition("routes:")
    name = answers.name.replace("\\", "").replace('"', "'")
    spoken_to = f"@{answers.handle}" if _handles(answers) else name
    tag = f"#{answers.tags[0]}" if answers.tags else spoken_to
    own_words = rest.replace("@acme", spoken_to).replace("#acme", tag).replace("Acme", name).replace("brand: acme", f"brand: {answers.key}")
    if answers.bluesky and not answers.mastodon:
        own_words = _EXAMPLE.sub("      - {network: bluesky, ", own_words)  # where that name is ours
    composed = f"{head}routes:{own_words}"
    if _handles(answers):
        return composed
    # Nobody is written to in private by whoever has no account.
    return _ROUTE.sub(_without_account, composed).replace("    private: true\n", "")


def _without_account(route: re.Match[str]) -> str:
    """Set aside the examples of a route that asks whether somebody spoke to us: without an account nobody can."""
    if "addressed: true" not in route[0]:
        return route[0]
    aside = "    # Nobody can speak to us before `handles` above names an account of ours. Then take the # away:\n"
    return _EXAMPLES.sub(lambda found: aside + re.sub("^    ", "    # ", found[0], flags=re.MULTILINE), route[0])


def _replace(found: re.Match[str], blocks: dict[str, str], answers: Answers) -> str:
    if found["key"] == "teams":
        return _teams(found[0], answers)
    block = blocks.get(found["key"])
    if block is None:
        return found[0]
    # Comments that lead over to the next block stand at the end of this one; they stay.
    lines = found[0].rstrip("\n").split("\n")
    trailing: list[str] = []
    while lines and (not lines[-1].strip() or lines[-1].startswith("#")):
        trailing.insert(0, lines.pop())
    return block + "\n".join(trailing) + "\n"


def _quoted(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)


def _brands(answers: Answers) -> str:
    handles = [f"      {network}: {_quoted(handle)}" for network, handle in _handles(answers)]
    tags = ", ".join(_quoted(tag) for tag in answers.tags)
    return "\n".join(
        [
            "brands:",
            f"  {answers.key}:",
            f"    names: [{_quoted(answers.name)}]     # whole words, in any script; capitals do not matter",
            *(["    handles:                     # our accounts, written without @", *handles] if handles else []),
            *([f"    hashtags: [{tags}]           # written without #"] if tags else []),
            "",
        ]
    )


def _handles(answers: Answers) -> list[tuple[str, str]]:
    return [(network, handle) for network, handle in (("mastodon", answers.mastodon), ("bluesky", answers.bluesky)) if handle]


def _sources(answers: Answers) -> str:
    lines = [
        "sources:",
        "  # All of Bluesky in public: every post that says your name or hashtag. It takes a steady connection and some gigabytes a day.",
        "  bluesky-public:",
        "    kind: bluesky",
        "    stream: public",
        "    every: 10s",
        *_mastodon(answers),
        "",
        "  # Nobody can be answered on Hacker News or in a feed by a program: what is heard is judged and shown, what is urgent rings.",
        "  hackernews:",
        f"    query: {_phrase(answers.name)}     # a phrase in quotes; without quotes all the words, in any place",
        "    every: 5m",
        *_feeds(answers),
        "",
    ]
    return "\n".join(lines)


def _phrase(name: str) -> str:
    """Return the search for a name, as YAML: the words of it in a row."""
    words = " ".join(name.replace('"', " ").split())
    return "'" + f'"{words}"'.replace("'", "''") + "'"


def _mastodon(answers: Answers) -> list[str]:
    if not answers.instance:
        return []
    tags = ", ".join(_quoted(tag) for tag in answers.tags or (answers.key,))
    return [
        "",
        "  # Hashtags are public. Mentions of your account need the secret mastodon_read, answers mastodon_write.",
        "  mastodon:",
        f"    instance: {_quoted(answers.instance)}",
        f"    tags: [{tags}]",
        "    every: 60s",
    ]


def _feeds(answers: Answers) -> list[str]:
    told = ["", "  # Any RSS or Atom feed: reviews, forums, news. Of its entries those count that name the brand."]
    if answers.feeds:
        return [*told, "  feeds:", "    urls:", *(f"      - {_quoted(url)}" for url in answers.feeds), "    every: 15m"]
    return [*told, "  # feeds:", '  #   urls: ["https://reviews.example/feed.xml"]', "  #   every: 15m"]


def _teams(shipped: str, answers: Answers) -> str:
    members = ", ".join(_quoted(person) for person in answers.people)
    return _MEMBERS.sub(lambda _: f"members: [{members}]", shipped)


def _timezone(answers: Answers) -> str:
    return f"timezone: {answers.timezone}\n"
