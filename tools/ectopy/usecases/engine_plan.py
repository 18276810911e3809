"""The one place that decides with which plan an engine runs a model."""

from __future__ import annotations

from ectopy.aot import Plan, compile_graph
from ectopy.aot.types import ConstOperand, Step
from ectopy.errors import InputError
from ectopy.graph.types import Graph
from ectopy.vocab import EngineName, Optimize


def engine_plan(graph: Graph, engine: EngineName, optimize: Optimize) -> Plan | None:
    """The plan inside an image; None for an interpreter, which makes its own on the device.

    Args:
        graph: The model.
        engine: Of the image.
        optimize: What the image was built for.

    Raises:
        InputError: The engine has no plan that could be made for something.
        ModelError: The engine cannot run the model.
    """
    require_goal(engine, optimize)
    return aot_plan(graph, optimize) if engine is EngineName.AOT else None


def aot_plan(graph: Graph, optimize: Optimize) -> Plan:
    """The plan of engine aot.

    Raises:
        ModelError: It cannot run the model.
    """
    return compile_graph(graph, optimize=optimize)


def require_goal(engine: EngineName, optimize: Optimize) -> None:
    """Makes sure that what is asked for would change something.

    Raises:
        InputError: It would not: an interpreter has no plan.
    """
    if engine is not EngineName.AOT and optimize is not Optimize.SPEED:
        raise InputError(
            f"engine {engine} makes no plan that could be optimized for {optimize}",
            hint="leave --optimize out, or take --engine aot",
        )


def goal(engine: EngineName, optimize: Optimize) -> Optimize | None:
    """What an image's plan was made for; None if the engine makes none."""
    return optimize if engine is EngineName.AOT else None


def constant_bytes(step: Step) -> int:
    """Weights, biases and constant operands of a step, as they lie in the image."""
    operands = () if step.call is None else step.call.operands
    return sum(int(o.values.nbytes) for o in operands if isinstance(o, ConstOperand))
