"""An approved answer that a person posts by hand, as they read it: the post, the words to copy, why by hand, and where."""

from __future__ import annotations

from responders.cli.screen.lines import STRONG, Line, labelled
from responders.cli.screen.sheet import Around, Sheet, claimed, counted, laid_out
from responders.cli.states import post_link
from responders.unsettled import ToPost


def sheet_to_post(one: ToPost, around: Around, *, width: int, height: int) -> Sheet:
    """Return the lines for an answer to post by hand on a screen with room for `height` lines of `width` columns."""
    return laid_out(one, around, [*_answer(one, around, width), *claimed(one.case, around, width)], width=width, height=height)


def _answer(one: ToPost, around: Around, width: int) -> list[Line]:
    this = one.delivery
    lines = counted(this.kind, this.text, around.kind, width)
    lines += labelled("BY HAND", f"approved; {this.reason}", width, STRONG)
    lines += labelled("post it", post_link(this), width, STRONG)
    return [
        *lines,
        *labelled("then", "d: you posted it (asks for the address of our answer); b: not after all, the draft waits again", width),
    ]
