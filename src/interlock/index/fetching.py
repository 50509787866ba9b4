"""Fetch a page or a file from an index, with limits and retries.

An index may send one byte a minute, a page without end, a megabyte that unpacks to gigabytes, or
redirect in a circle. So each request has a limit on its total time, from the DNS look-up to the
last byte. It also has a limit on the unpacked bytes of its page. A temporary error is retried after
a delay, or at the time that ``Retry-After`` asks for.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

import httpx
import tenacity

from interlock.index import checks
from interlock.index.settings import IndexSettings, redacted
from interlock.model import IndexUnreachable, UsageError

ACCEPT = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
)
# httpx unpacks more. Of these alone the output is bounded: at most 1000 times the input.
ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
AGAIN = frozenset({408, 429, 500, 502, 503, 504})
"""The status codes that may change a little later."""
PARTIAL = 206
"""A part of a page, which nobody asked for: what it does not list may be there."""
REDIRECTS = 10
_END_BYTES = 2000
"""Where a page's last tag is looked for. Some indexes write a comment behind it."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for an index."""

    silence_s: float = 30.0
    """Between two pieces of an answer."""
    page_s: float = 120.0
    """For the whole of one answer."""
    file_s: float = 600.0
    """For the whole of one file."""
    page_bytes: int = 64 << 20
    """Unpacked. The largest pages of pypi.org have 20 MB."""
    attempts: int = 4
    first_wait_s: float = 1.0
    """Before the second attempt. It doubles before each further attempt."""
    longest_wait_s: float = 60.0
    """The longest wait, whatever ``Retry-After`` asks for."""


PATIENCE = Patience()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The complete answer of an index."""

    status: int
    reason: str
    headers: Mapping[str, str]
    content: bytes = b""
    encoding: str = "utf-8"
    url: str = ""
    """The final URL, after every redirect."""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300 and self.status != PARTIAL

    @property
    def text(self) -> str:
        try:
            return self.content.decode(self.encoding, errors="replace")
        except (
            LookupError,
            UnicodeError,
        ):  # not every encoding has a character in place of another
            return self.content.decode(errors="replace")


class Fetching:
    """Fetches pages as the settings define."""

    def __init__(self, settings: IndexSettings, patience: Patience) -> None:
        self._settings = settings
        self._patience = patience

    def __call__(self, url: str, headers: Mapping[str, str]) -> Answer:
        """The page, with retries. Raises ``IndexUnreachable``."""
        return self._again(url, lambda: self._ask(url, headers), self._patience.page_s)

    def copy(self, url: str, write: Callable[[bytes], object], most_bytes: int) -> Answer:
        """Pass on a file piece by piece. The returned answer has no content.

        Raises ``IndexUnreachable`` if the file is too large, takes too long or breaks off.
        """
        patience = self._patience
        return self._again(url, lambda: self._copy(url, write, most_bytes), patience.file_s)

    def _again(
        self, url: str, ask: Callable[[], Coroutine[None, None, Answer]], within_s: float
    ) -> Answer:
        patience = self._patience
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Unanswered)
            | tenacity.retry_if_result(lambda answer: answer.status in AGAIN),
            stop=tenacity.stop_after_attempt(patience.attempts),
            wait=self._pause_s,
            # The last answer is returned as it is.
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        try:
            answer: Answer = attempts(self._once, url, ask, within_s)
        except _Unanswered as error:
            raise IndexUnreachable(
                f"the package index {redacted(url)} did not answer: {error}; "
                "check the network, and the index and proxy in the settings of pip and uv"
            ) from error
        return answer

    def _pause_s(self, state: tenacity.RetryCallState) -> float:
        patience = self._patience
        backoff = tenacity.wait_exponential(patience.first_wait_s, max=patience.longest_wait_s)
        outcome = state.outcome
        if outcome is not None and not outcome.failed:
            asked_s = retry_after_s(outcome.result().headers.get("retry-after", ""))
            if asked_s is not None:
                return min(asked_s, patience.longest_wait_s)
        return backoff(state)

    def _once(
        self, url: str, ask: Callable[[], Coroutine[None, None, Answer]], within_s: float
    ) -> Answer:
        try:
            # The limit is on more than reading the page, because the headers may drip too.
            return asyncio.run(asyncio.wait_for(ask(), within_s))
        except (asyncio.TimeoutError, TimeoutError) as error:
            raise IndexUnreachable(
                f"the package index {redacted(url)} did not send its whole answer within "
                f"{within_s:g} s; check the network, and try again later"
            ) from error
        except httpx.TooManyRedirects as error:
            raise IndexUnreachable(
                f"the package index {redacted(url)} redirects in a circle"
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise _Unanswered(str(error) or type(error).__name__) from error

    async def _ask(self, url: str, headers: Mapping[str, str]) -> Answer:
        asked = {"Accept": ACCEPT, "Accept-Encoding": "gzip, deflate", **headers}
        async with self._response(url, asked) as response:
            return await self._whole(url, response)

    @asynccontextmanager
    async def _response(
        self, url: str, headers: Mapping[str, str]
    ) -> AsyncIterator[httpx.Response]:
        async with _client(self._settings, self._patience.silence_s) as client:
            request = client.build_request("GET", url, headers=headers)
            for _ in range(REDIRECTS):
                if problem := checks.problem_of(str(request.url)):
                    raise httpx.InvalidURL(f"it leads to {redacted(str(request.url))}: {problem}")
                # Redirects are followed here, because httpx would read each page without a limit.
                response = await client.send(request, stream=True)
                try:
                    if response.next_request is None:
                        yield response
                        return
                finally:
                    await response.aclose()
                request = response.next_request
            raise httpx.TooManyRedirects("too many redirects", request=request)

    async def _copy(self, url: str, write: Callable[[bytes], object], most_bytes: int) -> Answer:
        """Pass on a file as it arrives. What came before a break can't be taken back."""
        size = 0
        async with self._response(url, {"Accept-Encoding": "identity"}) as response:
            if response.is_success:
                try:
                    async for piece in response.aiter_raw(1 << 16):
                        size += len(piece)
                        if size > most_bytes:
                            raise IndexUnreachable(
                                f"{redacted(url)} sends more than {most_bytes >> 20} MiB"
                            )
                        write(piece)
                except httpx.HTTPError as error:
                    if size:
                        raise IndexUnreachable(f"{redacted(url)} broke off: {error}") from error
                    raise
        return Answer(status=response.status_code, reason=response.reason_phrase, headers={})

    async def _whole(self, url: str, response: httpx.Response) -> Answer:
        content = bytearray()
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if response.is_success:
            if encoding not in ENCODINGS:
                raise IndexUnreachable(
                    f"the package index {redacted(url)} answered in an encoding that was not asked "
                    f"for: {encoding}"
                )
            async for piece in response.aiter_bytes(1 << 16):
                content += piece
                if len(content) > self._patience.page_bytes:
                    raise IndexUnreachable(
                        f"the package index {redacted(url)} answered with more than "
                        f"{self._patience.page_bytes >> 20} MiB, which no page of a package has; "
                        "check the index URL"
                    )
            if _may_be_cut(response.headers, content):
                raise _Unanswered("its page may be cut: it has no end, and its length is not given")
        return Answer(
            status=response.status_code,
            reason=response.reason_phrase,
            headers={name.lower(): value for name, value in response.headers.items()},
            content=bytes(content),
            encoding=response.charset_encoding or "utf-8",
            url=str(response.url),
        )


