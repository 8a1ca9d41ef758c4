"""The town: a small Mastodon-like network on loopback, carried by the `mastodon_mock` package, and the team's pager beside it."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING

from aiohttp import ClientSession, web

from listener.errors import EarnestError
from responders.demo.script import Resident, Script

if TYPE_CHECKING:
    from mastodon_mock.config import MastodonMockConfig


class _Server:
    """The network's server in a thread of its own, on a free loopback port."""

    def __init__(self, config: MastodonMockConfig) -> None:
        """Make the application; nothing listens before `start`.

        Raises:
            ImportError: the package that carries it is not installed.
        """
        import uvicorn  # noqa: PLC0415  # an extra: only the demo needs it
        from fastapi.responses import RedirectResponse  # noqa: PLC0415
        from mastodon_mock.app import create_app  # noqa: PLC0415

        app = create_app(config)
        # The address that a post bears has no page of its own here, so it leads to the page that shows it.
        app.add_api_route("/@{author}/{post}", lambda post: RedirectResponse(f"/_ui/statuses/{post}"), include_in_schema=False)
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        self._socket: socket.socket | None = None
        self._thread: Thread | None = None

    @property
    def address(self) -> str:
        """Where it listens, "" while it does not."""
        return "http://{}:{}".format(*self._socket.getsockname()) if self._socket else ""

    def start(self) -> None:
        """Listen: whoever asks before the application is ready waits for it."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True, name="town")
        self._thread.start()

    def stop(self) -> None:
        """End, in five seconds at most."""
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=5)


class Town:
    """The network while it is awake."""

    def __init__(self, script: Script) -> None:
        """Settle the residents; nothing listens before `wake`.

        Raises:
            EarnestError: the package that carries the town is not installed.
        """
        try:
            from mastodon_mock.config import (  # noqa: PLC0415  # an extra: only the demo needs it
                DatabaseConfig,
                MastodonMockConfig,
                SeedAccount,
                SeedConfig,
            )

            seed = [
                SeedAccount(username=one.name, display_name=one.display_name, note=one.bio, access_token=one.token)
                for one in (script.brand, *script.people)
            ]
            self._pictures = TemporaryDirectory(prefix="earnest-town-", ignore_cleanup_errors=True)
            self._config = MastodonMockConfig(
                title="The town",
                url_scheme="http",
                database=DatabaseConfig(path=":memory:"),
                media_storage_path=self._pictures.name,
                seed=SeedConfig(accounts=seed),
                registrations_enabled=False,
            )
            self._server = _Server(self._config)
        except ImportError:
            message = "the demo's town is not installed"
            raise EarnestError(message, 'install it with: pip install "earnest[demo]"') from None

    def wake(self) -> str:
        """Start listening on a free loopback port; return the address."""
        self._server.start()
        self._config.domain = self.address.removeprefix("http://")  # read anew for each answer, so that links lead back here
        return self.address

    @property
    def address(self) -> str:
        """Where the town can be reached."""
        return self._server.address

    @property
    def page(self) -> str:
        """Where the town can be watched in a browser."""
        return f"{self.address}/_ui/"

    def sleep(self) -> None:
        """Stop, and leave nothing behind."""
        self._server.stop()
        self._pictures.cleanup()

    async def post(self, author: Resident, words: str) -> str:
        """Write a public post as somebody; return its id."""
        async with (
            ClientSession(headers={"Authorization": f"Bearer {author.token}"}) as session,
            session.post(f"{self.address}/api/v1/statuses", json={"status": words}) as answer,
        ):
            answer.raise_for_status()
            return str((await answer.json())["id"])

    async def replies(self, post_id: str) -> list[str]:
        """Return who answered a post, as the town's own public page shows it."""
        async with ClientSession() as session, session.get(f"{self.address}/api/v1/statuses/{post_id}/context") as answer:
            answer.raise_for_status()
            return [str(reply["account"]["acct"]) for reply in (await answer.json())["descendants"]]


@dataclass
class Pager:
    """A stand-in for the team's pager: a page on loopback that takes the alerts a real service would take."""

    rings: list[str] = field(default_factory=list)
    _runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Begin; return the alert address for the secret."""
        app = web.Application()
        app.router.add_post("/", self._ring)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        return f"json://127.0.0.1:{port}/"

    async def _ring(self, request: web.Request) -> web.Response:
        self.rings.append(str((await request.json()).get("message", "")))
        return web.Response()

    async def stop(self) -> None:
        """End."""
        if self._runner:
            await self._runner.cleanup()
