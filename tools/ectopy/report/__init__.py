"""Pages and panels made from run records."""

from ectopy.report.comparison import comparison, value_text
from ectopy.report.markdown import markdown
from ectopy.report.screen import screen

__all__ = ["comparison", "markdown", "screen", "value_text"]
