"""The error tree.

Every failure that a user can cause or repair is an :class:`EctopyError`: what happened, where,
and (``hint``) what to do about it. The command line prints both and exits with ``exit_code``:
2 when the input is at fault, 1 when the run failed. Anything else is a defect of ours.
"""

from __future__ import annotations


class EctopyError(Exception):
    """Base of all errors shown to people.

    Args:
        message: What happened and where, one sentence, no final advice.
        hint: What the user can do next; empty if there is nothing to say.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(EctopyError):
    """An option, path or file given by the user cannot be used."""

    exit_code = 2


class DataError(InputError):
    """ECG records or annotations are missing, short or corrupt."""


class ModelError(InputError):
    """A model file or bundle is unusable; names operator index, kind and reason if it has one."""


class BudgetError(InputError):
    """The image or the arena does not fit the board."""


class ToolError(EctopyError):
    """A program we depend on (compiler, QEMU, TensorFlow) is absent or failed."""


class LinkError(EctopyError):
    """The board is silent, busy, or does not speak our protocol."""


class GateError(EctopyError):
    """A threshold that the user asked for was not met; the results themselves are valid."""