def _may_be_cut(headers: httpx.Headers, content: bytearray) -> bool:
    """Whether nothing shows that a page of HTML is whole.

    The connection's end is the end of an answer without a length, and of a broken one. A page that
    was cut has fewer links, which reads as fewer releases. JSON that was cut can't be read.
    """
    if "content-length" in headers or "transfer-encoding" in headers:
        return False
    kind = headers.get("content-type", "").lower()
    return "html" in kind and b"</html>" not in content[-_END_BYTES:].lower()


class _Unanswered(Exception):
    """No answer came. Another attempt may get one."""


def retry_after_s(
    text: str, now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
) -> float | None:
    """The seconds in a ``Retry-After``, a number or a date. None if it is neither."""
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return max(0.0, (when - now()).total_seconds())


def _client(settings: IndexSettings, silence_s: float) -> httpx.AsyncClient:
    """A client that uses these settings, and ignores the environment."""
    verified = checks.certificates(
        settings.ca_bundle, settings.client_cert, settings.certificates_from
    )
    mounts: dict[str, httpx.AsyncBaseTransport | None] = {}
    for scheme in ("all", "http", "https"):
        if proxy := settings.proxies.get(scheme):
            whole = proxy if "://" in proxy else f"http://{proxy}"
            mounts[f"{scheme}://"] = httpx.AsyncHTTPTransport(verify=verified, proxy=whole)
    for pattern in _direct(settings.proxies.get("no", "")):
        mounts[pattern] = None
    for host in settings.trusted_hosts:
        mounts[f"all://{host}"] = httpx.AsyncHTTPTransport(verify=False)
    try:
        return httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(verify=verified),
            mounts=mounts,
            trust_env=False,
            follow_redirects=False,
            timeout=silence_s,
        )
    except (httpx.InvalidURL, ValueError) as error:
        raise UsageError(f"the proxy, or a trusted host, can't be used: {error}") from error


def _direct(no_proxy: str) -> Iterator[str]:
    """Patterns of hosts that are reached without the proxy. Invalid hosts are skipped."""
    for entry in filter(None, re.split(r"[,\s]+", no_proxy)):
        if entry == "*":
            yield "all://"
            continue
        host = entry.removeprefix("*").removeprefix(".")
        for pattern in (f"all://{host}", f"all://*.{host}"):
            try:
                httpx.URL(pattern)
            except (httpx.InvalidURL, ValueError):  # such as "::1" or "10.0.0.0/33"
                continue
            yield pattern
