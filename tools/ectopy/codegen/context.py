"""What the templates are given: everything decided, only layout left to do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Int8Array = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageInfo:
    """Facts of a model bundle that become part of the image.

    Attributes:
        name: Bundle name.
        class_names: One per output, in order.
        frame_samples: Samples per window.
        sampling_hz: Samples per second.
        epsilon_n2: Variance floor of the preprocess, microvolts squared times samples squared.
        golden_inputs: int8 (windows, frame_samples), already quantized.
        golden_outputs: int8 (windows, classes), by the reference executor.
    """

    name: str
    class_names: tuple[str, ...]
    frame_samples: int
    sampling_hz: int
    epsilon_n2: int
    golden_inputs: Int8Array
    golden_outputs: Int8Array


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayContext:
    """One constant array.

    Attributes:
        of_model: One of the model's constants, which a board may move to a faster memory.
    """

    name: str
    c_type: str
    count: int
    of_model: bool
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldContext:
    """One field of a designated initialiser."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StructContext:
    """One constant struct."""

    name: str
    c_type: str
    fields: tuple[FieldContext, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorContext:
    """A tensor in the arena, as literals."""

    offset: str
    planes: str
    nbytes: str
    scale: str
    zero_point: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """One operator, or several that are computed together: constants and the call.

    Attributes:
        ops: Indices of the operators.
        kinds: Of the operators, for comments.
        call: C statement; a comment where nothing is to be done.
    """

    ops: tuple[int, ...]
    kinds: str
    arrays: tuple[ArrayContext, ...]
    struct: StructContext | None
    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BannerContext:
    """Where a generated file comes from."""

    version: str
    model: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AotContext:
    """model_aot.c.

    Attributes:
        op_outputs: One per operator; those that stay inside a step have no bytes.
        together: Whether a step has several operators.
    """

    banner: BannerContext
    version: str
    arena_bytes: int
    alignment: int
    input: TensorContext
    op_outputs: tuple[TensorContext, ...]
    together: bool
    steps: tuple[StepContext, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoContext:
    """model_info.c."""

    banner: BannerContext
    class_names: tuple[str, ...]
    golden: tuple[ArrayContext, ...]
    fields: tuple[FieldContext, ...]
