"""Whether two files hold the same model, made on two machines."""

import numpy as np
import pytest

from ectopy.graph.types import Graph, Tensor


def require_same_graph(ours: Graph, theirs: Graph) -> None:
    """Equal but for the last bits of TensorFlow's floats, which depend on the processor."""
    assert [(op.kind, op.inputs, op.outputs, op.attrs) for op in ours.ops] == [
        (op.kind, op.inputs, op.outputs, op.attrs) for op in theirs.ops
    ]
    for one, other in zip(ours.tensors, theirs.tensors, strict=True):
        _require_same_tensor(one, other)


def _require_same_tensor(ours: Tensor, theirs: Tensor) -> None:
    assert (ours.name, ours.shape, ours.dtype) == (theirs.name, theirs.shape, theirs.dtype)
    assert (ours.quant is None, ours.data is None) == (theirs.quant is None, theirs.data is None)
    if ours.quant is not None and theirs.quant is not None:
        assert ours.quant.scales == pytest.approx(theirs.quant.scales, rel=1e-5)
        assert ours.quant.zero_points == theirs.quant.zero_points
    if ours.data is not None and theirs.data is not None:
        np.testing.assert_allclose(ours.data, theirs.data, rtol=1e-4, atol=1)
