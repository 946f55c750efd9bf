"""What `save_model` and `load_model` do in the script's own process.

Models are written as files and read from them there, since it has the libraries that they
need; where files and facts are kept is the session's to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fal.artifacts.facts import metrics_of, params_of
from fal.artifacts.model import (
    LATEST,
    ModelVersion,
    checked_model_name,
    checked_version,
)
from fal.runtime.session import require

if TYPE_CHECKING:
    from fal.artifacts.model import Format
    from fal.runtime.session import ModelKeeper


def save(
    session: ModelKeeper,
    model: object,
    name: object,
    metrics: object = None,
    params: object = None,
    form: object = None,
) -> ModelVersion:
    """Save a version of a model; see `save_model`."""
    from fal.artifacts.formats import pack

    named = checked_model_name("save_model()", name)
    call = f"save_model({named!r})"
    facts = metrics_of(call, metrics), params_of(call, params)
    packed = pack(call, model, form, session.model_settings)
    return session.keep_model(named, packed, *facts)


def load(session: ModelKeeper, name: object, version: object = LATEST) -> Any:
    """Load a version of a model; see `load_model`."""
    from fal.artifacts.formats import unpack

    named = checked_model_name("load_model()", name)
    call = f"load_model({named!r})"
    found, data = session.fetch_model(named, checked_version(call, version))
    return unpack(call, found, data, session.model_settings)


def save_model(
    model: object,
    name: str,
    *,
    metrics: Mapping[str, object] | None = None,
    params: Mapping[str, object] | None = None,
    format: Format | None = None,  # noqa: A002 - the word for it
) -> ModelVersion:
    """Save a version of a trained model, which `load_model` finds from then on.

    Args:
        model: an estimator of scikit-learn, or what holds such; a frame, an array, or a list or
            dict of plain values.
        name: the model's name, such as `driver_position`.
        metrics: numbers that tell how good it is, by name.
        params: what it was made with, by name.
        format: how its file is written; without it, a way that can't run code.

    Returns:
        The version, with its number.

    Raises:
        UntrustedError: it holds types that the project has not opted in to.
        ArtifactError: it can't be saved.
        WriteError: this is a hook.
    """
    return save(require("save_model()"), model, name, metrics, params, format)


def load_model(name: str, version: int | str = "latest") -> Any:
    """Load a version of a trained model.

    Args:
        name: the model's name.
        version: its number, `latest`, or an alias such as `production`.

    Returns:
        The model, as `save_model` was given it.

    Raises:
        NoModelError: there is no such version.
        UndeclaredRefError: a placeholder's script loads it, and the placeholder does not declare
            the script model that saves it.
        TamperedError: its file is not the one that was saved.
        UntrustedError: it holds types that the project has not opted in to.
        ArtifactError: it can't be read.
    """
    return load(require("load_model()"), name, version)
