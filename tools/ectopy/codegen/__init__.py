"""C text of a model for an engine: contexts built in Python, laid out by Jinja2 templates."""

from ectopy.codegen.context import ImageInfo
from ectopy.codegen.render import BANNER, render_image, render_model, render_tflm
from ectopy.codegen.tflm import generous_arena_bytes

__all__ = [
    "BANNER",
    "ImageInfo",
    "generous_arena_bytes",
    "render_image",
    "render_model",
    "render_tflm",
]
