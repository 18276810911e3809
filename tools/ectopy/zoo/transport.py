"""Opening an address: which ones are allowed, how far redirects lead, how long to wait."""

from __future__ import annotations

import ipaddress
import os
import queue
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO
from urllib.parse import SplitResult, urlsplit

import ectopy
from ectopy.errors import InputError, ToolError

MAX_REDIRECTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Limits of patience.

    Attributes:
        read_s: Without any byte.
        answer_s: Until the head of the reply is there.
        file_s: Until the file is there.
    """

    read_s: float = 20.0
    answer_s: float = 60.0
    file_s: float = 600.0


class AbsentError(ToolError):
    """The server has no such file, or not for us (S3 says 403 for files that are not there)."""

    def __init__(self, url: str, code: int) -> None:
        super().__init__(f"{url} answers {code}: there is no such file")


@dataclass(frozen=True, slots=True)
class Route:
    """Addresses that may be asked.

    Everything over https; plain http only where the user named it (``base``) or on this computer,
    and a server elsewhere cannot send us to this computer by its number or its name ``localhost``.
    """

    base: SplitResult

    @classmethod
    def from_base(cls, base_url: str) -> Route:
        """The route that starts at an address of the user's.

        Raises:
            InputError: It is no http or https address.
        """
        try:
            parts = urlsplit(base_url)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
            usable = usable and "@" not in parts.netloc  # a password would reach zoo.json
            _ = parts.port  # raises for absurd ones
        except ValueError:
            usable = False
        if not usable:
            raise InputError(
                f"{base_url[:200]!r} is no http or https address",
                hint="for a folder on this computer there is `ectopy zoo import FOLDER`",
            )
        return cls(parts)

    def allows(self, url: str) -> bool:
        """Whether ``url`` may be asked."""
        try:
            parts = urlsplit(url)
            same_origin = (parts.scheme, parts.netloc) == (self.base.scheme, self.base.netloc)
            local, from_here = is_loopback(parts.hostname), is_loopback(self.base.hostname)
        except ValueError:
            return False
        if same_origin:
            return True
        if local:
            return from_here and parts.scheme in {"http", "https"}
        return parts.scheme == "https"


def is_loopback(host: str | None) -> bool:
    """Whether a host is this computer, by number in any spelling, or by name."""
    if host is None:
        return False
    name = host.rstrip(".").lower()
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        try:
            # What connects takes 127.1 and 2130706433 too.
            address = ipaddress.ip_address(socket.inet_aton(name))
        except OSError:
            return name == "localhost" or name.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a few redirects, and only along the route."""

    max_redirections = MAX_REDIRECTS
    max_repeats = 2

    def __init__(self, route: Route) -> None:
        self._route = route

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        fp.close()  # or its body would be read, however long it is
        if not self._route.allows(newurl):
            raise ToolError(
                f"{req.full_url} redirects to {newurl[:200]}, where we do not follow",
                hint="only https is followed, and never to this computer; name the address itself "
                "with --base-url if you trust it",
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def open_url(url: str, headers: dict[str, str], route: Route, waits: Waits) -> HTTPResponse:
    """The reply to a GET; its body is not read yet.

    The head is awaited in a thread that can be left behind, because a server that sends it byte by
    byte would be within every timeout of a single read.

    Raises:
        HTTPError: A status of 400 or above, or too many redirects.
        OSError, HTTPException: No connection, or no HTTP.
        ToolError: A redirect leads off the route, or no head in time.
    """
    request = urllib.request.Request(
        url, headers={"User-Agent": f"ectopy/{ectopy.__version__}", **headers}
    )
    handlers: list[urllib.request.BaseHandler] = [_Redirects(route)]
    if is_loopback(urlsplit(url).hostname):
        handlers.append(urllib.request.ProxyHandler({}))
    opener = urllib.request.build_opener(*handlers)
    replies: queue.Queue[HTTPResponse | Exception] = queue.Queue()

    def ask() -> None:
        try:
            replies.put(opener.open(request, timeout=waits.read_s))
        except (OSError, HTTPException, ToolError, ValueError) as error:
            replies.put(error)

    threading.Thread(target=ask, daemon=True, name="zoo-fetch").start()
    try:
        reply = replies.get(timeout=waits.answer_s)
    except queue.Empty:
        raise ToolError(
            f"{url} did not answer in {waits.answer_s:g} s", hint="try again later"
        ) from None
    if isinstance(reply, ValueError):
        raise ToolError(f"{url} leads to an address that cannot be used: {reply}") from reply
    if isinstance(reply, Exception):
        raise reply
    return reply


@contextmanager
def connected_for(response: HTTPResponse, seconds: float) -> Iterator[None]:
    """Cuts the connection of a reply when its time is up, whoever waits for it then.

    A server that sends the length of a chunk byte by byte would be within every timeout of a
    single read.
    """
    if response.isclosed():  # an empty body
        yield
        return
    with socket.socket(fileno=os.dup(response.fileno())) as connection:

        def cut() -> None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
