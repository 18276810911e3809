"""Bringing a bundle here: from heartKIT's zoo, or from a folder in the zoo's layout.

Files are collected in ``.incoming`` inside the bundle's folder, checked there, and renamed into
place together, the configuration last: a folder without it is no bundle to anybody. What a broken
off fetch received stays in ``.incoming`` for the next one.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ectopy.errors import InputError, ModelError, ToolError
from ectopy.filelock import take_lock
from ectopy.graph.kind import identify
from ectopy.graph.reader import read_model_bytes
from ectopy.progress import Progress, silent
from ectopy.zoo.archive import read_archive
from ectopy.zoo.bundle import REPOSITORY_MODELS, Bundle, names_in, open_bundle, read_json
from ectopy.zoo.bundle import zoo_cache_dir as cache
from ectopy.zoo.configuration import SAFE_NAME, parse_configuration
from ectopy.zoo.download import Wanted, download
from ectopy.zoo.origin import (
    ASSETS,
    CONFIGURATION,
    KERAS,
    LIMITS_BYTES,
    METRICS,
    ORIGIN,
    REQUIRED,
    SCHEMA_VERSION,
    TFLITE,
    FileOrigin,
    FileState,
    Origin,
    OriginKind,
    file_origin,
    file_states,
    read_origin,
    write_origin,
)
from ectopy.zoo.published import LAYOUTS, PREFIX, PUBLISHED, ZOO_URL, local_name, prefixed
from ectopy.zoo.transport import AbsentError, Route, Waits

INCOMING, LOCK = ".incoming", "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """What to fetch.

    Attributes:
        name: As the zoo calls it.
        folder: Becomes the bundle; None takes the cache.
        force: Fetches again what is here already.
    """

    name: str
    folder: Path | None = None
    base_url: str = ZOO_URL
    force: bool = False
    waits: Waits = field(default_factory=Waits)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What to import.

    Attributes:
        source: Folder in the zoo's layout.
        name: What to call it here; None takes the configuration's, with the prefix.
        folder: Becomes the bundle; None takes the cache.
        force: Replaces a bundle that is there.
    """

    source: Path
    name: str | None = None
    folder: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Obtained:
    """A bundle that is here now.

    Attributes:
        kept: It was here already, unchanged; nothing was fetched.
        absent: Files that the source does not have.
    """

    bundle: Bundle
    kept: bool
    absent: tuple[str, ...]


def fetch_bundle(request: FetchRequest, progress: Progress = silent) -> Obtained:
    """Downloads a bundle, or says that it is here.

    Raises:
        ToolError: The zoo cannot be reached, lacks the model, or serves something else.
        InputError: Name, address or folder cannot be used.
        ModelError: What is here was changed since, and ``force`` is not given.
    """
    name = local_name(request.name)
    published = request.name.removeprefix(PREFIX)
    Route.from_base(request.base_url)  # before anything is made on disk
    folder = request.folder or cache() / name
    with _exclusive(folder):
        if not request.force and (bundle := _already_here(folder)) is not None:
            return Obtained(bundle=bundle, kept=True, absent=())
        files = {}
        for asset in ASSETS:
            source = _fetch_asset(request, published, asset, _part(folder, asset), progress)
            if source is not None:
                files[asset] = file_origin(_part(folder, asset), source)
        return _place(folder, name, OriginKind.FETCHED, files)


def import_bundle(request: ImportRequest) -> Obtained:
    """Copies a folder in the zoo's layout.

    Raises:
        InputError: Folder or name cannot be used, or a bundle is in the way.
        ModelError: A file of the source cannot be used.
    """
    try:
        present = _sound_assets(request.source)
    except OSError as error:
        raise InputError(
            f"{str(request.source)[:200]} cannot be read: {error.strerror or error}",
            hint="name the folder of an export or a zoo",
        ) from error
    configuration = parse_configuration(
        read_json(request.source / CONFIGURATION), str(request.source / CONFIGURATION)
    )
    name = request.name or prefixed(configuration.name)
    _require_free_name(name)
    folder = request.folder or cache() / name
    if folder.resolve() == request.source.resolve():
        raise InputError(f"{folder} is the source itself", hint="it is usable as it is: --model")
    with _exclusive(folder, resumable=False):
        if (folder / CONFIGURATION).exists() and not request.force:
            raise InputError(
                f"there is a bundle in {folder}",
                hint="--force replaces it; --name keeps both",
            )
        files = {}
        for asset in present:
            _copy(request.source / asset, _part(folder, asset))
            source = str((request.source / asset).resolve())
            files[asset] = file_origin(_part(folder, asset), source)
        return _place(folder, name, OriginKind.IMPORTED, files)


def _require_free_name(name: str) -> None:
    if not SAFE_NAME.fullmatch(name):
        raise InputError(
            f"{name[:80]!r} cannot be the name of a bundle",
            hint="choose one with --name: at most 64 letters, digits, '.', '_' and '-', "
            "and no '.' in front",
        )
    if name in {*names_in(REPOSITORY_MODELS), *names_in(Path.cwd() / "models")}:
        raise InputError(
            f"{name} is the name of a bundle under models/, which would hide this one",
            hint=f"choose another with --name, as {PREFIX}{name}",
        )


def _already_here(folder: Path) -> Bundle | None:
    """The bundle in ``folder`` if it is whole; a model made here by quantize does not spoil it."""
    if not (folder / CONFIGURATION).exists():
        return None
    origin = read_origin(folder)
    if origin is None:
        raise InputError(
            f"{folder} holds a bundle that was not fetched",
            hint="choose another folder with --dest; --force replaces it",
        )
    states = file_states(folder, origin)
    wrong = [
        name
        for name, state in states.items()
        if state is not FileState.SAME and not (name == TFLITE and state is FileState.CHANGED)
    ]
    if wrong:
        raise ModelError(
            f"{folder}: {', '.join(wrong)} changed since the fetch or is gone",
            hint="--force fetches all files again",
        )
    return open_bundle(folder)


