"""WebSockets behind the same guard as every other request: encrypted, to the open internet, bounded, and never sent elsewhere."""

from __future__ import annotations

import asyncio
import re

import aiohttp
from yarl import URL

from listener.clock import now
from listener.errors import Malformed, NetworkError, RateLimited
from listener.http import Http, Params, retry_after
from listener.settings import Secret

Socket = aiohttp.ClientWebSocketResponse

_TOO_MANY = 429
_FIRST_REFUSAL = 300
_LAST_WORDS = aiohttp.ClientWSTimeout(ws_close=2.0)
_SCHEME = re.compile(r"ws(?=s?://)")


class _ElsewhereError(aiohttp.ClientError):
    """The server sends us to another address."""


class Sockets(Http):
    """WebSockets to one server. `base_url` is `wss://host[:port]`; plain ws is for hosts named in `EARNEST_ALLOW_HOSTS`."""

    def __init__(self, base_url: str, *, token: Secret | None = None) -> None:
        """Keep the address and the token, which goes into a header; nothing is opened yet.

        Raises:
            UsageError: the address cannot be used.
            SignInNeeded: the token holds characters that no header may carry.
        """
        super().__init__(_SCHEME.sub("http", base_url, count=1), token=token)

    async def connect(self, path: str, params: Params, *, timeout: float, max_bytes: int) -> Socket:
        """Open one, and return it; whoever asked closes it. Pings are left to them, and a message beyond `max_bytes` ends it.

        `timeout` is in seconds, for all of it until the server's hello.

        Raises:
            RateLimited: the server asks us to wait.
            NotConnected: no connection was made.
            Malformed: the server answers, but with something else.
            NetworkError: it broke off, said no, or said nothing.
        """
        url = URL(self._base + path).with_query(params)
        failure: NetworkError
        # Errors are raised after the handler has ended, so that none carries the library's own along.
        try:
            async with asyncio.timeout(timeout):
                with self._towards(url):
                    headers = self._headers(url, {}, self._token)
                    return await self._open().ws_connect(url, headers=headers, autoping=False, max_msg_size=max_bytes, timeout=_LAST_WORDS)
        except aiohttp.ClientConnectorError as error:
            failure = self._unconnected(error)
        except aiohttp.WSServerHandshakeError as error:
            failure = self._unfriendly(error)
        except _ElsewhereError:
            failure = NetworkError(f"{self.host} sends us to another address, and a stream is not followed there")
        except TimeoutError:
            failure = NetworkError(f"{self.host} did not answer in time")
        except (aiohttp.ClientError, OSError, ValueError):
            failure = NetworkError(f"{self.host} broke off before its stream began")
        raise failure

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(socket_factory=self._socket, force_close=True)
            jar = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=jar, trust_env=False, middlewares=(self._stay,))
        return self._session

    async def _stay(self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        if request.url.origin() != self._origin:
            raise _ElsewhereError
        return await handler(request)

    def _unfriendly(self, error: aiohttp.WSServerHandshakeError) -> NetworkError:
        if error.status == _TOO_MANY:
            return RateLimited(f"{self.host} asks us to wait", retry_after(error.headers or {}, now()))
        if error.status < _FIRST_REFUSAL:
            return Malformed(f"{self.host} answered with something that is no stream")
        return NetworkError(f"{self.host} answered {error.status} instead of beginning a stream")
