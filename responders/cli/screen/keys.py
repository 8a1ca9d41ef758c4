"""Every key of the screen in one table: what binds them, what the bottom line names, and what `?` explains."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from responders.cli.screen.lines import BLANK, FAINT, STRONG, Line, block, flow, labelled


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `press` is Textual's name for it, `shown` what is printed on it, `short` its name in the bottom line ("" for none).

    `on` is what it is for: a "draft", an answer in "doubt", one to be posted by "hand", or "" for whatever is in hand.
    """

    press: str
    shown: str
    action: str
    long: str
    short: str = ""
    on: str = ""


DRAFT, DOUBT, HAND = "draft", "doubt", "hand"

KEYS: tuple[Key, ...] = (
    Key("y", "y", "approve", "say yes to these words; they leave after 10 seconds", "send", DRAFT),
    Key("e", "e", "edit", "change the words", "edit", DRAFT),
    Key("p", "p", "private_only", "say yes to the private message alone, nothing in public", "private only", DRAFT),
    Key("n", "n", "reject", "say no; one more key gives the reason", "reject", DRAFT),
    Key("i", "i", "found", "an answer in doubt: it is there; asks for its address", "it is there", DOUBT),
    Key("r", "r", "resend", "an answer in doubt: it is not there; it leaves after 10 seconds", "it is not: send", DOUBT),
    Key("d", "d", "posted", "an answer to post by hand: you posted it; asks for its address", "posted", HAND),
    Key("b", "b", "not_posted", "an answer to post by hand: not after all, its draft waits again", "not after all", HAND),
    Key("u", "u", "take_back", "take the last yes back while nothing has left", "undo"),
    Key("x", "x", "escalate", "tell a team now; a digit picks it", "escalate", DRAFT),
    Key("f", "f", "fix", "fix the judgement: say which mood, urgency and intent it should have been", "fix", DRAFT),
    Key("z", "z", "snooze", "put the case aside for a while", "snooze", DRAFT),
    Key("w", "w", "why", "why it is judged so, why this route took it, and why not the others", "why"),
    Key("question_mark", "?", "keys", "all keys", "more"),
    Key("c", "c", "conversation", "the whole conversation, and what we sent"),
    Key("h", "h", "history", "this person's earlier cases"),
    Key("o", "o", "open_link", "show the link to the post, and open it where there is a display"),
    Key("s", "s", "suppress", "never write to this person again; asks first", on=DRAFT),
    Key("j", "j", "move(1)", "the next one"),
    Key("k", "k", "move(-1)", "the one before"),
    Key("space", "space", "page_down", "read on below (the arrow keys scroll too)"),
    Key("slash", "/", "filter", "show only some: a level, network, route, team or brand, overdue, mine; nothing shows all"),
    Key("q,ctrl+c", "q", "leave", "leave"),
)

EDIT_KEYS: tuple[Key, ...] = (
    Key("ctrl+s", "ctrl+s", "save", "keep these words", "keep"),
    Key("ctrl+e", "ctrl+e", "outside", "write in your own editor ($VISUAL or $EDITOR)", "your editor"),
    Key("tab", "tab", "app.focus_next", "between the public and the private words", "other text"),
    Key("escape", "esc", "give_up", "leave the words as they were", "leave as it was"),
)

FIX_KEYS: tuple[Key, ...] = (
    Key("enter", "Enter", "keep", "keep what is marked; what Earnest judged is marked to begin with, so Enter alone agrees", "keep"),
    Key("escape", "esc", "give_up", "leave the judgement as it was", "leave it as it was"),
    Key("s", "s", "sarcasm", "sarcasm: yes or no"),
    Key("t", "t", "note", "write a note"),
)
"""The keys while fixing a judgement, besides those that name a mood, an urgency or an intent: they stand beside their words."""


def bar(keys: Sequence[Key], width: int, *, names: Mapping[str, str] | None = None, without: Container[str] = frozenset()) -> list[Line]:
    """Return the bottom lines: the keys that have a short name, such as "[y] send".

    `names` gives other short names by key (`y`: "send both"); the keys in `without` make no sense now.
    """
    named = {key.shown: (names or {}).get(key.shown, key.short) for key in keys if key.shown not in without}
    return flow([(f"[{shown}] {name}", STRONG) for shown, name in named.items() if name], width, "  ")


def help_lines(width: int) -> list[Line]:
    """Return what `?` shows, made from the tables that bind the keys."""
    return [
        *_explained(KEYS, width),
        BLANK,
        *block("While editing", width, STRONG),
        *_explained(EDIT_KEYS, width),
        BLANK,
        *block("While fixing a judgement: each word has its key beside it", width, STRONG),
        *_explained(FIX_KEYS, width),
        BLANK,
        *block("There is no key that approves everything: somebody reads each answer.", width, FAINT),
    ]


def _explained(keys: Sequence[Key], width: int) -> list[Line]:
    return [line for key in keys for line in labelled(key.shown, key.long, width)]
