"""Writing an answer in $EDITOR: the post quoted on top, the public and the private words below, each under its line."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from listener.errors import EarnestError, UsageError
from listener.model import Post
from listener.store import mentions as heard_ledger
from listener.text import visible
from responders.cli.base import App
from responders.ledger import cases, drafts
from responders.ledger.drafts import Draft
from responders.model import DraftState

_PUBLIC = "--- public (everyone reads this) ---"
_PRIVATE = "--- private (only they read this) ---"
_PARTS = re.compile(rf"^{re.escape(_PUBLIC)}[ ]*$(.*?)^{re.escape(_PRIVATE)}[ ]*$(.*)\Z", re.MULTILINE | re.DOTALL)


def in_editor(app: App, name: str) -> tuple[str | None, str | None]:
    """Let a person write in $EDITOR; return the new public and private words, None where they stay as they are.

    Raises:
        UsageError: nobody can be asked here.
        EarnestError: the editor failed, nothing was changed, or the two lines that part the words are gone.
    """
    if not app.interactive:
        message = "no words were given"
        raise UsageError(message, f'say them: earnest edit {name} --text "…" or --private-text "…"')
    reader = app.store.read()
    case = cases.find(reader, name)
    post = heard_ledger.post(reader, case.network, case.post_id)
    draft = drafts.newest(reader, case.id)
    if draft is not None and draft.state is not DraftState.WAITING:
        draft = None
    written = click.edit(page(case.name, post, draft), extension=".md", require_save=True)
    if written is None:
        message = "nothing was saved, so nothing was changed"
        raise EarnestError(message)
    return read_page(written, draft)


def page(name: str, post: Post | None, draft: Draft | None) -> str:
    """Return what the editor opens with."""
    return "\n".join(_page(name, post, draft)) + "\n"


def _page(name: str, post: Post | None, draft: Draft | None) -> Iterator[str]:
    yield f"# {name}: write below the two lines that begin with ---, and leave those lines as they are."
    if post is not None:
        yield f"# @{visible(post.author.handle, newlines=False)} wrote:"
        yield from (f"# > {line}" for line in visible(post.text).split("\n"))
    yield _PUBLIC
    yield (draft.public if draft else None) or ""
    yield _PRIVATE
    yield (draft.private if draft else None) or ""


def read_page(written: str, draft: Draft | None) -> tuple[str | None, str | None]:
    """Return the words below the two lines; None where they are as before, or empty as before.

    Raises:
        EarnestError: a line is gone, words were emptied, or nothing was changed.
    """
    found = _PARTS.search(written.replace("\r\n", "\n"))
    if not found:
        message = "the two lines that begin with --- are no longer there, so it is not clear what is public"
        raise EarnestError(message, "nothing was changed; try again and leave those lines as they are")
    before = (draft.public if draft else None, draft.private if draft else None)
    public, private = (_changed(now.strip(), was) for now, was in zip(found.groups(), before, strict=True))
    if public is None and private is None:
        message = "the words are as they were, so nothing was changed"
        raise EarnestError(message)
    return public, private


def _changed(now: str, was: str | None) -> str | None:
    if now == (was or "").strip():
        return None
    if not now:
        message = "words that were there cannot be emptied, so nothing was changed"
        raise EarnestError(message, "to say nothing: earnest reject; only in private: earnest private")
    return now
