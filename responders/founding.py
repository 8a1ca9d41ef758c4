"""A first rules.yaml for a brand: the shipped one, with its brands, sources and people replaced, comments and examples kept."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from listener.text import clean

_BLOCK = re.compile(r"^(?P<key>[a-z_]+):.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_ROUTE = re.compile(r"^  - name:.*?(?=^  - name:|^\S|\Z)", re.MULTILINE | re.DOTALL)
_EXAMPLES = re.compile(r"^    examples:\n(?:      .*\n)+", re.MULTILINE)
_MEMBERS = re.compile(r"members: \[[^\]]*\]")
_HANDLE = re.compile(r"@?([\w.-]+)(@[\w.-]+)?")


@dataclass(frozen=True, slots=True)
class Answers:
    """What the five questions asked: who we are, what our hashtags are, where we are at home, and who is told."""

    name: str
    tags: tuple[str, ...]
    instance: str
    mastodon: str
    bluesky: str
    people: tuple[str, ...]
    timezone: str

    @property
    def key(self) -> str:
        """The brand's key in rules.yaml: letters, digits and underscores."""
        return re.sub(r"\W+", "_", clean(self.name)).strip("_") or "brand"

    @property
    def handle(self) -> str:
        """The name people write after "@"."""
        first = (self.mastodon or self.bluesky or self.key).split("@")[0]
        return first.split(".")[0] if first == self.bluesky else first


def split(words: str) -> tuple[str, ...]:
    """Read a list typed with commas or spaces around them; "@" and "#" in front are dropped."""
    return tuple(dict.fromkeys(part.strip().lstrip("@#") for part in words.split(",") if part.strip().lstrip("@#")))


def is_handle(words: str) -> bool:
    """Return whether the words can be an account's name."""
    return _HANDLE.fullmatch(words) is not None


def compose(shipped: str, answers: Answers) -> str:
    """Return the text of a rules.yaml for this brand, made from the shipped file's text."""
    blocks = {"brands": _brands(answers), "sources": _sources(answers), "timezone": _timezone(answers)}
    text = _BLOCK.sub(lambda found: _replace(found, blocks, answers), shipped)
    head, _, rest = text.partition("routes:")
    name = answers.name.replace("\\", "").replace('"', "'")
    spoken_to = f"@{answers.handle}" if _handles(answers) else name
    tag = f"#{answers.tags[0]}" if answers.tags else spoken_to
    own_words = rest.replace("@acme", spoken_to).replace("#acme", tag).replace("Acme", name)
    composed = f"{head}routes:{own_words}"
    return composed if _handles(answers) else _ROUTE.sub(_without_account, composed)


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
    tags = ", ".join(_quoted(tag) for tag in answers.tags or (answers.key,))
    lines = [
        "sources:",
        "  # Hashtags are public and need no account. Mentions of your account need the secret mastodon_read, answers mastodon_write.",
        "  mastodon:",
        f"    instance: {_quoted(answers.instance)}",
        f"    tags: [{tags}]",
        "    every: 60s",
    ]
    if answers.bluesky:
        lines += [
            "  # Needs an app password in the secret bluesky_read, and in bluesky_write to answer.",
            "  bluesky:",
            f"    handle: {_quoted(answers.bluesky)}",
            "    every: 30s",
        ]
    return "\n".join([*lines, ""])


def _teams(shipped: str, answers: Answers) -> str:
    members = ", ".join(_quoted(person) for person in answers.people)
    return _MEMBERS.sub(lambda _: f"members: [{members}]", shipped)


def _timezone(answers: Answers) -> str:
    return f"timezone: {answers.timezone}\n"
