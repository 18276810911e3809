"""May a runtime run on an emulator? Only its licence knows.

An emulator is what board virt is, and what the cycle model and the measuring of an arena use, also
for an image that is meant for silicon.
"""

from __future__ import annotations

from pathlib import Path

from ectopy.vocab import BoardName

EMULATED = frozenset({BoardName.VIRT})
"""Boards whose processor is a program on another one."""

_AMBIQ_ONLY = "Ambiq-manufactured CPU"
"""Words of the Ambiq Apollo SDK License by which it is known; it allows execution on those only."""
_APACHE = ("Apache License", "Version 2.0")


def emulation_refusal(tree: Path) -> str:
    """Why a runtime may not be run on an emulator; empty if it may.

    Args:
        tree: With its LICENSE and, perhaps, those of its parts in ``third_party``.
    """
    own = tree / "LICENSE"
    for path in (own, *sorted(tree.glob("third_party/*/LICENSE"))):
        # Words, for lines are broken and spaced in their own way in each copy.
        text = " ".join(path.read_text(errors="replace").split()) if path.is_file() else ""
        if _AMBIQ_ONLY in text:
            return (
                f"the Ambiq Apollo SDK License of {tree.name} ({path.relative_to(tree)}) allows "
                "execution on Ambiq's CPUs only"
            )
        if path == own and not all(words in text for words in _APACHE):
            return (
                f"{path} is missing or not the Apache License 2.0, so it is not known whether "
                f"{tree.name} may run on an emulator"
            )
    return ""
