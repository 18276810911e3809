"""Model bundles in the layout and with the configuration of heartKIT's zoo."""

from ectopy.zoo.bundle import Bundle, bundle_names, class_labels, open_bundle
from ectopy.zoo.configuration import Configuration, NamedParams, Recipe

__all__ = [
    "Bundle",
    "Configuration",
    "NamedParams",
    "Recipe",
    "bundle_names",
    "class_labels",
    "open_bundle",
]
