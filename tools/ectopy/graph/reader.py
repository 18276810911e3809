"""TFLite flatbuffer to :class:`Graph`; whatever is not understood is rejected.

The Python flatbuffers runtime does not verify a file: damaged offsets surface as assorted
exceptions or as nonsense values. The exceptions are turned into one error in :func:`read_tflite`;
the values are checked here where they size something, and by :mod:`ectopy.graph.verify` where they
mean something. No allocation is larger than the file.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

from ectopy.errors import ModelError
from ectopy.graph.flatbuffer import parse_graph
from ectopy.graph.rejections import DAMAGED, file_error
from ectopy.graph.types import Graph
from ectopy.graph.verify import verify

MAX_FILE_BYTES = 16 * 1024 * 1024
"""Eight times the flash of the largest board we know."""

IDENTIFIER = b"TFL3"


def read_tflite(data: bytes, name: str) -> Graph:
    """Reads and verifies a full-integer int8 model.

    Args:
        data: The whole file.
        name: Model name for people.

    Raises:
        ModelError: The bytes are no such model; names model, operator index, kind and reason.
    """
    try:
        return _read_verified(data, name)
    except ModelError as error:
        raise ModelError(f"model {name!r}: {error.message}", hint=error.hint) from error


def load_tflite(path: Path) -> Graph:
    """Reads a model file; its name is the stem, or the folder's name for ``model.tflite``.

    Raises:
        ModelError: The file cannot be read or is no model we accept.
    """
    return read_tflite(read_model_bytes(path), model_name(path))


def model_name(path: Path) -> str:
    """What a model is called: its file, or the folder of a file that is just ``model``."""
    return path.parent.name if path.stem == "model" and path.parent.name else path.stem


def read_model_bytes(path: Path) -> bytes:
    """The bytes of a model file of bearable size.

    Raises:
        ModelError: No such file, no permission, not a file, or too large.
    """
    try:
        if not path.is_file():
            raise ModelError(
                f"no model file at {path}", hint="name a .tflite file or a bundle from models/"
            )
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelError(
                f"{path} is larger than {MAX_FILE_BYTES} bytes",
                hint="no board we know has that much flash; is this the right file?",
            )
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror}", hint="check path and permissions"
        ) from error


def _read_verified(data: bytes, name: str) -> Graph:
    check_envelope(data)
    try:
        graph = parse_graph(data, name, hashlib.sha256(data).hexdigest())
    except (struct.error, IndexError, ValueError, TypeError, OverflowError) as error:
        raise file_error(f"its structure is damaged ({error})", hint=DAMAGED) from error
    verify(graph)
    return graph


def check_envelope(data: bytes) -> None:
    """Refuses what is no TFLite file at first sight.

    Raises:
        ModelError: Too large, a Git LFS pointer, or without the file identifier.
    """
    if len(data) > MAX_FILE_BYTES:
        raise file_error(f"it is larger than {MAX_FILE_BYTES} bytes")
    if data.startswith(b"version https://git-lfs"):
        raise file_error(
            "this is a Git LFS pointer, not the file itself", hint="fetch it with `git lfs pull`"
        )
    if len(data) < 8 or data[4:8] != IDENTIFIER:
        raise file_error(
            "the file identifier TFL3 is missing", hint="is this a .tflite file? is it complete?"
        )
