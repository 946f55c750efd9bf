"""Models as the content of files, and back."""

from __future__ import annotations

from typing import Any

from fal.artifacts import code_files, plain_files, skops_files
from fal.artifacts.libraries import library_version, library_versions
from fal.artifacts.model import CODE, SUFFIXES, ModelVersion, Packed, Settings
from fal.exceptions import ArtifactError, FalError, UntrustedError


def pack(call: str, model: object, wanted: object, settings: Settings) -> Packed:
    """Write a model as the content of a file, and read it once to see that it can be.

    Args:
        call: the call, for messages.
        model: the model.
        wanted: the format; where None, the one that fits and can't run code: JSON for lists and
            dicts of plain values, Parquet for frames, npy for arrays, skops for all else.
        settings: what the project allows.

    Raises:
        UntrustedError: it holds types that are not trusted, or the format is not allowed.
        ArtifactError: it can't be written so.
    """
    form = _form(call, model, wanted)
    if form in CODE:
        _check_code(call, form, settings)
    try:
        data, modules = _write(call, form, model, settings)
    except FalError:
        raise
    except Exception as error:  # whatever the libraries and the model's own classes raise
        raise ArtifactError(
            f"{call}: a {_class_name(model)} can't be saved as {form}: "
            f"{type(error).__name__}: {error}"
        ) from error
    own = type(model).__module__
    return Packed(form, data, _class_name(model), library_versions({own, *modules}))


def unpack(call: str, found: ModelVersion, data: bytes, settings: Settings) -> Any:
    """Read a model from the content of its file, whose checksum is known to be right.

    Args:
        call: the call, for messages.
        found: the version.
        data: the content.
        settings: what the project allows.

    Raises:
        UntrustedError: the file holds types that are not trusted, or its format is not allowed.
        ArtifactError: it can't be read.
    """
    told = f"{call}: {found.label}"
    if found.format not in SUFFIXES:
        raise ArtifactError(
            f"{told} is kept as {found.format!r}, which this version of fal can't read"
        )
    if found.format in CODE:
        _check_code(told, found.format, settings)
    try:
        return _read(told, found, data, settings)
    except FalError:
        raise
    except Exception as error:  # whatever the libraries and the model's own classes raise
        raise ArtifactError(
            f"{told} can't be read: {type(error).__name__}: {error}{_other_versions(found)}"
        ) from error


def _form(call: str, model: object, wanted: object) -> str:
    if wanted is None:
        return plain_files.fitting(model) or "skops"
    if isinstance(wanted, str) and wanted in SUFFIXES:
        return wanted
    raise ArtifactError(f"{call}: format must be one of {', '.join(SUFFIXES)}; got {wanted!r}")


def _check_code(told: str, form: str, settings: Settings) -> None:
    if not settings.allow_pickle:
        raise UntrustedError(
            f"{told}: a {form} file runs code when it is opened, so it is written and read only "
            "where dbt_project.yml says `vars: {fal: {artifacts: {allow_pickle: true}}}`"
        )


def _write(call: str, form: str, model: object, settings: Settings) -> tuple[bytes, set[str]]:
    """The content, and the modules of the classes in it."""
    if form == "skops":
        return skops_files.write(call, model, settings.trusted_types)
    if form in CODE:
        return code_files.write(form, model), set()
    return plain_files.write(call, form, model), set()


def _read(told: str, found: ModelVersion, data: bytes, settings: Settings) -> Any:
    if found.format == "skops":
        return skops_files.read(told, data, settings.trusted_types)
    if found.format in CODE:
        return code_files.read(found.format, data)
    return plain_files.read(found.format, data, found.estimator)


def _other_versions(found: ModelVersion) -> str:
    """Which libraries have other versions now; often the reason."""
    now = library_versions(found.libraries)
    others = []
    for name, then in found.libraries.items():
        have = now.get(name) or library_version(name)
        if have != then:
            others.append(f"{name} {then} (here {have or 'not installed'})")
    return f"; it was saved with {', '.join(others)}" if others else ""


def _class_name(model: object) -> str:
    kind = type(model)
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
