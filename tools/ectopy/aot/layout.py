"""Which activations are stored channel after channel instead of pixel after pixel.

The kernels for the DSP extension want the time steps of a channel side by side ("planar": C, H, W
in memory instead of H, W, C). An operator has all its tensors in one layout, but for convolutions
that gather their windows: these read and write either, which is where the layout changes. A tensor
with no more than one dimension above 1 is the same in both layouts and belongs to neither.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from types import MappingProxyType

from ectopy.graph.costs import op_macs
from ectopy.graph.types import Graph, Op, Tensor
from ectopy.vocab import OpKind

Planar = frozenset[int]
"""Indices of the planar tensors."""

ROW_MULTIPLE = 4
"""Rows of planar tensors are whole words."""

MAX_CHANNELS = 1023
"""Of a planar tensor: bits of ``ect_aot_tensor_t``."""

Fits = Callable[[Op], bool]


BRIDGE_CYCLES = 5
"""For each planar byte that a convolution gathers."""

SAVED_CYCLES: Mapping[OpKind, float] = MappingProxyType(
    {OpKind.CONV_2D: 1.0, OpKind.DEPTHWISE_CONV_2D: 4.0}
)
"""For each multiplication of an operator that is planar."""

OTHER_SAVED_CYCLES = 1.0
"""For each input of any other."""


def planar_tensors(graph: Graph, fits: Fits, bridges: Fits) -> Planar:
    """The largest set of tensors that can be planar, without those that are so in vain.

    Args:
        graph: The model.
        fits: Whether an operator has a kernel for planar tensors.
        bridges: Whether it has one that takes and gives either.
    """
    planar = _possible(graph, fits, bridges)
    kept: set[int] = set()
    for run in _runs(graph, planar):
        if _saved_cycles(graph, run, fits) > 0:
            kept |= run
    return frozenset(kept)


def _possible(graph: Graph, fits: Fits, bridges: Fits) -> set[int]:
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
            if not (bridges(op) or (all_in(graph, op, planar) and fits(op)))
        }
        if not dropped:
            return planar
        planar -= dropped


def _runs(graph: Graph, planar: set[int]) -> list[set[int]]:
    """Planar tensors that operators connect."""
    runs: list[set[int]] = []
    for op in graph.ops:
        touched = planar.intersection(_activations(graph, op))
        if not touched:
            continue
        joined = [run for run in runs if run & touched]
        runs = [run for run in runs if not run & touched]
        runs.append(touched.union(*joined))
    return runs


def _saved_cycles(graph: Graph, run: set[int], fits: Fits) -> float:
    """What a run of planar tensors saves by its kernels and costs where it ends."""
    saved = 0.0
    for op in graph.ops:
        if run.isdisjoint(_activations(graph, op)):
            continue
        x = graph.tensors[op.inputs[0]]
        if not (all_in(graph, op, run) and fits(op)):
            saved -= BRIDGE_CYCLES * x.elements * (x.index in run)
        elif op.kind in SAVED_CYCLES:
            saved += SAVED_CYCLES[op.kind] * op_macs(graph, op)
        else:
            saved += OTHER_SAVED_CYCLES * x.elements
    return saved


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


def all_in(graph: Graph, op: Op, planar: Container[int]) -> bool:
    """Whether all activations of an operator are planar, or the same in both layouts."""
    tensors = _activations(graph, op)
    return all(i in planar or same_in_both(graph.tensors[i]) for i in tensors)
