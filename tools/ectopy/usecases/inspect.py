"""What is in a model file, what it costs, and which engine runs it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ectopy.aot import unsupported_reason
from ectopy.errors import EctopyError
from ectopy.graph.costs import (
    OpCost,
    graph_constant_bytes,
    graph_macs,
    graph_parameters,
    op_cost,
    peak_activation_bytes,
)
from ectopy.graph.reader import load_tflite
from ectopy.graph.types import Graph, Op, Tensor
from ectopy.usecases.engine_plan import aot_plan
from ectopy.vocab import Activation, DType, EngineName, OpKind, Optimize
from ectopy.zoo import open_bundle

WRAPPERS = re.compile(r"^(functional|model|sequential)(_\d+)*$")
"""Scopes that Keras puts around every layer name."""

PARTS = re.compile(r"(\.(act|bn|conv))+$")
"""What the builder of the zoo networks appends for parts that conversion fuses into one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorFact:
    """An operand.

    Attributes:
        scales: One, or one per channel; empty for plain integers.
        constant: Whether its values are in the file.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: DType
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    constant: bool
    nbytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpFact:
    """One operator.

    Attributes:
        layer: Name of the layer it comes from, as far as the file tells.
        unsupported: Why an engine cannot run it, by engine; empty if all can.
    """

    index: int
    kind: OpKind
    layer: str
    activation: Activation
    inputs: tuple[TensorFact, ...]
    output: TensorFact
    cost: OpCost
    unsupported: dict[EngineName, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFact:
    """What one engine makes of the model.

    Attributes:
        arena_bytes: Working memory it plans; None if it cannot run the model, or plans on the
            device.
        problem: Why it cannot; empty if it can.
    """

    engine: EngineName
    supported: bool
    arena_bytes: int | None
    problem: str


_TFLM = EngineFact(engine=EngineName.TFLM, supported=True, arena_bytes=None, problem="")
"""It has a kernel for every operator that the graph reader accepts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A whole model.

    Attributes:
        peak_activation_bytes: Activations alive at once, at the worst operator.
    """

    name: str
    path: str
    file_bytes: int
    sha256: str
    input: TensorFact
    output: TensorFact
    ops: tuple[OpFact, ...]
    macs: int
    parameters: int
    constant_bytes: int
    peak_activation_bytes: int
    engines: tuple[EngineFact, ...]


def inspect_model(target: str) -> ModelFacts:
    """Facts of a model.

    Args:
        target: A .tflite file, a bundle's folder, or a bundle's name.

    Raises:
        ModelError: There is no such model, or it is not a full-integer int8 model.
    """
    path = model_file(target)
    graph = load_tflite(path)
    return ModelFacts(
        name=graph.name,
        path=str(path),
        file_bytes=path.stat().st_size,
        sha256=graph.sha256,
        input=_tensor(graph.input),
        output=_tensor(graph.output),
        ops=tuple(_op(graph, op) for op in graph.ops),
        macs=graph_macs(graph),
        parameters=graph_parameters(graph),
        constant_bytes=graph_constant_bytes(graph),
        peak_activation_bytes=peak_activation_bytes(graph),
        engines=(_aot(graph), _TFLM),
    )


def model_file(target: str) -> Path:
    """The model file that somebody means.

    Args:
        target: A .tflite file, a bundle's folder, or a bundle's name.

    Raises:
        ModelError: There is no such bundle.
    """
    path = Path(target)
    if path.is_dir() or (path.suffix != ".tflite" and not path.is_file()):
        return open_bundle(target).require_tflite()
    return path


def _tensor(tensor: Tensor) -> TensorFact:
    quant = tensor.quant
    return TensorFact(
        index=tensor.index,
        name=tensor.name,
        shape=tensor.shape,
        dtype=tensor.dtype,
        scales=() if quant is None else quant.scales,
        zero_points=() if quant is None else quant.zero_points,
        constant=tensor.data is not None,
        nbytes=tensor.nbytes,
    )


def _op(graph: Graph, op: Op) -> OpFact:
    reason = unsupported_reason(graph, op)
    return OpFact(
        index=op.index,
        kind=op.kind,
        layer=layer_name(graph.op_output(op).name),
        activation=getattr(op.attrs, "activation", Activation.NONE),
        inputs=tuple(_tensor(t) for t in graph.op_inputs(op) if t is not None),
        output=_tensor(graph.op_output(op)),
        cost=op_cost(graph, op),
        unsupported={} if reason is None else {EngineName.AOT: reason},
    )


def _aot(graph: Graph) -> EngineFact:
    try:
        arena_bytes = aot_plan(graph, Optimize.SPEED).arena_bytes
    except EctopyError as error:
        return EngineFact(
            engine=EngineName.AOT, supported=False, arena_bytes=None, problem=error.message
        )
    return EngineFact(engine=EngineName.AOT, supported=True, arena_bytes=arena_bytes, problem="")


def layer_name(tensor_name: str) -> str:
    """The layer in a converter's tensor name.

    Such names are scopes joined by ``/``, of all fused operators joined by ``;``; the innermost
    part is the operation, the outermost the model.
    """
    scopes = [scope for scope in tensor_name.partition(";")[0].split("/") if scope]
    layers = [scope for scope in scopes if not WRAPPERS.match(scope)]
    if not layers:
        return tensor_name
    return PARTS.sub("", re.sub(r"(_\d+)+$", "", layers[0]))
