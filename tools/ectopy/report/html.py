"""The page ``report.html``: one file, no network, no scripts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ectopy.report.material import RunMaterial
from ectopy.report.page import page_of

TEMPLATES = Path(__file__).parent / "templates"


def html(materials: Sequence[RunMaterial], names: Sequence[str]) -> str:
    """The page about one or several runs; the same input gives the same text.

    Args:
        materials: At least one run.
        names: As many, how to call each.
    """
    return rendered("report.html.j2", page_of(materials, names))


def rendered(template: str, page: object) -> str:
    """A page by one of our templates, which sees it as ``page``."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=True,
    )
    return environment.get_template(template).render(page=page)
