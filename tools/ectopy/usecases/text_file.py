"""Writing a file so that it is there whole, or not at all."""

from __future__ import annotations

from pathlib import Path

from ectopy.errors import InputError


def write_text(path: Path, text: str, hint: str = "") -> None:
    """Writes text in one step; makes the folder.

    Args:
        path: Of the file.
        text: All of it.
        hint: What to do if it cannot be written.

    Raises:
        InputError: It cannot be written.
    """
    draft = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror or error}", hint=hint
        ) from error