def _fetch_asset(
    request: FetchRequest,
    published: str,
    asset: str,
    partial: Path,
    progress: Progress,
) -> str | None:
    """Completes ``partial`` and checks it; its address, or None if it is not there."""
    absent: list[AbsentError] = []
    for layout in LAYOUTS:
        url = f"{request.base_url.rstrip('/')}/{layout.format(name=published, file=asset)}"
        wanted = Wanted(
            url=url,
            name=asset,
            partial=partial,
            limit_bytes=LIMITS_BYTES[asset],
            route=Route.from_base(request.base_url),
            waits=request.waits,
        )
        try:
            download(wanted, progress)
        except AbsentError as error:
            absent.append(error)
            continue
        _check_arrived(partial, asset, url)
        return url
    if asset in REQUIRED:
        raise ToolError(
            f"the zoo has no {asset} of {published}: {'; '.join(e.message for e in absent)}",
            hint=f"it publishes {', '.join(PUBLISHED)}; --base-url names another zoo",
        )
    return None


def _check_arrived(path: Path, asset: str, url: str) -> None:
    """Throws away what is not what its name says, so that it is not continued next time."""
    try:
        check_asset(path, asset)
    except ModelError as error:
        path.unlink(missing_ok=True)
        raise ToolError(
            f"what {url} serves is no {asset}: {error.message}",
            hint="the zoo is damaged or something in between answers for it; it was not kept",
        ) from error


def check_asset(path: Path, asset: str) -> None:
    """Looks whether a file is what it is called.

    Args:
        path: The file.
        asset: Of :data:`ASSETS`.

    Raises:
        ModelError: It is not.
    """
    if path.stat().st_size > LIMITS_BYTES[asset]:
        raise ModelError(f"{path} is larger than {LIMITS_BYTES[asset]:,} bytes")
    if asset == CONFIGURATION:
        parse_configuration(read_json(path), asset)
    elif asset == KERAS:
        read_archive(path)
    elif asset == TFLITE:
        identify(read_model_bytes(path))
    elif asset == METRICS and not isinstance(read_json(path), dict):
        raise ModelError(f"{path} is no JSON object")


def _part(folder: Path, asset: str) -> Path:
    return folder / INCOMING / f"{asset}.part"


def _sound_assets(source: Path) -> tuple[str, ...]:
    """Files of a bundle that a folder has, looked at; raises InputError, ModelError, OSError."""
    if not source.is_dir():
        raise InputError(
            f"there is no folder {source}", hint="name the folder of an export or a zoo"
        )
    for asset in REQUIRED:
        if not (source / asset).is_file():
            raise ModelError(
                f"{source} has no {asset}",
                hint="a bundle has at least model.keras and configuration.json, which is what "
                "heartKIT was given with -c",
            )
    present = tuple(asset for asset in ASSETS if (source / asset).is_file())
    for asset in present:
        check_asset(source / asset, asset)
    return present


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise _unwritable(target.parent.parent, error) from error


def _place(folder: Path, name: str, kind: OriginKind, files: dict[str, FileOrigin]) -> Obtained:
    """Moves what is in ``.incoming`` into the folder, the configuration last."""
    origin = Origin(schema_version=SCHEMA_VERSION, name=name, kind=kind, files=files)
    absent = tuple(asset for asset in ASSETS if asset not in files)
    try:
        (folder / CONFIGURATION).unlink(missing_ok=True)
        for asset in absent:
            (folder / asset).unlink(missing_ok=True)
            _part(folder, asset).unlink(missing_ok=True)
        write_origin(folder, origin)
        for asset in sorted(files, key=CONFIGURATION.__eq__):
            _part(folder, asset).replace(folder / asset)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return Obtained(bundle=open_bundle(folder), kept=False, absent=absent)


@contextmanager
def _exclusive(folder: Path, *, resumable: bool = True) -> Iterator[None]:
    """Makes the folder with its ``.incoming`` and keeps other fetches out of it.

    What is in ``.incoming`` at the end is kept if it is ``resumable``.
    """
    try:
        _require_ours(folder)
        (folder / INCOMING).mkdir(parents=True, exist_ok=True)
        lock = (folder / INCOMING / LOCK).open("w")
    except OSError as error:
        raise _unwritable(folder, error) from error
    with lock:
        if not take_lock(lock.fileno(), patience_s=0):
            raise ToolError(f"another fetch or import works in {folder}", hint="wait for it to end")
        try:
            yield
        finally:
            _tidy(folder, resumable)


def _tidy(folder: Path, resumable: bool) -> None:
    """Removes what holds nothing that a next fetch could continue."""
    with contextlib.suppress(OSError):
        if not (resumable and any((folder / INCOMING).glob("*.part"))):
            shutil.rmtree(folder / INCOMING, ignore_errors=True)
            if not any(folder.iterdir()):
                folder.rmdir()


def _require_ours(folder: Path) -> None:
    """Four files must not be strewn over somebody's home directory."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder", hint="choose another with --dest")
    present = {path.name for path in folder.iterdir()}
    if present and not present & {INCOMING, ORIGIN, CONFIGURATION}:
        raise InputError(
            f"{folder} holds other things than a bundle",
            hint="--dest names the bundle's own folder; choose one that is new or empty",
        )


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"{folder} cannot be written: {error.strerror or error}",
        hint="choose another folder with --dest, or make room",
    )
