"""What a bench run is asked for, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ectopy.errors import EctopyError
from ectopy.protocol import InputFormat
from ectopy.records import RunRecord
from ectopy.vocab import BoardName, DatasetName, EngineName, LinkKind, Optimize, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRequest:
    """One run.

    Attributes:
        model: Name or folder of a bundle.
        optimize: What the plan of engine aot is made for.
        data_dir: Where the ECG records are; None looks in the usual places.
        limit: Windows drawn over all records, None for the whole split.
        seed: Of that draw.
        input_format: How windows travel; all but int8 are preprocessed on the device.
        port: Serial port of a board that is not started by us.
        runs_dir: Gets a folder per run.
        command: How a person asked for this, for the record.
    """

    model: str
    board: BoardName = BoardName.VIRT
    engine: EngineName = EngineName.AOT
    optimize: Optimize = Optimize.SPEED
    dataset: DatasetName = DatasetName.AUTO
    split: Split | None = None
    data_dir: Path | None = None
    limit: int | None = 1000
    seed: int = 0
    link: LinkKind = LinkKind.AUTO
    port: str | None = None
    input_format: InputFormat = InputFormat.INT16_UV
    runs_dir: Path = Path("runs")
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRun:
    """A run that measured at least one window.

    Attributes:
        folder: Holds record.json, what goes with it and the pages about it; None if the disk did
            not take them.
        failure: What ended the run early, None if nothing did; to be raised when the results
            have been shown.
    """

    record: RunRecord
    folder: Path | None
    failure: EctopyError | KeyboardInterrupt | None
