"""How far each int8 layer is from its float twin."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from ectopy.graph.types import Graph, Op, QuantParams
from ectopy.preprocess import normalize
from ectopy.quantize.host import quantized_inputs
from ectopy.quantize.report import LayerError
from ectopy.reference import HostInterpreter
from ectopy.zoo import Configuration

FloatArray = npt.NDArray[np.float32]


def measure_layers(
    model: Any,
    configuration: Configuration,
    graph: Graph,
    interpreter: HostInterpreter,
    samples: npt.NDArray[np.float32],
) -> tuple[LayerError, ...]:
    """Compares every operator's output with the float Keras activation it stands for.

    Args:
        model: The Keras model the graph was made from.
        configuration: Of the model.
        graph: The int8 model.
        interpreter: Holds the same int8 model and keeps all activations.
        samples: float32 (n, 512), millivolts.

    Returns:
        One entry per operator, in order.
    """
    twins = _twins(model, graph)
    layers = [model.get_layer(name).output for name in twins.values()]
    probe = keras.Model(model.input, layers)
    inputs = normalize(samples, configuration.preprocess.epsilon_mv2)[:, :, np.newaxis]
    activations = [np.asarray(a) for a in probe(inputs, training=False)]
    floats = dict(zip(twins, activations, strict=True))
    sums = {index: _Sums() for index in twins}
    for i, window in enumerate(quantized_inputs(graph, configuration, samples)):
        interpreter.invoke(window)
        tensors = interpreter.tensors()
        for index, total in sums.items():
            tensor = graph.op_output(graph.ops[index])
            if tensor.quant is not None:
                total.add(floats[index][i], tensors[tensor.index], tensor.quant)
    return tuple(_layer(op, graph, twins, sums) for op in graph.ops)


class _Sums:
    """Signal and noise energy of one layer over all windows, and what int8 could not hold."""

    def __init__(self) -> None:
        self.signal = 0.0
        self.noise = 0.0
        self.saturated = 0
        self.elements = 0

    def add(self, expected: FloatArray, found: npt.NDArray[np.integer], quant: QuantParams) -> None:
        real = expected.astype(np.float64).reshape(-1)
        steps = found.astype(np.float64).reshape(-1) - quant.zero_point
        self.signal += float(np.square(real).sum())
        self.noise += float(np.square(real - steps * quant.scale).sum())
        ideal = real / quant.scale + quant.zero_point
        self.saturated += int(((ideal < -128.5) | (ideal > 127.5)).sum())
        self.elements += real.size


def _layer(op: Op, graph: Graph, twins: dict[int, str], sums: dict[int, _Sums]) -> LayerError:
    name = _keras_name(graph.op_output(op).name)
    if op.index not in twins:
        return LayerError(
            op=op.index, kind=op.kind.value, layer=name, sqnr_db=None, saturated=None, elements=0
        )
    total = sums[op.index]
    exact = total.noise == 0 or total.signal == 0
    return LayerError(
        op=op.index,
        kind=op.kind.value,
        layer=twins[op.index],
        sqnr_db=None if exact else 10 * float(np.log10(total.signal / total.noise)),
        saturated=total.saturated,
        elements=total.elements,
    )


def _twins(model: Any, graph: Graph) -> dict[int, str]:
    """Operator index -> Keras layer whose output it computes.

    The converter names a tensor ``<model>/<layer>_<call>/<operation>``; of the operators of one
    layer the last computes its output. The graph's output has a name of its own.
    """
    known = {layer.name: layer for layer in model.layers}
    last: dict[str, int] = {}
    for op in graph.ops:
        name = _keras_name(graph.op_output(op).name)
        if name in known and _same_shape(known[name], graph, op):
            last[name] = op.index
    twins = {index: name for name, index in last.items()}
    twins[graph.ops[-1].index] = model.layers[-1].name
    return dict(sorted(twins.items()))


def _same_shape(layer: Any, graph: Graph, op: Op) -> bool:
    return tuple(layer.output.shape[1:]) == graph.op_output(op).shape[1:]


def _keras_name(tensor_name: str) -> str:
    parts = tensor_name.split(";", maxsplit=1)[0].split("/")
    layer = parts[1] if len(parts) > 1 else parts[0]
    stem, _, call = layer.rpartition("_")
    return stem if stem and call.isdigit() else layer
