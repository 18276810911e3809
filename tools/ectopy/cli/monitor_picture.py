"""The screen of ``ectopy monitor`` as a picture: an SVG without anything from outside."""

from __future__ import annotations

import io

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from ectopy.cli.monitor_screen import Scene, screen
from ectopy.report.monitor.content import Replay

COLUMNS, ROWS = 100, 30

_THEME = TerminalTheme(
    (14, 18, 22),
    (214, 220, 226),
    [
        (40, 46, 54),
        (235, 87, 80),
        (66, 190, 130),
        (240, 180, 41),
        (90, 160, 235),
        (197, 138, 240),
        (86, 190, 200),
        (200, 206, 212),
    ],
    [
        (112, 122, 134),
        (255, 107, 97),
        (92, 214, 152),
        (250, 204, 80),
        (125, 179, 236),
        (214, 164, 250),
        (120, 214, 224),
        (244, 247, 250),
    ],
)

_FORMAT = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; \
font-size: {char_height}px; line-height: {line_height}px; white-space: pre; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" \
height="{terminal_height}"/></clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" \
clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def picture(replay: Replay, speed: str) -> str:
    """An SVG of the last moment; it names only fonts that a computer may have.

    Args:
        replay: How it ended.
        speed: In words.
    """
    scene = Scene(
        tape=replay.tape,
        device=replay.device,
        tally=replay.tally,
        clock_s=replay.clock_s,
        speed=speed,
    )
    paper = Console(record=True, width=COLUMNS, height=ROWS, file=io.StringIO())
    paper.print(screen(scene, COLUMNS, ROWS), highlight=False)
    return paper.export_svg(
        title="ectopy monitor", theme=_THEME, code_format=_FORMAT, unique_id="monitor"
    )
