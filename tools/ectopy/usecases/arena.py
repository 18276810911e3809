"""The arena of engine tflm: measured once for what goes into an image, then reserved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from ectopy.cycles import ArenaNeed, measure_arena
from ectopy.errors import BudgetError, InputError

NAME = "arena.json"
VARIABLE = "ARENA_BYTES"
_MOST_DIGITS = 9


def known_need(folder: Path, key: str) -> ArenaNeed | None:
    """What was measured in this build folder, if for the same sources, runtime and model."""
    try:
        noted = json.loads((folder / NAME).read_text())
        if noted["key"] == key:
            return ArenaNeed(
                used_bytes=int(noted["used_bytes"]), smallest_bytes=int(noted["smallest_bytes"])
            )
    except (OSError, ValueError, TypeError, KeyError):
        pass  # it is only a note
    return None


def remember_need(folder: Path, key: str, elf: Path) -> ArenaNeed:
    """Measures an image and leaves a note.

    Raises:
        ModelError: The runtime refuses the model.
    """
    need = measure_arena(elf)
    with suppress(OSError):  # then it is measured again
        (folder / NAME).write_text(json.dumps({"key": key, **asdict(need)}) + "\n")
    return need


def reserved_bytes(need: ArenaNeed | None, environment: Mapping[str, str]) -> int | None:
    """The smallest arena that is enough, or the larger one that ``ARENA_BYTES`` asks for.

    Args:
        need: What was measured; None where it could not be.
        environment: Variables.

    Returns:
        None if neither was measured nor is asked for.

    Raises:
        InputError: ``ARENA_BYTES`` is not a number of bytes.
        BudgetError: It is known not to be enough.
    """
    wanted = environment.get(VARIABLE, "")
    if not wanted:
        return None if need is None else need.smallest_bytes
    if not wanted.isdecimal() or len(wanted) > _MOST_DIGITS or int(wanted) == 0:
        raise InputError(f"{VARIABLE}={wanted} is not a number of bytes", hint="leave it out")
    if need is not None and int(wanted) < need.smallest_bytes:
        raise BudgetError(
            f"an arena of {int(wanted):,} bytes is too small for the model: the runtime needs "
            f"{need.smallest_bytes:,}, {need.smallest_bytes - int(wanted):,} are missing",
            hint=f"leave {VARIABLE}= out, then the arena is just large enough",
        )
    return int(wanted)
