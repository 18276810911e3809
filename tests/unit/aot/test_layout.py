"""Which tensors become planar."""

from ectopy.aot import KernelSet, compile_graph
from ectopy.aot.layout import physical_axes, physical_shape
from ectopy.aot.types import Kernel, Plan
from ectopy.graph.reader import read_tflite
from ectopy.graph.types import Graph
from ectopy.vocab import Activation, Optimize
from support.tflite_builder import ModelBuilder, Quant


def rows(*, width: int = 16, activation: Activation = Activation.NONE, reshape: bool = False):  # type: ignore[no-untyped-def]
    """A stem, a 1x1 convolution, a depthwise one, a mean; perhaps a reshape between."""
    builder = ModelBuilder(5)
    x = builder.input((1, 1, 2 * width, 1), Quant(0.05, 3))
    x = builder.conv_2d(x, channels=4, kernel=(1, 3), stride=(1, 2), output=Quant(0.5, 3))
    a = builder.conv_2d(x, channels=6, output=Quant(20.0, 5), activation=activation)
    if reshape:
        a = builder.reshape(a, (1, width, 1, 6))
        a = builder.reshape(a, (1, 1, width, 6))
    b = builder.depthwise_conv_2d(a, kernel=(1, 3), output=Quant(600.0, 0))
    data = builder.finish(builder.mean(b, axes=(1, 2), output=Quant(600.0, 0)))
    return read_tflite(data, "rows")


def planned(graph: Graph, kernels: KernelSet | None = None) -> tuple[Plan, list[Kernel]]:
    plan = compile_graph(graph, kernels, Optimize.DEBUG)
    return plan, [step.call.kernel for step in plan.steps if step.call is not None]


def test_a_chain_of_fitting_operators_is_planar() -> None:
    graph = rows()
    plan, kernels = planned(graph)
    assert plan.planar == {op.outputs[0] for op in graph.ops[:3]}
    assert kernels == [
        Kernel.CONV2D_1XK_S2_M4,
        Kernel.CONV2D_1X1_W8_M4,
        Kernel.DWCONV2D_1XK_M4,
        Kernel.MEAN_ROWS_M4,
    ]


def test_input_and_output_of_the_model_stay_as_the_application_writes_and_reads_them() -> None:
    builder = ModelBuilder(3)
    x = builder.input((1, 1, 16, 8), Quant(0.05, -3))
    for channels in (6, 5, 4):
        x = builder.conv_2d(x, channels=channels, output=Quant(0.5, 0))
    graph = read_tflite(builder.finish(x), "rows in, rows out")
    plan, kernels = planned(graph)
    assert not plan.planar & {graph.input.index, graph.output.index}
    products = {Kernel.CONV2D_1X1_M4, Kernel.CONV2D_1X1_W8_M4}
    assert products.isdisjoint((kernels[0], kernels[-1]))


def test_the_portable_set_has_neither_planar_tensors_nor_other_kernels() -> None:
    plan, kernels = planned(rows(), KernelSet.REF)
    assert not plan.planar
    assert kernels == [Kernel.CONV2D, Kernel.CONV2D_1X1, Kernel.DWCONV2D_M1, Kernel.MEAN]


def test_one_operator_that_does_not_fit_keeps_its_neighbours_from_it() -> None:
    for graph in (rows(width=12), rows(activation=Activation.RELU), rows(reshape=True)):
        plan, kernels = planned(graph)
        assert not plan.planar, kernels
        assert kernels[1] in {Kernel.CONV2D_1X1, Kernel.CONV2D_M4}
        assert kernels[2] == Kernel.DWCONV2D_M1


def test_planar_memory_has_the_channels_in_front() -> None:
    graph = rows()
    stem = graph.op_output(graph.ops[0])
    assert physical_shape(stem, True) == (1, 4, 1, 16)
    assert physical_shape(stem, False) == (1, 1, 16, 4)
    assert physical_axes((1, 2), True) == (2, 3)
    assert physical_axes((1, 3), True) == (1, 2)
    assert physical_axes((1, 3), False) == (1, 3)


def between_images(filters: int) -> Graph:
    """Convolutions of the first and the last row's pixels, and depthwise ones between them."""
    builder = ModelBuilder(9)
    x = builder.input((1, 1, 32, 3), Quant(0.05, 0))
    x = builder.conv_2d(x, channels=8, output=Quant(0.5, 0))
    for _ in range(filters):
        x = builder.depthwise_conv_2d(x, kernel=(1, 9), output=Quant(2.0, 0))
    x = builder.conv_2d(x, channels=4, output=Quant(5.0, 0))
    return read_tflite(builder.finish(x), "between")


def test_a_run_is_planar_only_where_it_saves_more_than_its_ends_cost() -> None:
    plan, kernels = planned(between_images(2))
    assert len(plan.planar) == 3
    assert kernels == [
        Kernel.CONV2D_M4,
        Kernel.DWCONV2D_1XK_M4,
        Kernel.DWCONV2D_1XK_M4,
        Kernel.CONV2D_M4,
    ]
    plan, kernels = planned(between_images(0))
    assert not plan.planar
    assert kernels == [Kernel.CONV2D_M4, Kernel.CONV2D_M4]
