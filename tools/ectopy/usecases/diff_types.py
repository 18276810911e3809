"""What a search for the first difference is asked for, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ectopy.metrics import TensorDifference
from ectopy.vocab import (
    BoardName,
    Cause,
    DatasetName,
    EngineName,
    LinkKind,
    OpKind,
    Optimize,
    Split,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRequest:
    """One search.

    Attributes:
        model: Name or folder of a bundle; what the device is compared with.
        optimize: What the plan of engine aot is made for; of another image, was.
        elf: An image to run instead of building one; None builds it from these sources.
        port: Serial port of a board that already runs; nothing is built or started then.
        window: Position of the only window to look at, in the windows drawn; every operator is
            compared even if the outputs agree. None sends windows until one differs.
    """

    model: str
    board: BoardName = BoardName.VIRT
    engine: EngineName = EngineName.AOT
    optimize: Optimize = Optimize.SPEED
    elf: Path | None = None
    port: str | None = None
    link: LinkKind = LinkKind.AUTO
    dataset: DatasetName = DatasetName.AUTO
    split: Split | None = None
    data_dir: Path | None = None
    limit: int | None = 100
    seed: int = 0
    window: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the device says it runs, beside what it should.

    Attributes:
        expected_sha256: Of the model compared with.
        expected_build_id: Of an image made from these sources and that model.
    """

    model: str
    tflite_sha256: str
    expected_sha256: str
    build_id: str
    expected_build_id: str
    board: str
    engine: str

    @property
    def stale_model(self) -> bool:
        """Whether the device runs another model."""
        return self.tflite_sha256 != self.expected_sha256

    @property
    def stale_firmware(self) -> bool:
        """Whether the device runs another build."""
        return self.build_id != self.expected_build_id


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowAnswer:
    """The window in which the search ended.

    Attributes:
        index: Position in the windows drawn.
        record: Record it comes from.
        beat_sample: Position of its beat in that record.
    """

    index: int
    record: str
    beat_sample: int
    device_outputs: tuple[int, ...]
    reference_outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorDifference:
    """The first operator, in execution order, whose output tensor differs.

    Attributes:
        kernel: What the engine computes it with; empty where it moves nothing (RESHAPE), and
            for an interpreter.
        shape: Of the output tensor.
        device_bytes: Of its output on the device.
        tensor: None if the device's tensor has another size.
        inputs_equal: Whether every tensor it reads was equal when its producer had written it;
            of what stays inside a kernel of several operators, whether its inputs were.
        together: Operators that the kernel computes, this one among them.
    """

    index: int
    kind: OpKind
    layer: str
    kernel: str
    shape: tuple[int, ...]
    device_bytes: int
    tensor: TensorDifference | None
    inputs_equal: bool
    together: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffReport:
    """What the search found.

    Attributes:
        reference: Name of the interpreter compared with.
        dataset: Name and split of the windows.
        windows_sent: Windows compared before the search ended.
        operators_compared: Tensors that were compared in the window of the search.
        window: None if all windows agreed, or if the device could not be asked.
        operator: None if no operator differs.
        input_tensor: How the device's input tensor differs, where preprocess is the cause and the
            model lets it be seen.
        causes: Likely ones, the likeliest first; empty where no known one fits.
    """

    identity: Identity
    reference: str
    dataset: str
    windows_sent: int
    operators_compared: int
    window: WindowAnswer | None
    operator: OperatorDifference | None
    input_tensor: TensorDifference | None
    causes: tuple[Cause, ...]

    @property
    def differs(self) -> bool:
        """Whether anything differs; the build's name alone does not count."""
        outputs_differ = (
            self.window is not None and self.window.device_outputs != self.window.reference_outputs
        )
        return outputs_differ or self.operator is not None or bool(self.causes)
