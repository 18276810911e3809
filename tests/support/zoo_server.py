"""A zoo on this computer that can be every kind of bad server."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True, kw_only=True)
class Behaviour:
    """How one path is answered; by default as a good server does."""

    status: int = 200
    cut_after: int | None = None
    """Closes the connection after so many bytes of the body."""
    stall_after: int | None = None
    """Stops sending after so many bytes, and keeps the connection open."""
    trickle_s: float = 0.0
    """Sends byte by byte with this pause."""
    declared_bytes: int | None = None
    """Content-Length, right or wrong."""
    endless: bool = False
    ranges: bool = True
    etag: bool = True
    range_start_error: int = 0
    """Answers ranges from elsewhere than asked."""
    redirect: str = ""
    content_type: str = "application/octet-stream"
    encoding: str = ""
    silent_s: float = 0.0
    """Waits before the first byte of the answer."""
    drip_head_s: float = 0.0
    """Sends the head byte by byte with this pause."""
    drip_chunk_s: float = 0.0
    """Sends the body in chunks, and the length of the second one byte by byte with this pause."""
    unasked_part: bool = False
    """Answers with the end of the file, whatever was asked."""
    redirect_body_bytes: int = 0
    """Length of the body of a redirect."""


@dataclass(slots=True)
class Zoo:
    """What the server has, and what it was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Range of every request."""
    redirect_bytes_sent: int = 0

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class _Handler(BaseHTTPRequestHandler):
    zoo: Zoo

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        # A client that gives up is part of many tests.
        with contextlib.suppress(OSError):
            self._answer()

    def _answer(self) -> None:
        ranged = self.headers.get("Range")
        self.zoo.asked.append((self.path, ranged))
        how = self.zoo.behaviours.get(self.path, Behaviour())
        time.sleep(how.silent_s)
        if how.drip_head_s:
            self._drip(b"HTTP/1.0 200 OK\r\nX-Filler: ", how.drip_head_s)
            return
        if how.drip_chunk_s:
            head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            self.wfile.write(head + b"5\r\nhello\r\n")
            self._drip(b"5;", how.drip_chunk_s)
            return
        if how.redirect:
            self._redirect(how)
            return
        body = self.zoo.files.get(self.path)
        if how.status != 200 or body is None:
            self.send_error(how.status if how.status != 200 else 404)
            return
        self._send(how, body, ranged)

    def _send(self, how: Behaviour, body: bytes, ranged: str | None) -> None:
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        start = int(ranged.removeprefix("bytes=").removesuffix("-")) if ranged else 0
        if not how.ranges or self.headers.get("If-Range", etag) != etag:
            start = 0
        if start and start >= len(body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.end_headers()
            return
        start = max(0, start - how.range_start_error) if start else 0
        if how.unasked_part:
            start = len(body) // 2
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if how.etag:
            self.send_header("ETag", etag)
        if how.encoding:
            self.send_header("Content-Encoding", how.encoding)
        self.send_header("Content-Type", how.content_type)
        if not how.endless:
            length = len(body) - start if how.declared_bytes is None else how.declared_bytes
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self._send_body(how, body[start:])

    def _send_body(self, how: Behaviour, body: bytes) -> None:
        while how.endless:
            self.wfile.write(bytes(1 << 16))
        if how.trickle_s:
            for i in range(len(body)):
                self.wfile.write(body[i : i + 1])
                time.sleep(how.trickle_s)
        end = next((n for n in (how.cut_after, how.stall_after) if n is not None), len(body))
        self.wfile.write(body[:end])
        if how.stall_after is not None:
            time.sleep(5)

    def _redirect(self, how: Behaviour) -> None:
        self.send_response(302)
        self.send_header("Location", how.redirect)
        self.end_headers()
        for _ in range(how.redirect_body_bytes >> 16):
            self.wfile.write(bytes(1 << 16))
            self.zoo.redirect_bytes_sent += 1 << 16

    def _drip(self, beginning: bytes, pause_s: float) -> None:
        for byte in beginning + b"a" * 10_000:
            self.wfile.write(bytes([byte]))
            time.sleep(pause_s)


@contextlib.contextmanager
def serving() -> Iterator[Zoo]:
    """A running zoo."""
    zoo = Zoo()
    handler = type("Handler", (_Handler,), {"zoo": zoo})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    zoo.url = f"http://127.0.0.1:{server.server_address[1]}/heartkit/beat/"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield zoo
    finally:
        server.shutdown()
        server.server_close()
