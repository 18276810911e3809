"""Pages and panels made from run records."""

from ectopy.report.markdown import markdown
from ectopy.report.screen import screen

__all__ = ["markdown", "screen"]
