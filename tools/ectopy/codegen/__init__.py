"""C text of a compiled model: contexts built in Python, laid out by Jinja2 templates."""

from ectopy.codegen.context import ImageInfo
from ectopy.codegen.render import BANNER, render_image

__all__ = ["BANNER", "ImageInfo", "render_image"]
