"""What ns_autodeploy is asked to do, as its command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

PLATFORM = "apollo4p_evb"
CLOCK_MHZ = 192
"""Its validation image always runs in high-performance mode."""

ZOO_MAX_ARENA_KB = 80
ZOO_PADDING_KB = 0


class Transport(StrEnum):
    """How its validation image on the board is talked to."""

    UART = "UART"
    USB = "USB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of a run.

    Attributes:
        tty: Serial device; None lets it take the first one with the vendor's USB id.
        runs: Inferences whose outputs are compared, one window each.
        max_arena_kb: Arena of the first image; 0 is the largest that the board has room for.
        padding_kb: Added to the measured arena in the second image, because
            ``arena_used_bytes()`` forgets scratch buffers of some operators.
        show_make: Lets what make prints through, which it hides otherwise.
    """

    transport: Transport = Transport.UART
    tty: str | None = None
    runs: int = 20
    max_arena_kb: int = 0
    padding_kb: int = 4
    show_make: bool = False

    @property
    def verbosity(self) -> int:
        """2 prints totals and output differences, 4 what make prints too."""
        return 4 if self.show_make else 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Files and folders of a run, all absolute.

    Attributes:
        neuralspot: Root of the checkout.
        destination: Gets a folder per model; as seen by make, so below ``neuralspot``.
        run_id: Goes into the result log.
    """

    neuralspot: Path
    destination: Path
    tflite: Path
    dataset: Path
    resultlog: Path
    run_id: str


def zoo_settings(settings: Settings) -> Settings:
    """The settings under which the heartKIT zoo page lists its models, at 192 MHz."""
    return replace(settings, max_arena_kb=ZOO_MAX_ARENA_KB, padding_kb=ZOO_PADDING_KB)


def plain_name(model: str) -> str:
    """The model's name as its Makefiles and C sources can take it."""
    return re.sub(r"\W", "_", model, flags=re.ASCII)


def command_line(
    tool: Sequence[str], model: str, places: Places, settings: Settings
) -> tuple[str, ...]:
    """Program and arguments.

    Nothing is left to its defaults that depends on the working directory (the root is searched
    for without end) or on another board (the default platform is an Apollo510).

    Args:
        tool: Program, and words that go before the options.
        model: Name of the model, any text.
        places: Where everything is.
        settings: What to do.

    Source: ``Params`` in tools/ns_autodeploy.py of neuralSPOT 1.3.0.
    """
    options = {
        "tflite-filename": places.tflite,
        "model-name": plain_name(model),
        "platform": PLATFORM,
        "toolchain": "gcc",
        "neuralspot-rootdir": places.neuralspot,
        "destination-rootdir": places.destination,
        "dataset": places.dataset,
        "runs": settings.runs,
        "max-arena-size": settings.max_arena_kb,
        "arena-size-scratch-buffer-padding": settings.padding_kb,
        "cpu-mode": "HP",
        "transport": settings.transport,
        "tty": settings.tty or "auto",
        "resultlog-file": places.resultlog,
        "run-log-id": places.run_id,
        "verbosity": settings.verbosity,
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return (*tool, *words, "--no-random-data")
