"""The board ``host``: the firmware as a native process on stdin and stdout."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ectopy.boards.links import PipeLink
from ectopy.boards.process import Child
from ectopy.protocol import Link
from ectopy.vocab import LinkKind


@contextmanager
def open_host(elf: Path) -> Iterator[Link]:
    """Starts ``elf`` and yields the link; the process ends with the block.

    Raises:
        ToolError: The program cannot be started.
    """
    with Child([str(elf)], name="the host board", stdin=subprocess.PIPE) as child:
        assert child.popen.stdin is not None and child.popen.stdout is not None
        read_fd = os.dup(child.popen.stdout.fileno())
        write_fd = os.dup(child.popen.stdin.fileno())
        child.popen.stdin.close()
        link = PipeLink(LinkKind.PIPE, read_fd, write_fd, child.obituary)
        try:
            yield link
        finally:
            link.close()
