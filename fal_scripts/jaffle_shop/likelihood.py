"""Maximum likelihood estimates with standard errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import optimize

Vector: TypeAlias = npt.NDArray[np.float64]

# The optimiser works on log-parameters and may go so far from where it starts. An estimate at
# this distance has run away: the likelihood has no maximum inside.
_LOG_RANGE = 10.0
_MAX_RELATIVE_ERROR = 10.0


class NotIdentifiedError(ValueError):
    """The data determine no usable model: too few, too uniform, or without a finite mean."""


def maximise(
    name: str, log_likelihood: Callable[[Vector], float], start: Mapping[str, float]
) -> tuple[dict[str, float], float, dict[str, float]]:
    """Maximise a log-likelihood over positive parameters.

    Args:
        name: the model's name, for messages.
        log_likelihood: takes the parameters on their natural scale, shape (k,), in the
            order of `start`, and returns the data's log-likelihood.
        start: k parameters by name, and where to start from; all positive.

    Returns:
        The estimates by name, the log-likelihood there, and the standard errors by name:
        the square roots of the diagonal of the inverse Hessian of the negative
        log-likelihood, taken on the parameters' logarithms and brought to their natural
        scale by the delta method.

    Raises:
        NotIdentifiedError: the likelihood has no maximum inside, or is flat around it.
    """
    origin = np.log(list(start.values()))
    scale = max(1.0, abs(log_likelihood(np.exp(origin))))

    def objective(logs: Vector) -> float:
        return -log_likelihood(np.exp(logs)) / scale

    result = optimize.minimize(
        objective,
        origin,
        method="L-BFGS-B",
        jac="3-point",
        bounds=[(at - _LOG_RANGE, at + _LOG_RANGE) for at in origin],
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 2000},
    )
    covariance = _inverse(_hessian(objective, result.x) * scale)
    # On the logs' scale a standard error is relative to its parameter.
    relative = np.sqrt(np.diag(covariance))
    astray = np.abs(result.x - origin) > 0.99 * _LOG_RANGE
    astray |= ~(relative < _MAX_RELATIVE_ERROR)
    loose = [key for key, bad in zip(start, astray, strict=True) if bad]
    if loose:
        raise NotIdentifiedError(f"{name}: the data do not determine {', '.join(loose)}")
    # A line search that no longer finds a better point is success if the slope is nil.
    if not result.success and np.abs(result.jac).max() > 1e-6:
        raise NotIdentifiedError(f"{name}: the optimiser did not converge: {result.message}")
    estimates = np.exp(result.x)
    errors = dict(zip(start, (estimates * relative).tolist(), strict=True))
    return dict(zip(start, estimates.tolist(), strict=True)), -result.fun * scale, errors


def _inverse(matrix: Vector) -> Vector:
    try:
        np.linalg.cholesky(matrix)
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:  # not positive definite: no maximum in every direction
        return np.full_like(matrix, np.inf)


def _hessian(function: Callable[[Vector], float], at: Vector, step: float = 1e-3) -> Vector:
    """Return the matrix of second derivatives by central differences."""
    steps = step * np.eye(at.size)

    def second(i: int, j: int) -> float:
        corners = function(at + steps[i] + steps[j]) + function(at - steps[i] - steps[j])
        corners -= function(at + steps[i] - steps[j]) + function(at - steps[i] + steps[j])
        return corners / (4 * step**2)

    return np.array([[second(i, j) for j in range(at.size)] for i in range(at.size)])
