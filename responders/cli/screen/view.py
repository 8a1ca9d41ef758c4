"""The screen itself: painting, looking for news every two seconds, the claim on the case in hand, and what is told at the bottom."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from listener.clock import Clock
from listener.errors import EarnestError
from responders.approvals import Desk, Done
from responders.cli.screen import pages
from responders.cli.screen.asking import painted
from responders.cli.screen.byhand import sheet_to_post
from responders.cli.screen.claim import Claim
from responders.cli.screen.doubt import sheet_in_doubt
from responders.cli.screen.filtering import narrowed_to
from responders.cli.screen.keys import DOUBT, DRAFT, HAND, KEYS, bar
from responders.cli.screen.lines import ALARM, FAINT, STRONG, Line, flow
from responders.cli.screen.pile import Pile
from responders.cli.screen.sheet import Sheet, sheet
from responders.cli.screen.undo import Approvals
from responders.unsettled import Parked, ToPost
from responders.views import Waiting

_LOOK_EVERY = 2
_WITHOUT_DRAFT = {"u", "/", "?", "q"}


class View(App[None], inherit_bindings=False):
    """What is seen; the keys are bound in `app`."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #head, #told, #bar { height: auto; }
    #body { height: 1fr; scrollbar-size-vertical: 1; }
    """

    def __init__(self, pile: Pile, desk: Desk, clock: Clock, running: Callable[[], bool]) -> None:
        """`running` says whether a daemon works on the store, without which nothing leaves."""
        super().__init__(ansi_color=True)  # the terminal's own colours, and none at all under NO_COLOR
        self.failure: Exception | None = None
        self._pile = pile
        self._desk = desk
        self._clock = clock
        self._daemon_runs = running
        self._claim = Claim(desk, clock)
        self._approvals = Approvals()
        self._changes: dict[int, str] = {}
        self._told: tuple[str, str] = ("", "")
        self._shown: tuple[object, ...] = ()
        self._on_screen: tuple[str, int] | None = None
        self._ticks = 0

    def compose(self) -> ComposeResult:
        """Put the four parts of the screen in place."""
        yield Static(id="head", markup=False)
        with VerticalScroll(id="body"):
            yield Static(id="sheet", markup=False)
        yield Static(id="told", markup=False)
        yield Static(id="bar", markup=False)

    def on_mount(self) -> None:
        """Read for the first time, and look for news from then on."""
        self.theme = "ansi-dark"
        self.query_one("#body").focus()
        self.look()
        self.set_interval(1, self._tick)

    def on_resize(self) -> None:
        """Wrap everything again."""
        self._shown = ()
        self.call_after_refresh(self.paint)

    def _handle_exception(self, error: Exception) -> None:
        """Keep what nobody foresaw for the caller, and give the terminal back; Textual would print a traceback."""
        self.failure = self.failure or error
        self._return_code = 1
        self._close_messages_no_wait()

    def _tick(self) -> None:
        self._ticks += 1
        if self._ticks % _LOOK_EVERY:
            self.paint()
        else:
            self.look()

    def look(self, *, want: int | None = None, quiet: bool = False) -> None:
        """Look for news and keep the claim; `want` takes another case in hand, `quiet` leaves what is told as it is.

        While something lies over the sheet, the draft under it stays as it is; the desk refuses words that changed meanwhile.
        """
        try:
            news = "" if len(self.screen_stack) > 1 else self._pile.refresh(want=want)
            self.claim()
        except EarnestError as problem:
            self.tell_problem(problem)
            return
        if news and not quiet:
            self.tell(news, STRONG)
        self.paint()

    def claim(self) -> str:
        """Claim the case in hand; return who else has it, or ""."""
        one = self._pile.current
        return self._claim.take(one.case.name if one else "")

    def let_go(self) -> None:
        """Give up the claim, at the very end."""
        self._claim.release()

    def tell(self, words: str, style: str = "") -> None:
        """Say something at the bottom, until the next key."""
        self._told = (words, style)
        self.paint()

    def tell_problem(self, problem: EarnestError) -> None:
        """Say what did not work, and what to do."""
        self.tell(f"{problem.message} ({problem.hint})" if problem.hint else problem.message, ALARM)

    def act(self, work: Callable[[], Done]) -> Done | None:
        """Do something at the desk and say what came of it; None where it was refused. Either way the list is read again."""
        try:
            done = work()
        except EarnestError as problem:
            self.look(quiet=True)
            self.tell_problem(problem)
            return None
        self.look(quiet=True)
        self.tell(done.says, "" if done.complete else STRONG)
        return done

    def paint(self) -> None:
        """Put on the screen what changed."""
        if len(self.screen_stack) > 1 or not self.is_running or not self.size.width:
            return
        told = self._told_lines()
        bottom = self._bar()
        room = self.size.height - len(told) - len(bottom)
        made = self._sheet(room)
        if len(made.head) + len(made.body) > room:
            told = [*filter(None, told), (("There is more below: space scrolls.", STRONG),)]
        new = (made, told, bottom, self.size)
        if new == self._shown:
            return
        self._shown = new
        self.query_one("#head", Static).update(painted(made.head))
        self.query_one("#sheet", Static).update(painted(made.body))
        self.query_one("#told", Static).update(painted(told))
        self.query_one("#bar", Static).update(painted(bottom))
        if self._pile.identity != self._on_screen:
            self._on_screen = self._pile.identity
            self.query_one("#body", VerticalScroll).scroll_home(animate=False)

    def _sheet(self, height: int) -> Sheet:
        one, width = self._pile.current, self.size.width - 1
        narrowed = narrowed_to(self._pile.filters)
        if one is None:
            return Sheet((), tuple(pages.nothing_waits(narrowed, width)))
        height -= bool(narrowed)
        if isinstance(one, Parked):
            made = sheet_in_doubt(one, self._pile.around(""), width=width, height=height)
        elif isinstance(one, ToPost):
            made = sheet_to_post(one, self._pile.around(""), width=width, height=height)
        else:
            made = sheet(one, self._pile.around(self._changes.get(one.draft.id, "")), width=width, height=height)
        shown_only = tuple(flow([(f"only: {narrowed}", FAINT)], width)) if narrowed else ()
        return Sheet((*made.head, *shown_only), made.body)

    def _told_lines(self) -> list[Line]:
        words, style = self._told
        counting = self._approvals.countdown(self._clock(), self._still)
        lines = flow([(words, style)], self.size.width) if words else []
        return [*lines, *(flow([(counting, STRONG)], self.size.width) if counting else [])] or [()]

    def _still(self, network: str) -> str:
        """Say why nothing leaves on a network now, or ""."""
        return self._pile.still(network) or ("" if self._daemon_runs() else "no daemon runs: start earnest run")

    def _bar(self) -> list[Line]:
        """Return the keys that make sense now."""
        one = self._pile.current
        without = set() if self._approvals.done else {"u"}
        if one is None:
            keys = [key for key in KEYS if key.shown in _WITHOUT_DRAFT]
            return bar(keys, self.size.width, names={"/": "filter", "q": "leave"}, without=without)
        if not isinstance(one, Waiting):
            keys = [key for key in KEYS if key.on in {"", HAND if isinstance(one, ToPost) else DOUBT}]
            return bar(keys, self.size.width, names={"o": "open the link"}, without=without)
        both = one.draft.public is not None and one.draft.private is not None
        names = {"y": "send both"} if both else {"p": "", "y": "yes, by hand" if self._pile.by_hand() else "send"}
        return bar([key for key in KEYS if key.on in {"", DRAFT}], self.size.width, names=names, without=without)
