"""One file over HTTP: resumable, limited in size and in time, and never to where it must not go.

What was received so far stays in a partial file; beside it stands what the server said about the
whole, so that the next attempt continues the same file and no other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError

from ectopy.errors import InputError, ToolError
from ectopy.progress import Progress, silent
from ectopy.typed_json import read_value
from ectopy.zoo.transport import (
    MAX_REDIRECTS,
    AbsentError,
    Route,
    Waits,
    connected_for,
    open_url,
)

CHUNK_BYTES = 1 << 16
OK, PARTIAL, RANGE_WRONG = 200, 206, 416

RESUME_HINT = "run the same command again: it continues where this one stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file to get.

    Attributes:
        url: First address, checked by ``route``.
        name: For people.
        partial: Where bytes are collected; complete when :func:`download` returns. Asked for
            again, it is compared with the server's and fetched only if that one is another.
        limit_bytes: More than that is refused.
    """

    url: str
    name: str
    partial: Path
    limit_bytes: int
    route: Route
    waits: Waits


@dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    """What the server said about the file whose beginning is in the partial file."""

    url: str
    validator: str
    total_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """A reply that brings the file or the rest of it."""

    start: int
    total_bytes: int | None
    validator: str


def download(wanted: Wanted, progress: Progress = silent) -> None:
    """Completes ``wanted.partial``.

    Args:
        wanted: What to get, from where, how patiently.
        progress: Counts KiB; a total of 0 if the server does not tell.

    Raises:
        AbsentError: The server has no such file for us.
        ToolError: No network, a server that fails, is slow, ends early or sends something else.
        InputError: The partial file cannot be written.
    """
    have = _resumable_bytes(wanted)
    try:
        _receive(wanted, have, progress)
    except _StalePartialError:
        _forget(wanted)
        _receive(wanted, 0, progress)


class _StalePartialError(Exception):
    """What we have is not the beginning of what the server has."""


def _receive(wanted: Wanted, have: int, progress: Progress) -> None:
    deadline_s = time.monotonic() + wanted.waits.file_s
    with _network_errors(wanted):
        try:
            response = open_url(wanted.url, _headers(wanted, have), wanted.route, wanted.waits)
        except HTTPError as error:
            error.close()
            if error.code != RANGE_WRONG or not have:
                raise
            if error.headers.get("Content-Range") == f"bytes */{have}":
                return  # nothing is missing
            raise _StalePartialError from error
    with response, connected_for(response, deadline_s - time.monotonic()):
        reply = _understand(wanted, response, have)
        mode = "r+b" if reply.start else "wb"
        with _disk_errors(wanted), wanted.partial.open(mode, buffering=0) as file:
            file.truncate(reply.start)
            _remember(wanted, reply)  # no sooner: old bytes must not get a new description
            file.seek(reply.start)
            done = reply.start
            for chunk in _chunks(wanted, response, deadline_s):
                done += len(chunk)
                _require_limit(wanted, done)
                file.write(chunk)
                progress(done >> 10, (reply.total_bytes or 0) >> 10, wanted.name)
    if reply.total_bytes is not None and done != reply.total_bytes:
        raise _broken_off(wanted, f"after {done:,} of {reply.total_bytes:,} bytes")


def _chunks(wanted: Wanted, response: HTTPResponse, deadline_s: float) -> Iterator[bytes]:
    while True:
        try:
            with _network_errors(wanted):
                # read1 returns what is there; read would wait for a full chunk, however slow.
                chunk = response.read1(CHUNK_BYTES)
        except ToolError:
            if time.monotonic() < deadline_s:
                raise
            chunk = b""  # we have cut the connection
        if time.monotonic() >= deadline_s:
            raise _broken_off(wanted, f"by us after {wanted.waits.file_s:g} s: it is too slow")
        if not chunk:
            return
        yield chunk


def _headers(wanted: Wanted, have: int) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if validator := _recall(wanted).validator:
            headers["If-Range"] = validator
    return headers


def _understand(wanted: Wanted, response: HTTPResponse, have: int) -> _Reply:
    """Checks the head of a reply; HTML and compressed bodies are not what was asked for."""
    if response.status not in {OK, PARTIAL}:
        raise _odd(wanted, f"status {response.status}")
    kind = response.headers.get_content_type()
    if kind == "text/html":
        raise _odd(wanted, "a web page instead of the file")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise _odd(wanted, "a compressed file, which was not asked for")
    length = _number(response.headers.get("Content-Length"))
    start, total = 0, length
    if response.status == PARTIAL and not have:
        raise _odd(wanted, "a part of the file, which was not asked for")
    if response.status == PARTIAL:
        start, total = _range(wanted, response.headers.get("Content-Range", ""))
        memory = _recall(wanted)
        if start != have or (memory.total_bytes or total) != total:
            raise _StalePartialError
    if total is not None:
        _require_limit(wanted, total)
    return _Reply(start=start, total_bytes=total, validator=_validator(response))


