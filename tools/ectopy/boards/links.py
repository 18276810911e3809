"""Links of boards: a serial port, and a pair of pipes."""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Callable
from contextlib import suppress

import serial

from ectopy.errors import LinkError
from ectopy.vocab import LinkKind

BAUD = 115_200
_WRITE_TIMEOUT_S = 10.0

Obituary = Callable[[], LinkError]
"""Says why the other side is gone, where we know more than that it is gone."""


def _unplugged() -> LinkError:
    return LinkError("the serial port went away", hint="was the board unplugged?")


class SerialLink:
    """A serial port, through pyserial; nobody else may open it meanwhile.

    Args:
        port: Device name.
        obituary: Explains the end of the link.
        baud: Bits per second; a pseudo terminal does not care.

    Raises:
        LinkError: The port is missing, busy, forbidden, or no serial port.
    """

    kind = LinkKind.UART

    def __init__(self, port: str, obituary: Obituary = _unplugged, *, baud: int = BAUD) -> None:
        self.name = f"{port} at {baud} baud"
        self._obituary = obituary
        try:
            self._serial = serial.Serial(
                port, baud, timeout=0, write_timeout=_WRITE_TIMEOUT_S, exclusive=True
            )
        except (serial.SerialException, OSError, ValueError) as error:
            raise _cannot_open(port, error) from error

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See :class:`ectopy.protocol.Link`."""
        try:
            ready, _, _ = select.select([self._serial.fileno()], [], [], timeout_s)
            if not ready:
                return b""
            # At least one: a port that hung up is ready and has none, and read() says so.
            return bytes(self._serial.read(min(max_bytes, self._serial.in_waiting or 1)))
        except (serial.SerialException, OSError) as error:
            raise self._obituary() from error

    def write(self, data: bytes) -> None:
        """See :class:`ectopy.protocol.Link`."""
        try:
            self._serial.write(data)
        except serial.SerialTimeoutException as error:
            raise _stuck() from error
        except (serial.SerialException, OSError) as error:
            raise self._obituary() from error

    def close(self) -> None:
        """See :class:`ectopy.protocol.Link`."""
        with suppress(OSError):
            self._serial.close()


class PipeLink:
    """Two pipes; owns neither file descriptor's process.

    Args:
        kind: ``fast`` or ``pipe``.
        read_fd: What the board sends; closed with the link.
        write_fd: What the board receives; closed with the link.
        obituary: Explains the end of the link.
    """

    def __init__(self, kind: LinkKind, read_fd: int, write_fd: int, obituary: Obituary) -> None:
        self.kind = kind
        self.name = f"the {kind} link"
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._obituary = obituary
        self._open = True
        os.set_blocking(write_fd, False)

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See :class:`ectopy.protocol.Link`."""
        ready, _, _ = select.select([self._read_fd], [], [], timeout_s)
        if not ready:
            return b""
        data = os.read(self._read_fd, max_bytes)
        if not data:
            raise self._obituary()
        return data

    def write(self, data: bytes) -> None:
        """See :class:`ectopy.protocol.Link`."""
        view = memoryview(data)
        while view:
            _, ready, _ = select.select([], [self._write_fd], [], _WRITE_TIMEOUT_S)
            if not ready:
                raise _stuck()
            try:
                view = view[os.write(self._write_fd, view) :]
            except BlockingIOError:
                continue  # room for less than one atomic write: wait again
            except BrokenPipeError as error:
                raise self._obituary() from error

    def close(self) -> None:
        """See :class:`ectopy.protocol.Link`."""
        if self._open:
            self._open = False
            os.close(self._read_fd)
            os.close(self._write_fd)


def _stuck() -> LinkError:
    return LinkError(
        f"the board has taken no bytes for {_WRITE_TIMEOUT_S:.0f} s",
        hint="it hangs; reset it and run again",
    )


def _cannot_open(port: str, error: Exception) -> LinkError:
    code = getattr(error, "errno", None)
    text = str(error).lower()
    if code == errno.ENOENT:
        return LinkError(
            f"no serial port {port}",
            hint="is the board plugged in? its port may have another number now: `ectopy ports`",
        )
    if code == errno.EACCES:
        return LinkError(
            f"no permission to open {port}", hint="add yourself to its group (often dialout)"
        )
    if code in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in text:
        return LinkError(
            f"serial port {port} is busy",
            hint="close the program that holds it: a terminal, a serial monitor, another run",
        )
    return LinkError(f"cannot open {port} as a serial port: {error}", hint="check PORT= or --port")
