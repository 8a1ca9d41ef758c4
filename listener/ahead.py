"""Pages of one source that are asked for, and judged, while those before them are stored.

In a storm a network gives small pages and takes its time for each: whoever asks for the next one only when this one is stored leaves both
the network and this machine idle. Pages that have come by then are taken as one, since many posts at once cost less each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from listener.model import Page, Post
from listener.polling import Ear, Judged

MOST_PAGES = 10
"""Pages that wait to be judged; then a network is asked for no more until there is room."""
MOST_POSTS = 400
"""Posts that are taken at once. What is urgent among them is decided first, but not before all of them are stored."""
MOST_TEXT = 400_000
"""Characters of a page behind which nothing is asked for ahead: a network may fill each page with megabytes, and many would be kept."""

Fetch = Callable[[str | None], Awaitable[Page]]


@dataclass(frozen=True, slots=True)
class Ready:
    """A page, or several as one, and the ear to store it by; `judged` is how that ear judged its posts, None where it has yet to."""

    page: Page
    ear: Ear
    judged: Sequence[Judged] | None = None


class Ahead:
    """Asks for pages ahead where their source says that it may (`Page.ahead`). What was not taken is not lost: it is asked for again.

    One task asks for page after page, and puts them in a queue. Another takes from it what is to be stored next and judges it, once for
    each `after`. Either both are there or neither: then the network is asked by whoever wants the page.
    """

    def __init__(self, fetch: Fetch, ear: Callable[[], Ear]) -> None:
        """Ask by `fetch` and judge by the ear of the rules in force; nothing is asked for yet."""
        self._fetch = fetch
        self._ear = ear
        self._come: asyncio.Queue[Page | Exception] = asyncio.Queue(MOST_PAGES)
        self._next: Page | Exception | None = None  # has come, and did not go with the pages before it
        self._asking: asyncio.Task[None] | None = None
        self._judging: asyncio.Task[Ready] | None = None
        self._in_hand = False  # whether what is to be judged has come: before that, its task waits for the network
        self._waited = False
        self._stands: str | None = None  # the cursor behind what was taken last

    @property
    def behind(self) -> bool:
        """Whether the network brings more than is taken: pages wait, or did when somebody asked for them."""
        return self._asking is not None and (self._waited or self._waits)

    @property
    def _waits(self) -> bool:
        return self._in_hand or self._next is not None or not self._come.empty()

    async def after(self, cursor: str | None) -> Ready:
        """Return what comes after `cursor`, which is where the source stands in the store: all that came before is stored.

        Raises:
            EarnestError: the network could not be asked, or the store; what came before was returned. Whoever asks again, asks anew.
        """
        self._waited = self._waits
        if cursor != self._stands:
            self.drop()
        try:
            ready = await (self._judging or self._begin(cursor))
        except BaseException:
            self.drop()
            raise
        self._stands, self._judging, self._in_hand = ready.page.cursor, None, False
        if self._asking and (self._waits or not self._asking.done()):
            self._judging = asyncio.create_task(self._judge(ready.page))
        else:
            self._asking = None
        return ready

    async def _begin(self, cursor: str | None) -> Ready:
        """Ask for a page, and for those behind it where that may be done."""
        page = await self._fetch(cursor)
        if _leads_on(page, cursor):
            self._asking = asyncio.create_task(self._ask(page.cursor, self._come))
        return Ready(page, self._ear())

    def drop(self) -> None:
        """Ask for no more and forget what has come: somebody else has gone on from there, something failed, or its time is over."""
        for task in (self._asking, self._judging):
            if task and not task.cancel() and not task.cancelled():
                task.exception()  # nobody wants to know any more
        self._asking = self._judging = self._next = None
        self._in_hand = False
        self._come = asyncio.Queue(MOST_PAGES)

    async def _judge(self, before: Page) -> Ready:
        """Judge what comes next, unless it rests on the page before it, which is being stored."""
        batch = await self._batch()
        self._in_hand = True
        page, ear = batch.page(), self._ear()
        return Ready(page, ear, None if _Batch(before).touches(page) else await ear.judged(page))

    async def _batch(self) -> _Batch:
        """Return the next page with all that have come behind it and may go with it."""
        come, self._next = self._next or await self._come.get(), None
        if isinstance(come, Exception):
            raise come
        batch = _Batch(come)
        while self._next is None and not self._come.empty():
            come = self._come.get_nowait()
            if not isinstance(come, Page) or not batch.takes(come):
                self._next = come
        return batch

    async def _ask(self, cursor: str | None, come: asyncio.Queue[Page | Exception]) -> None:
        """Ask for page after page, until one comes that is the last for now. A failure is told in its turn.

        They go into `come`, the queue of this very chain: what a cancelled one still puts there stands in no later one.
        """
        try:
            page = None
            while page is None or _leads_on(page, cursor):
                cursor = page.cursor if page else cursor
                page = await self._fetch(cursor)
                await come.put(page)
        except Exception as problem:  # noqa: BLE001 - whoever takes the pages has it raised, as if the network had been asked just now
            await come.put(problem)


def _leads_on(page: Page, cursor: str | None) -> bool:
    """Return whether the page after `page` may be asked for; one that brought nothing after `cursor` leads nowhere."""
    leads = page.more and page.ahead and bool(page.posts) and page.cursor != cursor
    return leads and sum(len(post.text) for post in page.posts) <= MOST_TEXT


class _Batch:
    """Pages that follow each other, as one: judged the same as if each were taken by itself."""

    def __init__(self, first: Page) -> None:
        """Begin with a page."""
        self._first = self.last = first
        self._posts: list[Post] = []
        self._ids: set[str] = set()
        self._threads: set[str] = set()
        self._add(first)

    def takes(self, page: Page) -> bool:
        """Take the next page too; return False where it must be taken after those before it, or tells of more than posts."""
        plain = not any((page.gap, page.gone, page.late, self.last.gap, self.last.late))
        if not plain or self.touches(page) or len(self._posts) + len(page.posts) > MOST_POSTS:
            return False
        self._add(page)
        return True

    def touches(self, page: Page) -> bool:
        """Return whether a page rests on these: it brings a post again, goes on with a conversation, or may with one that lost a post.

        What was said before must be stored by then, and what was deleted must be gone.
        """
        return bool(self.last.gone) or any(
            post.id in self._ids or (post.parent_id and post.thread_id in self._threads) for post in page.posts
        )

    def _add(self, page: Page) -> None:
        self.last = page
        self._posts += page.posts
        self._ids.update(post.id for post in page.posts)
        self._threads.update(post.thread_id for post in page.posts)

    def page(self) -> Page:
        """Return them as one page."""
        return self._first if self.last is self._first else replace(self.last, posts=tuple(self._posts))
