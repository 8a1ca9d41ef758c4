"""Answers without an end, read line by line as they are sent: bounded, behind the same guard as every request, never followed elsewhere."""

from __future__ import annotations

import asyncio

import aiohttp
from yarl import URL

from listener.errors import Malformed, NetworkError
from listener.http import Answer, Http, Params
from listener.reaching import unreached

_MAX_CONNECT = 10.0
_FIRST_REFUSAL = 300


class Flow:
    """A 2xx answer that goes on. Whoever asked for it reads it and closes it; what is not read is held back by the network."""

    def __init__(self, response: aiohttp.ClientResponse, host: str, *, silence: float, longest: int) -> None:
        """Read from `response`; `silence` (in seconds) and `longest` (in bytes, one line) are what is borne."""
        self._response = response
        self._host = host
        self._silence = silence
        self._longest = longest
        self._rest = b""

    async def line(self) -> bytes:
        """Return the next line without its end; an empty one is a sign of life.

        Raises:
            Malformed: a line is longer than is borne.
            NetworkError: the network ended the answer, broke off, or sent nothing for too long.
        """
        while b"\n" not in self._rest:
            if len(self._rest) > self._longest:
                break
            self._rest += await self._more()
        found, _, self._rest = self._rest.partition(b"\n")
        if len(found) > self._longest:
            message = f"{self._host} sent a line without an end"
            raise Malformed(message)
        return found.rstrip(b"\r")

    async def _more(self) -> bytes:
        failure: NetworkError
        try:
            if part := await self._response.content.readany():
                return part
            failure = NetworkError(f"{self._host} ended the stream")
        except TimeoutError:
            failure = NetworkError(f"{self._host} sent nothing for {self._silence:.0f} s")
        except (aiohttp.ClientError, OSError, EOFError):
            failure = NetworkError(f"{self._host} broke off its stream")
        raise failure

    def close(self) -> None:
        """Let go of the connection."""
        self._response.close()


class Lines(Http):
    """Answers without an end from one network."""

    async def follow(self, path: str, *, params: Params, timeout: float, silence: float, longest: int) -> Answer | Flow:
        """Ask, and return the answer that goes on, or the whole of one that is no 2xx.

        `timeout` is in seconds until the answer begins; then nothing may be missing for longer than `silence` seconds. A line beyond
        `longest` bytes ends it. Where the network sends us elsewhere, nobody goes there.

        Raises:
            NotConnected: no connection was made.
            NetworkError: it broke off, or did not begin in time.
        """
        url = URL(self._base + path).with_query(params)
        limits = aiohttp.ClientTimeout(total=None, connect=min(_MAX_CONNECT, timeout / 2), sock_read=silence)
        failure: NetworkError
        # Errors are raised after the handler has ended: one raised within would carry the library's own, with the token in it.
        try:
            async with asyncio.timeout(timeout):
                with self._towards(url):
                    asked = self._headers(url, {"Accept-Encoding": "identity"}, self._token)
                    response = await self._open().get(url, headers=asked, timeout=limits, allow_redirects=False)
                if 200 <= response.status < _FIRST_REFUSAL:  # noqa: PLR2004 - the range is the definition
                    return Flow(response, self.host, silence=silence, longest=longest)
                async with response:
                    return Answer(response.status, response.headers, self._decode(response.status, await self._read(response)))
        except aiohttp.ClientConnectorError as error:
            failure = self._unconnected(error)
        except aiohttp.ConnectionTimeoutError as error:
            failure = unreached(self.host, error)
        except TimeoutError:
            failure = NetworkError(f"{self.host} did not answer in time")
        except (aiohttp.ClientError, OSError, EOFError):
            failure = NetworkError(f"{self.host} broke off before its stream began")
        raise failure
