"""What an image of board ``apollo4p`` is built with, besides engine and model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from ectopy.errors import InputError
from ectopy.toolchain.sdk import VARIABLE as SDK_VARIABLE
from ectopy.vocab import DEFAULT_BAUD, FASTEST_BAUD, SLOWEST_BAUD, ClockMode, ModelPlace

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardOptions:
    """Options that other boards do not have and do not mind.

    Attributes:
        neuralspot: Checkout with the vendor's SDK.
        baud: Of the UART; who opens the port must open it with the same.

    Raises:
        InputError: The UART cannot do that baud rate.
    """

    neuralspot: Path | None = None
    clock: ClockMode = ClockMode.HP
    baud: int = DEFAULT_BAUD
    model_in: ModelPlace = ModelPlace.MRAM

    def __post_init__(self) -> None:
        if not SLOWEST_BAUD <= self.baud <= FASTEST_BAUD:
            raise InputError(
                f"BAUD={self.baud} is not possible",
                hint=f"from {SLOWEST_BAUD:,} to {FASTEST_BAUD:,}; {DEFAULT_BAUD:,} is usual",
            )

    def __str__(self) -> str:
        """What of it changes an image, for its build id."""
        return f"clock={self.clock} baud={self.baud} model_in={self.model_in}"


def options_from(environment: Mapping[str, str] = os.environ) -> BoardOptions:
    """Options by the variables that the Makefile also knows; absent or empty is the default.

    Raises:
        InputError: A value cannot be.
    """
    root, baud = environment.get(SDK_VARIABLE), environment.get("BAUD") or str(DEFAULT_BAUD)
    if not (baud.isdecimal() and len(baud) < 9):
        raise InputError(f"BAUD={baud} is not a number", hint=f"such as {DEFAULT_BAUD}")
    return BoardOptions(
        neuralspot=Path(root).expanduser() if root else None,
        clock=_choose(ClockMode, "CLOCK", environment),
        baud=int(baud),
        model_in=_choose(ModelPlace, "MODEL_IN", environment),
    )


def _choose(kind: type[_Choice], variable: str, environment: Mapping[str, str]) -> _Choice:
    choices = list(kind)
    value = environment.get(variable) or choices[0].value
    try:
        return kind(value)
    except ValueError as error:
        raise InputError(
            f"{variable}={value} is unknown", hint=f"one of: {', '.join(choices)}"
        ) from error
