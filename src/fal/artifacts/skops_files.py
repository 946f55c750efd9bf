"""Models as skops files, which hold no code: types are known before anything is made of them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from fal.exceptions import ArtifactError, UntrustedError

_SAFE = (0, 12)
"""Before it, a file could name one function as its type and have another called."""

_NUMBERS = re.compile(r"\d+")


def write(call: str, model: object, trusted: Sequence[str]) -> tuple[bytes, set[str]]:
    """Write a model, and read it once to see that it can be.

    Args:
        call: the call, for messages.
        model: the model.
        trusted: types that the project trusts beyond those that skops does.

    Returns:
        The content, and the modules of the types that skops itself does not trust.

    Raises:
        UntrustedError: it holds other types.
        ArtifactError: skops is not installed, or too old.
    """
    io = _skops(call)
    data: bytes = io.dumps(model, compression=zipfile.ZIP_DEFLATED)
    unusual = _check(call, data, trusted)
    io.loads(data, trusted=unusual)
    return data, {name.rpartition(".")[0] for name in unusual}


def read(told: str, data: bytes, trusted: Sequence[str]) -> Any:
    """Read a model.

    Args:
        told: the call and the version, for messages.
        data: the content.
        trusted: types that the project trusts beyond those that skops does.

    Raises:
        UntrustedError: it holds other types; none of them was made.
        ArtifactError: skops is not installed, or too old.
    """
    io = _skops(told)
    return io.loads(data, trusted=_check(told, data, trusted))


def _check(told: str, data: bytes, trusted: Sequence[str]) -> list[str]:
    """The types in it that skops does not trust, all of which the project does."""
    unusual: list[str] = _skops(told).get_untrusted_types(data=data)
    refused = sorted(set(unusual) - set(trusted))
    if refused:
        raise UntrustedError(
            f"{told}: the model holds types that skops does not trust: {', '.join(refused)}. If "
            "you know that they are safe, say so in dbt_project.yml: "
            f"`vars: {{fal: {{artifacts: {{trusted_types: [{_listed(trusted, refused)}]}}}}}}`"
        )
    return unusual


def _listed(trusted: Iterable[str], refused: Iterable[str]) -> str:
    return ", ".join(
        name if name.replace(".", "").replace("_", "").isalnum() else f'"{name}"'
        for name in (*trusted, *refused)
    )


def _skops(told: str) -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise ArtifactError(
            f"{told}: models are kept by skops, which can't be imported here ({error}); install "
            'it: `pip install "fal-flow[models]"`, or skops in the environment of the script'
        ) from error
    if tuple(map(int, _NUMBERS.findall(skops.__version__)[:2])) < _SAFE:
        raise ArtifactError(
            f"{told}: skops {skops.__version__} can be made to run code by a file whose types "
            f"look safe; install {'.'.join(map(str, _SAFE))} or later"
        )
    return skops.io
