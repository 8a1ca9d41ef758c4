"""One answer in doubt as a person reads it: the post, the very words that may be there, why nobody can tell, and where to look."""

from __future__ import annotations

from responders.cli.phrases import counted as how_many
from responders.cli.screen.lines import ALARM, STRONG, Line, labelled
from responders.cli.screen.sheet import Around, Sheet, claimed, counted, laid_out
from responders.cli.states import doubt, post_link
from responders.model import Kind
from responders.unsettled import Parked


def sheet_in_doubt(one: Parked, around: Around, *, width: int, height: int) -> Sheet:
    """Return the lines for an answer in doubt on a screen with room for `height` lines of `width` columns."""
    return laid_out(one, around, [*_answer(one, around, width), *claimed(one.case, around, width)], width=width, height=height)


def _answer(one: Parked, around: Around, width: int) -> list[Line]:
    this = one.delivery
    tried = f" (tried {how_many(this.attempts, 'time')})" if this.attempts > 1 else ""
    lines = counted(this.kind, this.text, around.kind, width)
    lines += labelled("IN DOUBT", f"{doubt(this)}{tried}", width, ALARM)
    lines += labelled("look", post_link(this), width, STRONG)
    if this.kind is Kind.PRIVATE:
        lines += labelled("", "signed in as our account: it is a private message, so nobody else sees it", width)
    return [*lines, *labelled("then", "i: our answer stands there; r: it does not, send it", width)]
