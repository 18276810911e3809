"""The second opinion: ns_autodeploy of neuralSPOT, run, read, and set beside our figures.

It runs on silicon only, with its own image and its own runtime; nothing of it is in here.
"""

from ectopy.autodeploy.compare import (
    LayerLine,
    Line,
    Ours,
    Theirs,
    Value,
    compare_figures,
    match_layers,
)
from ectopy.autodeploy.console_text import read_console
from ectopy.autodeploy.dataset import exact_floats, export_dataset
from ectopy.autodeploy.failures import failure_of, no_stats
from ectopy.autodeploy.locate import (
    Checkout,
    child_environment,
    find_checkout,
    find_tool,
    require_programs,
)
from ectopy.autodeploy.process import Job, Limits, run_watched
from ectopy.autodeploy.remarks import REMARKS, Remark
from ectopy.autodeploy.resultlog import read_resultlog
from ectopy.autodeploy.settings import (
    PLATFORM,
    Places,
    Settings,
    Transport,
    command_line,
    plain_name,
    zoo_settings,
)
from ectopy.autodeploy.stats import read_stats
from ectopy.autodeploy.workplace import inside_checkout

__all__ = [
    "PLATFORM",
    "REMARKS",
    "Checkout",
    "Job",
    "LayerLine",
    "Limits",
    "Line",
    "Ours",
    "Places",
    "Remark",
    "Settings",
    "Theirs",
    "Transport",
    "Value",
    "child_environment",
    "command_line",
    "compare_figures",
    "exact_floats",
    "export_dataset",
    "failure_of",
    "find_checkout",
    "find_tool",
    "inside_checkout",
    "match_layers",
    "no_stats",
    "plain_name",
    "read_console",
    "read_resultlog",
    "read_stats",
    "require_programs",
    "run_watched",
    "zoo_settings",
]
