"""Which activations are stored channel after channel instead of pixel after pixel.

The kernels for the DSP extension want the time steps of a channel side by side ("planar": C, H, W
in memory instead of H, W, C). There are no kernels that change a layout, so an operator has all its
tensors in one: what one operator cannot do, its neighbours cannot do either. A tensor with no more
than one dimension above 1 is the same in both layouts and belongs to neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ectopy.graph.types import Graph, Op, Tensor

Planar = frozenset[int]
"""Indices of the planar tensors."""

ROW_MULTIPLE = 4
"""Rows of planar tensors are whole words."""

MAX_CHANNELS = 1023
"""Of a planar tensor: bits of ``ect_aot_tensor_t``."""

Fits = Callable[[Op], bool]


def planar_tensors(graph: Graph, fits: Fits) -> Planar:
    """The largest set of tensors that can be planar.

    Args:
        graph: The model.
        fits: Whether an operator has a kernel for planar tensors.
    """
    planar = {
        i for op in graph.ops for i in _activations(graph, op) if _candidate(graph.tensors[i])
    }
    # The application writes and reads these, and it knows one layout.
    planar -= {graph.input.index, graph.output.index}
    while True:
        dropped = {
            tensor
            for op in graph.ops
            for tensor in planar.intersection(_activations(graph, op))
            if not _all_in(graph, op, planar) or not fits(op)
        }
        if not dropped:
            return frozenset(planar)
        planar -= dropped


def physical_shape(tensor: Tensor, planar: bool) -> tuple[int, ...]:
    """Shape in the order of memory.

    Args:
        tensor: Activation, or a constant that is broadcast against one.
        planar: Whether the operator's activations are planar.
    """
    if not planar:
        return tensor.shape
    height, width, channels = (1, 1, 1, *tensor.shape)[-3:]
    return (1, channels, height, width)


def physical_axes(axes: Iterable[int], planar: bool) -> tuple[int, ...]:
    """Axes of an NHWC tensor in the order of memory."""
    return tuple(sorted((0, 2, 3, 1)[axis] for axis in axes)) if planar else tuple(axes)


def same_in_both(tensor: Tensor) -> bool:
    """Whether the layout makes no difference."""
    return sum(extent > 1 for extent in tensor.shape) <= 1


def _activations(graph: Graph, op: Op) -> list[int]:
    tensors = (*op.inputs, *op.outputs)
    return [i for i in tensors if i >= 0 and graph.tensors[i].data is None]


def _candidate(tensor: Tensor) -> bool:
    if same_in_both(tensor) or len(tensor.shape) != 4:
        return False
    _, height, width, channels = tensor.shape
    one_row = tensor.shape[0] == height == 1 and width % ROW_MULTIPLE == 0
    return one_row and channels <= MAX_CHANNELS


def _all_in(graph: Graph, op: Op, planar: set[int]) -> bool:
    tensors = _activations(graph, op)
    return all(i in planar or same_in_both(graph.tensors[i]) for i in tensors)
