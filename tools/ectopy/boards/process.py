"""A child process that is a board: started, watched, quoted when it dies, always ended."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ectopy.errors import LinkError, ToolError

_PR_SET_PDEATHSIG = 1
_GRACE_S = 2.0
_FIRST_WORDS = 200
_LAST_WORDS = 400


class Child:
    """A process that ends with the ``with`` block, with an exception, and with its parent.

    It runs in its own session: Ctrl-C in the terminal reaches only us, so that what it has
    measured can still be asked for.

    Args:
        command: Program and arguments.
        name: What the process is, for messages.
        stdin: As for :class:`subprocess.Popen`.
        stdout: As for :class:`subprocess.Popen`.
        pass_fds: File descriptors the child inherits under the same numbers.
        one_cpu: Keeps all its threads on one processor, where the system can.

    Raises:
        ToolError: The program cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        name: str,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        pass_fds: tuple[int, ...] = (),
        one_cpu: bool = False,
    ) -> None:
        self.name = name
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        try:
            self.popen = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=stdout,
                stderr=self._stderr,
                pass_fds=pass_fds,
                start_new_session=True,
                # One or two system calls; no lock of another thread can be held by them.
                preexec_fn=_die_with_parent_on_one_cpu if one_cpu else _die_with_parent,  # noqa: PLW1509
            )
        except OSError as error:
            self._stderr.close()
            raise ToolError(
                f"cannot start {name} ({Path(command[0]).name}): {error.strerror}",
                hint="is it installed and executable?",
            ) from error

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """Ends the process, if it must be by force; may be called twice."""
        try:
            if self.popen.poll() is None:
                self.popen.terminate()
                with suppress(subprocess.TimeoutExpired):
                    self.popen.wait(_GRACE_S)
        finally:
            # QEMU inside a blocking system call does not hear a polite signal; and who presses
            # Ctrl-C again does not want to wait for it.
            if self.popen.poll() is None:
                self.popen.kill()
                self.popen.wait()
            for stream in (self.popen.stdin, self.popen.stdout):
                if stream is not None:
                    stream.close()
            self._stderr.close()

    def last_words(self) -> str:
        """Beginning and end of what the process wrote to stderr, warnings left out."""
        if self._stderr.closed:
            return ""
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").splitlines()
        text = "\n".join(line for line in lines if ": warning: " not in line).strip()
        if len(text) <= _FIRST_WORDS + _LAST_WORDS:
            return text
        return f"{text[:_FIRST_WORDS]} [...] {text[-_LAST_WORDS:]}"

    def obituary(self) -> LinkError:
        """Why the link to this process ended."""
        try:
            code = self.popen.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            return LinkError(f"{self.name} closed the link", hint="run again")
        words = self.last_words() or "nothing"
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return LinkError(
            f"{self.name} ended unexpectedly ({how}); its last words: {words}",
            hint="what was measured so far is kept; if it says fault, the firmware is at fault",
        )


def _load_libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


_LIBC = _load_libc()


def _die_with_parent() -> None:
    """Between fork and exec: asks the kernel to kill the child when its parent dies."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _die_with_parent_on_one_cpu() -> None:
    _die_with_parent()
    if sys.platform == "linux":
        cpus = sorted(os.sched_getaffinity(0))
        # Several boards at once spread over the processors there are.
        with suppress(OSError):  # some containers forbid it; it is slower then, no more
            os.sched_setaffinity(0, {cpus[os.getpid() % len(cpus)]})
