"""``python tools/evb_bench.py``: the same as ``ectopy bench``."""

import sys

try:
    import ectopy.cli.bench
except ImportError as error:
    sys.exit(
        f"error: this Python cannot run ectopy: {error}\n"
        "hint: `make bench` sets up one that can; then use .venv/bin/python tools/evb_bench.py"
    )

ectopy.cli.main(["bench", *sys.argv[1:]])
