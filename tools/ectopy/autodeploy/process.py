"""A program that may hang or print for ever: run under two clocks, its whole group ended."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from ectopy.errors import ToolError

_GRACE_S = 3.0
_LOOK_S = 0.25
_KEPT_LINES = 60
_LINE_END = re.compile(rb"[\r\n]+")
_LONGEST_LINE_BYTES = 1 << 16
LARGEST_CONSOLE_BYTES = 64 << 20
"""More is heard, but not kept: a program that prints for ever must not fill the disk."""


class Ending(StrEnum):
    """Why a program is no longer running."""

    EXITED = "exited"
    SILENT = "silent"
    OVERTIME = "overtime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long to wait.

    Attributes:
        timeout_s: For the whole.
        silence_s: Since the last line that differed from the one before.
    """

    timeout_s: float = 1800
    silence_s: float = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to run.

    Attributes:
        console: Gets what the program prints, as it comes; at most :data:`LARGEST_CONSOLE_BYTES`.
    """

    command: Sequence[str]
    cwd: Path
    environ: Mapping[str, str]
    console: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How it ended.

    Attributes:
        exit_code: Negative for a signal; None if it was ended by us.
        last_lines: Of what it printed, without empty ones.
    """

    ending: Ending
    exit_code: int | None
    duration_s: float
    last_lines: tuple[str, ...]


def run_watched(job: Job, limits: Limits, heard: Callable[[str], None]) -> Finished:
    """Runs a program to its end or to the end of our patience.

    It gets a process group of its own, which is ended with it, with an exception and with
    Ctrl-C: what it started (make, the flash programmer) must not go on alone.

    Args:
        job: What to run.
        limits: How long to wait.
        heard: Told every line.

    Raises:
        ToolError: It cannot be started, or the console file cannot be written.
    """
    try:
        with job.console.open("wb") as console:
            process = subprocess.Popen(
                job.command,
                cwd=job.cwd,
                env=job.environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                return _Watch(process, console, heard).until(limits)
            finally:
                _end_group(process)
    except OSError as error:
        raise ToolError(
            f"cannot run {Path(job.command[0]).name}: {error.strerror}",
            hint="is it an executable file, and is there room on the disk?",
        ) from error


class _Watch:
    """What has been heard of a process."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        console: BinaryIO,
        heard: Callable[[str], None],
    ) -> None:
        self._process = process
        self._console = console
        self._heard = heard
        self._began_s = self._news_s = time.monotonic()
        self._rest = b""
        self._last: deque[str] = deque(maxlen=_KEPT_LINES)

    def until(self, limits: Limits) -> Finished:
        pipe = self._process.stdout
        assert pipe is not None
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while True:
                exited = self._process.poll() is not None
                if selector.select(0 if exited else _LOOK_S):
                    chunk = os.read(pipe.fileno(), 1 << 16)
                    self._hear(chunk)
                    if not chunk:
                        selector.unregister(pipe)
                elif exited:
                    # Something it left behind may hold the pipe open; there is no end to wait for.
                    return self._finish(Ending.EXITED)
                now_s = time.monotonic()
                if now_s - self._began_s > limits.timeout_s:
                    return self._finish(Ending.OVERTIME)
                if now_s - self._news_s > limits.silence_s:
                    return self._finish(Ending.SILENT)

    def _hear(self, chunk: bytes) -> None:
        self._console.write(chunk[: LARGEST_CONSOLE_BYTES - self._console.tell()])
        self._console.flush()
        *whole, self._rest = _LINE_END.split(self._rest + chunk)
        if not chunk or len(self._rest) > _LONGEST_LINE_BYTES:
            whole, self._rest = [*whole, self._rest], b""
        for each in whole:
            line = each.decode(errors="replace").rstrip()
            if not line.strip():
                continue
            # It may say every two seconds that a port is not there: that is no progress.
            if not self._last or line != self._last[-1]:
                self._news_s = time.monotonic()
            self._last.append(line)
            self._heard(line)

    def _finish(self, ending: Ending) -> Finished:
        self._hear(b"")
        return Finished(
            ending=ending,
            exit_code=self._process.returncode if ending is Ending.EXITED else None,
            duration_s=time.monotonic() - self._began_s,
            last_lines=tuple(self._last),
        )


def _end_group(process: subprocess.Popen[bytes]) -> None:
    try:
        if process.poll() is None:
            _signal_group(process, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_S)
    finally:
        _signal_group(process, signal.SIGKILL)
        # Even killed it stays for as long as a driver holds it; so not for ever.
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
        if process.stdout is not None:
            process.stdout.close()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # Nobody of the group may be left, or only those that wait to be reaped.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
