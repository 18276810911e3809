"""Contexts to C text. Templates only lay out; an undefined name is an error."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ectopy.aot.types import Plan
from ectopy.codegen.build_context import aot_context, info_context
from ectopy.codegen.context import AotContext, ImageInfo, InfoContext
from ectopy.graph.types import Graph

TEMPLATES = Path(__file__).parent / "templates"


def render_image(graph: Graph, plan: Plan, info: ImageInfo) -> dict[str, str]:
    """The generated sources of one image; the same input gives the same bytes.

    Args:
        graph: The model.
        plan: Its plan by :func:`ectopy.aot.compile_graph`.
        info: Facts of the bundle.

    Returns:
        File name -> text: ``model_aot.c`` (``ect_aot_model``) and ``model_info.c``
        (``ect_model_info``).
    """
    return {
        "model_aot.c": _render("model_aot.c.j2", aot_context(graph, plan)),
        "model_info.c": _render("model_info.c.j2", info_context(graph, info)),
    }


def _render(template: str, context: AotContext | InfoContext) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    values = {field.name: getattr(context, field.name) for field in fields(context)}
    return environment.get_template(template).render(values)
