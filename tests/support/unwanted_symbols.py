"""What no image of ours may hold: a heap, arithmetic on doubles in software, a C math library."""

import re
from collections.abc import Iterable

HEAP = r"_?(malloc|free|calloc|realloc|sbrk)(_r)?"
SOFT_DOUBLE = r"__aeabi_(d\w+|[a-z]+2d)|__\w+df\w*"
LIBM = (
    r"_*(exp2?|log|pow|sqrt|tanh?|sin|cos|l?l?round|floor|ceil|fabs|fm(in|ax|a|od)|l?l?rint"
    r"|ldexp|frexp)[fl]?"
)
_UNWANTED = re.compile(f"({HEAP}|{SOFT_DOUBLE}|{LIBM})")


def unwanted_among(names: Iterable[str]) -> set[str]:
    """Those of an image's symbols that should not be there."""
    return {name for name in names if _UNWANTED.fullmatch(name)}
