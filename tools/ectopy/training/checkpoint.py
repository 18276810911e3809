"""A training put aside: everything that the next step depends on, in one .npz file."""

from __future__ import annotations

import json
import os
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ectopy.errors import InputError

_GROUPS = ("model", "average", "optimizer")

# What numpy and zipfile raise on files that are not what they expect.
_DAMAGED = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, RuntimeError,
            OverflowError, SyntaxError, MemoryError, struct.error, zipfile.BadZipFile)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checkpoint:
    """State after an epoch.

    Attributes:
        model: Variables in the order of the model, those of dropout's generators too.
        average: Their exponential averages.
        optimizer: Variables of the optimizer.
        batches: State of the batch generator.
        epochs: Loss and validation F1 of each epoch so far.
    """

    model: tuple[npt.NDArray[Any], ...]
    average: tuple[npt.NDArray[Any], ...]
    optimizer: tuple[npt.NDArray[Any], ...]
    batches: dict[str, object]
    epochs: tuple[tuple[float, tuple[float, ...] | None], ...]

    def require(self, group: str, shapes: Sequence[tuple[int, ...]]) -> None:
        """Refuses the checkpoint of another model.

        Args:
            group: Name of an attribute that holds variables.
            shapes: Of the variables that are there to take them.

        Raises:
            InputError: They differ in number or shape.
        """
        if [value.shape for value in getattr(self, group)] != [tuple(s) for s in shapes]:
            raise InputError(
                f"the checkpoint's {group} variables are not those of this model",
                hint="it is of another configuration; train into a new folder",
            )


def save_checkpoint(path: Path, state: Checkpoint) -> None:
    """Writes a checkpoint; the one before stays until the new one is whole.

    Raises:
        InputError: The file cannot be written.
    """
    arrays = {
        f"{group}-{index:04d}": value
        for group in _GROUPS
        for index, value in enumerate(getattr(state, group))
    }
    text = json.dumps({"batches": state.batches, "epochs": state.epochs})
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, state=np.frombuffer(text.encode(), np.uint8), **arrays)
            file.flush()
            os.fsync(file.fileno())  # or a power cut may leave a new name on an empty file
        partial.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def load_checkpoint(path: Path) -> Checkpoint:
    """Reads a checkpoint.

    Raises:
        InputError: The file is none.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            document = json.loads(file["state"].tobytes())
            groups = {
                group: tuple(file[name] for name in sorted(file.files) if name.startswith(group))
                for group in _GROUPS
            }
        epochs = tuple(
            (float(loss), None if scores is None else tuple(map(float, scores)))
            for loss, scores in document["epochs"]
        )
        return Checkpoint(batches=dict(document["batches"]), epochs=epochs, **groups)
    except _DAMAGED as error:
        raise InputError(
            f"{path} is not a checkpoint: {error}", hint="remove it, or train into a new folder"
        ) from error
