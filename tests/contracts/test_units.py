"""A quantity with a unit carries it in its name: `timeout_s`, never `timeout`."""

import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "tools" / "ectopy"
NAKED = re.compile(r"(^|_)(time|timeout|duration|delay|size|freq|frequency|latency|energy)$")

# Names of fixed schemas and of nested records, which hold the unit beside the value.
ALLOWED = {
    ("records.py", "latency"),
    ("records.py", "energy"),
    ("configuration.py", "frame_size"),
}


def test_dataclass_fields_name_their_unit() -> None:
    offenders = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ClassDef):
                continue
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    name = field.target.id
                    if NAKED.search(name) and (path.name, name) not in ALLOWED:
                        offenders.append(f"{path.relative_to(PACKAGE)}: {node.name}.{name}")
    assert not offenders, offenders
