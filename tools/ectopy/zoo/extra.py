"""The optional half of the tool that makes models."""

from __future__ import annotations

import importlib.util
import os

from ectopy.errors import ToolError


def require_tensorflow(*modules: str) -> None:
    """Ends with a clear error where TensorFlow is not installed; call before importing it.

    Also asks TensorFlow to be quiet, which it heeds only before its first import.

    Args:
        modules: Further modules of the extra that the caller needs.

    Raises:
        ToolError: One of them is not installed.
    """
    for module in (*modules, "tensorflow", "keras"):
        if importlib.util.find_spec(module) is None:
            raise ToolError(
                f"{module} is not installed",
                hint="pip install 'ectopy[train]', or use `make train` and `make quantize`, "
                "which set up a virtual environment of their own",
            )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
