"""The plan: what the generated C does, in which order, and where every tensor lies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ectopy.aot.params import KernelParams
from ectopy.graph.types import ConstArray


class Kernel(StrEnum):
    """Kernels by the name of their C function, which is also their file's name."""

    CONV2D = "ect_conv2d_s8_ref"
    CONV2D_1X1 = "ect_conv2d_1x1_s8_ref"
    DWCONV2D = "ect_dwconv2d_s8_ref"
    DWCONV2D_M1 = "ect_dwconv2d_m1_s8_ref"
    MAX_POOL = "ect_max_pool_s8_ref"
    MEAN = "ect_mean_s8_ref"
    MUL = "ect_mul_s8_ref"
    ADD = "ect_add_s8_ref"
    FULLY_CONNECTED = "ect_fully_connected_s8_ref"
    AVERAGE_POOL = "ect_average_pool_s8_ref"
    SUB = "ect_sub_s8_ref"
    LOOKUP = "ect_lookup_s8_ref"
    SOFTMAX = "ect_softmax_s8_ref"
    PAD = "ect_pad_s8_ref"
    CONCAT = "ect_concat_s8_ref"
    SLICE = "ect_slice_s8_ref"
    BATCH_TO_SPACE = "ect_batch_to_space_s8_ref"
    CONV2D_M4 = "ect_conv2d_s8_m4"
    DWCONV2D_M4 = "ect_dwconv2d_s8_m4"
    MUL_COLUMNS_M4 = "ect_mul_columns_s8_m4"
    CONV2D_1X1_M4 = "ect_conv2d_1x1_s8_m4"
    CONV2D_1X1_W8_M4 = "ect_conv2d_1x1_w8_s8_m4"
    CONV2D_1XK_S2_M4 = "ect_conv2d_1xk_s2_s8_m4"
    DWCONV2D_1XK_M4 = "ect_dwconv2d_1xk_s8_m4"
    DWCONV2D_1XK_MEAN_M4 = "ect_dwconv2d_1xk_mean_s8_m4"
    CONV2D_DWCONV2D_1XK_M4 = "ect_conv2d_1xk_s2_dwconv2d_1xk_s8_m4"
    CONV2D_DWCONV2D_1XK_MEAN_M4 = "ect_conv2d_1xk_s2_dwconv2d_1xk_mean_s8_m4"
    MAX_POOL_1X2_M4 = "ect_max_pool_1x2_s8_m4"
    MEAN_ROWS_M4 = "ect_mean_rows_s8_m4"
    MUL_ROWS_M4 = "ect_mul_rows_s8_m4"
    DWCONV2D_1XK_CONV2D_1X1_M4 = "ect_dwconv2d_1xk_conv2d_1x1_w8_s8_m4"
    ADD_DENSE_M4 = "ect_add_dense_s8_m4"
    FULLY_CONNECTED_M4 = "ect_fully_connected_s8_m4"
    FULLY_CONNECTED_PACKED_M4 = "ect_fully_connected_packed_s8_m4"


OPERANDS_AS_ARRAY = frozenset({Kernel.CONCAT})
"""Kernels of any number of operands, which take an array of their addresses."""


class KernelSet(StrEnum):
    """Which kernels a compilation may choose from."""

    REF = "ref"
    M4 = "m4"


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorOperand:
    """An activation in the arena.

    Attributes:
        tensor: Index in ``Graph.tensors``.
        may_hold_output: The kernel reads each byte before it writes its place, so its first
            output, if it is of the same size, may take this operand's place.
    """

    tensor: int
    may_hold_output: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConstOperand:
    """A constant compiled into the image.

    Attributes:
        role: Short name for the C identifier, unique within its step.
        values: The array, in the layout the kernel documents.
    """

    role: str
    values: ConstArray


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentOperand:
    """What a kernel can do without; NULL in C."""


Operand: TypeAlias = TensorOperand | ConstOperand | AbsentOperand


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KernelCall:
    """One call of a kernel: ``kernel(&params, operands..., outputs...)``."""

    kernel: Kernel
    params: KernelParams
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """One operator of the graph, or neighbouring ones that one kernel computes together.

    Tensors that only operators of the same step touch need no place in the arena.

    Attributes:
        ops: Indices in ``Graph.ops``, one after the other; steps are in that order and complete.
        outputs: Tensors written to the arena, in the order of the kernel's arguments.
        call: The kernel call, or None where the operator costs nothing because its output is an
            alias of its input (RESHAPE).
        again: Operators of steps before that the kernel computes once more for itself, because
            their outputs would take too much of the arena until now.
    """

    ops: tuple[int, ...]
    outputs: tuple[int, ...]
    call: KernelCall | None
    again: tuple[int, ...] = ()


RESIZING = frozenset(
    {
        Kernel.CONV2D_1X1_M4,
        Kernel.CONV2D_1X1_W8_M4,
        Kernel.DWCONV2D_1XK_M4,
        Kernel.DWCONV2D_1XK_MEAN_M4,
    }
)
"""Kernels whose first output may begin where an operand begins though it is of another size: rows
keep their length and more follow, or they become shorter and each is read before it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """For how long a buffer has which size.

    Attributes:
        nbytes: Size.
        first: As in :class:`Buffer`.
        last: As in :class:`Buffer`.
    """

    nbytes: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer:
    """A piece of memory shared by tensors that are the same bytes, or take each other's place.

    Attributes:
        tensors: Indices in ``Graph.tensors``, in the order they come to life.
        nbytes: Size of the largest.
        first: First operator of the step that writes it; -1 for the graph input, which is there
            before the run.
        last: Last operator of the last step that needs it; the number of operators for the graph
            output.
        sizes: Of tensors of different sizes, one after the other; none if all are the largest.
    """

    tensors: tuple[int, ...]
    nbytes: int
    first: int
    last: int
    sizes: tuple[Span, ...] = ()

    @property
    def spans(self) -> tuple[Span, ...]:
        """Its sizes, or the only one."""
        return self.sizes or (Span(nbytes=self.nbytes, first=self.first, last=self.last),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A buffer and where it starts in the arena."""

    buffer: Buffer
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """A compiled graph.

    Attributes:
        steps: All operators, in execution order.
        placements: One per buffer.
        planar: Tensors stored channel after channel.
        arena_bytes: Size of the arena.
        live_peak_bytes: Most bytes alive at one step: no arena can be smaller without
            recomputing or reordering.
    """

    steps: tuple[Step, ...]
    placements: tuple[Placement, ...]
    planar: frozenset[int]
    arena_bytes: int
    live_peak_bytes: int

    def step_of(self, op: int) -> Step:
        """The step that computes an operator, alone or with others."""
        return next(step for step in self.steps if op in step.ops)

    def kernel_of(self, op: int) -> Kernel | None:
        """The kernel that computes an operator; None if there is none."""
        call = self.step_of(op).call
        return None if call is None else call.kernel

    def has_place(self, tensor: int) -> bool:
        """Whether an activation lies in the arena, rather than inside a step."""
        return any(tensor in placement.buffer.tensors for placement in self.placements)

    def offset_of(self, tensor: int) -> int:
        """Arena offset of an activation tensor.

        Raises:
            KeyError: The tensor has no place in the arena.
        """
        for placement in self.placements:
            if tensor in placement.buffer.tensors:
                return placement.offset
        raise KeyError(tensor)
