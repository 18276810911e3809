"""A command that is interrupted while it works."""

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path


def run_and_interrupt(
    command: Sequence[str | Path], *, once: str, how: signal.Signals = signal.SIGINT
) -> subprocess.CompletedProcess[str]:
    """Runs a command, and sends it a signal when it has said ``once`` on stderr."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    heard = ""
    for line in process.stderr:
        heard += line
        if once in line:
            process.send_signal(how)
            break
    shown, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, shown, heard + errors)
