"""May a runtime run where it is asked to? Only its licence knows."""

from __future__ import annotations

from pathlib import Path

from ectopy.errors import InputError, ToolError
from ectopy.vocab import BoardName

_AMBIQ_ONLY = "Ambiq-manufactured CPU"
"""Words of the Ambiq Apollo SDK License by which it is known; it allows execution on those only."""
_APACHE = ("Apache License", "Version 2.0")
_HINT = "take RUNTIME=helia_rt_v1_3_0 (Apache-2.0), or an upstream tflite-micro tree by TFLM="

EMULATED = frozenset({BoardName.VIRT})
"""Boards whose processor is a program on another one."""


def require_licence(tree: Path, board: BoardName) -> None:
    """Turns down, for an emulated board, what is not known to be allowed there.

    Args:
        tree: A runtime with its LICENSE and, perhaps, those of its parts in ``third_party``.
        board: Where it is to run.

    Raises:
        InputError: The licence allows other processors only.
        ToolError: There is no licence, or an unknown one.
    """
    if board not in EMULATED:
        return
    own = tree / "LICENSE"
    for path in (own, *sorted(tree.glob("third_party/*/LICENSE"))):
        # Words, for lines are broken and spaced in their own way in each copy.
        text = " ".join(path.read_text(errors="replace").split()) if path.is_file() else ""
        if _AMBIQ_ONLY in text:
            raise InputError(
                f"{tree.name} may not run on board {board}: the Ambiq Apollo SDK License "
                f"({path.relative_to(tree)}) allows execution on Ambiq's CPUs only, and this "
                "board is an emulator",
                hint=_HINT,
            )
        if path == own and not all(words in text for words in _APACHE):
            raise ToolError(
                f"{path} is missing or not the Apache License 2.0, so it is not known whether "
                f"{tree.name} may run on the emulated board {board}",
                hint=_HINT,
            )
