"""What a deployment is asked for, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ectopy.errors import EctopyError
from ectopy.usecases.bench_types import BenchRun
from ectopy.vocab import BoardName, DatasetName, EngineName, Optimize

DEFAULT_LIMIT = 200


class DeployStep(StrEnum):
    """The way of a model onto a board, in this order."""

    QUANTIZE = "quantize"
    RENDER = "render"
    BUILD = "build"
    FLASH = "flash"
    HELLO = "hello"
    SELFTEST = "selftest"
    BENCH = "bench"
    REPORT = "report"


class Outcome(StrEnum):
    """How a step ended."""

    DONE = "done"
    UP_TO_DATE = "up to date"
    FAILED = "failed"
    NOT_REACHED = "not reached"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployRequest:
    """One deployment.

    Attributes:
        model: Name or folder of a bundle.
        optimize: What the plan of engine aot is made for.
        data_dir: Where the ECG records are; None looks in the usual places.
        limit: Windows to measure, None for the whole split.
        port: Serial port of ``apollo4p``; None looks for it.
        probe: Serial number of its J-Link, if there are several.
        steps: Which steps to take; see :func:`steps_from`.
        force_flash: Flashes even if the board runs this image already.
        runs_dir: Gets a folder for the run.
        command: How a person asked for this, for the record.
    """

    model: str
    board: BoardName = BoardName.VIRT
    engine: EngineName = EngineName.AOT
    optimize: Optimize = Optimize.SPEED
    dataset: DatasetName = DatasetName.AUTO
    data_dir: Path | None = None
    limit: int | None = DEFAULT_LIMIT
    port: str | None = None
    probe: str | None = None
    steps: tuple[DeployStep, ...] = tuple(DeployStep)
    force_flash: bool = False
    runs_dir: Path = Path("runs")
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """One step as it went.

    Attributes:
        detail: What was done, or why it was not needed, or what failed.
        duration_s: 0 for a step that was left out or not reached.
    """

    step: DeployStep
    outcome: Outcome
    detail: str = ""
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A deployment that was begun.

    Attributes:
        steps: All of them, in their order.
        run: What the bench measured; may hold a partial run beside a failure.
        pages: About the run: report.html, report.md, junit.xml.
        failure: What ended it early, None if nothing did; to be raised when the steps have been
            shown.
    """

    steps: tuple[StepResult, ...]
    run: BenchRun | None
    pages: tuple[Path, ...]
    failure: EctopyError | KeyboardInterrupt | None

    @property
    def failed_step(self) -> DeployStep | None:
        """Where to go on when the cause of the failure is gone."""
        failed = [result.step for result in self.steps if result.outcome is Outcome.FAILED]
        return failed[0] if failed else None


def steps_from(first: DeployStep) -> tuple[DeployStep, ...]:
    """This step and all that come after it."""
    order = tuple(DeployStep)
    return order[order.index(first) :]