def _range(wanted: Wanted, text: str) -> tuple[int, int | None]:
    """Start and total of ``bytes 100-199/200``."""
    unit, _, rest = text.partition(" ")
    span, _, total = rest.partition("/")
    start = _number(span.partition("-")[0])
    if unit != "bytes" or start is None:
        raise _odd(wanted, f"an odd Content-Range, {text[:60]!r}")
    return start, _number(total)


def _number(text: str | None) -> int | None:
    return int(text) if text and len(text) <= 15 and text.isdecimal() else None


def _validator(response: HTTPResponse) -> str:
    """A strong ETag, or the date of the file; what If-Range may carry."""
    etag = str(response.headers.get("ETag", ""))
    if etag and not etag.startswith("W/"):
        return etag[:200]
    return str(response.headers.get("Last-Modified", ""))[:200]


def _require_limit(wanted: Wanted, count: int) -> None:
    if count > wanted.limit_bytes:
        _forget(wanted)
        raise ToolError(
            f"{wanted.name} from {wanted.url} is larger than {wanted.limit_bytes:,} bytes",
            hint="no such file of a model is that large; is the address right?",
        )


def _resumable_bytes(wanted: Wanted) -> int:
    """Size of a partial file of the same address; one of another is left for that one."""
    if wanted.partial.is_file() and _recall(wanted).url == wanted.url:
        return wanted.partial.stat().st_size
    return 0


def _memory_path(wanted: Wanted) -> Path:
    return wanted.partial.with_name(f"{wanted.partial.name}.json")


def _remember(wanted: Wanted, reply: _Reply) -> None:
    memory = _Memory(url=wanted.url, validator=reply.validator, total_bytes=reply.total_bytes)
    _memory_path(wanted).write_text(json.dumps(asdict(memory)), encoding="utf-8")


def _recall(wanted: Wanted) -> _Memory:
    try:
        text = _memory_path(wanted).read_text(encoding="utf-8")
        memory: _Memory = read_value(json.loads(text), _Memory)
    except (OSError, ValueError, RecursionError):
        return _Memory(url="", validator="", total_bytes=None)
    return memory


def _forget(wanted: Wanted) -> None:
    wanted.partial.unlink(missing_ok=True)
    _memory_path(wanted).unlink(missing_ok=True)


def _broken_off(wanted: Wanted, how: str) -> ToolError:
    kept = wanted.partial.stat().st_size if wanted.partial.is_file() else 0
    said = f"; {kept:,} bytes are kept" if kept else ""
    return ToolError(f"{wanted.name} broke off {how}{said} ({wanted.url})", hint=RESUME_HINT)


def _odd(wanted: Wanted, what: str) -> ToolError:
    return ToolError(
        f"{wanted.url} answers with {what}",
        hint="is there a proxy or a login page in between? open the address in a browser",
    )


@contextmanager
def _disk_errors(wanted: Wanted) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{wanted.partial} cannot be written: {error.strerror or error}",
            hint="choose another folder with --dest, or make room; what arrived is kept",
        ) from error


@contextmanager
def _network_errors(wanted: Wanted) -> Iterator[None]:
    """Turns what sockets and HTTP raise into one error each."""
    try:
        yield
    except HTTPError as error:
        if error.code in {403, 404}:
            raise AbsentError(wanted.url, error.code) from error
        if 300 <= error.code < 400:
            where = f"in a circle, more than {MAX_REDIRECTS} times, or to no web address"
            raise _odd(wanted, f"redirects where we do not follow: {where}") from error
        raise ToolError(
            f"{wanted.url} answers {error.code} {str(error.reason)[:80]}",
            hint="the server's trouble, or the address is wrong; try again later",
        ) from error
    except TimeoutError as error:
        raise _broken_off(
            wanted, f"after {wanted.waits.read_s:g} s without a byte from the server"
        ) from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, TimeoutError):
            raise _broken_off(
                wanted, f"after {wanted.waits.read_s:g} s without an answer"
            ) from error
        raise ToolError(
            f"{wanted.name} cannot be had from {wanted.url}: {str(reason)[:200]}",
            hint=f"is there a network? {RESUME_HINT}",
        ) from error
