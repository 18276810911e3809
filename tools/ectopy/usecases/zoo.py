"""Bundles that are known here, and bringing more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ectopy.errors import EctopyError, ModelError
from ectopy.graph.kind import KIND_WORDS, TfliteKind, identify
from ectopy.graph.reader import read_model_bytes, read_tflite
from ectopy.quantize.host import check_shapes
from ectopy.zoo import Bundle, open_bundle
from ectopy.zoo.bundle import bundle_roots, names_in, zoo_cache_dir
from ectopy.zoo.origin import KERAS, TFLITE, sha256_of
from ectopy.zoo.published import LAYOUTS, PUBLISHED, ZOO_URL, local_name


class Place(StrEnum):
    """Where a bundle is."""

    MODELS = "models"
    CACHE = "cache"
    ZOO = "zoo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One bundle.

    Attributes:
        name: What ``--model`` takes; of one that is still in the zoo, what it will take.
        where: Folder, or address.
        origin: ``fetched``, ``imported``, or None if it was made here or is not here.
        usable: Whether the device can run its int8 model; None if it is not here.
        state: That in words, with the reason.
        sha256: Of the model files, by name.
        hidden_by: Folder of another bundle that is found first under this name; None if none is.
    """

    name: str
    place: Place
    where: str
    origin: str | None
    usable: bool | None
    state: str
    sha256: Mapping[str, str]
    hidden_by: str | None


def list_bundles() -> tuple[Listed, ...]:
    """Bundles under models/, in the cache, and those of heartKIT's zoo that are not here."""
    rows: list[Listed] = []
    seen: dict[str, Path] = {}
    folders: set[Path] = set()
    for root in bundle_roots():
        place = Place.CACHE if root == zoo_cache_dir() else Place.MODELS
        for name in names_in(root):
            folder = (root / name).resolve()
            if folder not in folders:
                rows.append(_listed(name, folder, place, seen.get(name)))
                seen.setdefault(name, folder)
                folders.add(folder)
    return (*rows, *(_published(name) for name in PUBLISHED if local_name(name) not in seen))


def _published(name: str) -> Listed:
    address = ZOO_URL + LAYOUTS[0].format(name=name, file="")
    return Listed(
        name=local_name(name),
        place=Place.ZOO,
        where=address,
        origin=None,
        usable=None,
        state=f"not here yet: ectopy zoo fetch {name}",
        sha256={},
        hidden_by=None,
    )


def _listed(name: str, folder: Path, place: Place, before: Path | None) -> Listed:
    origin, usable = None, False
    try:
        bundle = open_bundle(folder)
        origin = None if bundle.origin is None else bundle.origin.kind.value
        usable, state = int8_state(bundle)
        hashes = {n: sha256_of(folder / n) for n in (KERAS, TFLITE) if (folder / n).is_file()}
    except EctopyError as error:
        state, hashes = error.message, {}
    except OSError as error:
        state, hashes = f"a file cannot be read: {error.strerror or error}", {}
    return Listed(
        name=name,
        place=place,
        where=str(folder),
        origin=origin,
        usable=usable,
        state=state,
        sha256=hashes,
        hidden_by=None if before is None else str(before),
    )


def int8_state(bundle: Bundle) -> tuple[bool, str]:
    """Whether the device can run the bundle's ``model.tflite``, and why not."""
    if not bundle.tflite_path.is_file():
        return False, f"not there: ectopy quantize --model {bundle.target}"
    try:
        data = read_model_bytes(bundle.tflite_path)
        kind = identify(data).kind
        if kind is not TfliteKind.FULL_INT8:
            return False, f"{KIND_WORDS[kind]}: ectopy quantize --model {bundle.target}"
        check_shapes(read_tflite(data, bundle.name), bundle.configuration)
    except ModelError as error:
        return False, error.message
    return True, "int8, usable"
