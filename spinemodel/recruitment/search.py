"""Thresholds of many fibres at once: a ladder that finds a bracket for each, then bisection.

What was not reached up to the largest amplitude is said to be so: nothing is extrapolated beyond it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.errors import ConvergenceError, InputError
from spinemodel.recruitment.axons import Axons
from spinemodel.recruitment.engine import STEP_MS, Engine
from spinemodel.recruitment.guess import guessed_mA
from spinemodel.recruitment.propagation import LEAST_NODES, Response, at_end, respond
from spinemodel.recruitment.pulse import Pulse
from spinemodel.recruitment.thresholds import Outcome, Thresholds

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many fibres are done, and of how many."""

RUNG: Final = 1.25
"""From one amplitude of the ladder to the next."""

REFINING_RUNG: Final = 1.02
"""The same where the threshold of twice the time step is known: half of it changes that by under 1 %."""

ABOVE: Final = 1.1
"""Of the threshold, where latencies are told. A choice: at the threshold itself they grow without bound."""

LEAST_SHARE: Final = 1e-9
"""Share of the first guess below which a fibre that still fires is taken to fire without any current."""


@dataclass(frozen=True, eq=False)
class _Trial:
    """What is searched."""

    axons: Axons
    pulse: Pulse
    engine: Engine
    up_to_mA: float
    tolerance: float
    progress: Progress

    def respond(self, axon: IntArray, amplitude_mA: FloatArray, step_ms: float, *, thorough: bool) -> Response:
        """Return what axons do at amplitudes."""
        return respond(self.engine, self.axons, axon, amplitude_mA, self.pulse, step_ms, thorough=thorough)


@dataclass(frozen=True, eq=False)
class _State:
    """What is known of every fibre; arrays (n,) that the search writes into.

    ``low`` is an amplitude at which no spike arrives (0: none known), and at one tried below it none began; ``high`` is
    one at which a spike arrives (infinite: none known), ``site`` is that of ``high``. ``begun`` tells whether any node
    ever fired, ``tried`` the last amplitude.
    """

    low: FloatArray
    high: FloatArray
    tried: FloatArray
    begun: BoolArray
    site: IntArray


def find_thresholds(
    axons: Axons,
    pulse: Pulse,
    engine: Engine,
    *,
    up_to_mA: float,
    tolerance: float = 1e-3,
    step_ms: float = STEP_MS,
    accurate: bool = False,
    progress: Progress = lambda done, total: None,
) -> Thresholds:
    """Return the least amplitude of a pulse that activates each fibre.

    A fibre is activated when a spike arrives near one of its ends, node after node. The search begins where nothing
    fires and climbs, so that a fibre that larger amplitudes block has its threshold too; only a range of amplitudes
    narrower than a rung of the ladder (a factor of 1.25) could be overlooked.

    Parameters
    ----------
    axons
        Fibres. Those too short for a spike to arrive anywhere (under 15 nodes) are left out.
    pulse
        Current over time.
    engine
        Solver.
    up_to_mA
        Largest amplitude that is tried.
    tolerance
        Relative width of the last bracket.
    step_ms
        Time step.
    accurate
        Extrapolate from ``step_ms`` and half of it to a step of 0, as Richardson: the solvers' error is proportional to
        the step. Three times the work.
    progress
        Told how many fibres are done.

    Raises
    ------
    InputError
        If the largest amplitude, the tolerance or the step is not positive.
    ConvergenceError
        If a fibre fires without any current.
    """
    if not (0 < up_to_mA < np.inf and 0 < tolerance < 1 and 0 < step_ms < np.inf):
        raise InputError(f"thresholds: got amplitudes up to {up_to_mA:g} mA, tolerance {tolerance:g} and step "
                         f"{step_ms:g} ms; expected all more than 0, and a tolerance under 1")  # fmt: skip
    trial = _Trial(axons, pulse, engine, up_to_mA, tolerance / 4 if accurate else tolerance, progress)
    long_enough = axons.nodes >= LEAST_NODES
    state = _search(trial, long_enough, guessed_mA(axons, pulse), RUNG, step_ms)
    if accurate:
        state, step_ms = _without_step(trial, state, step_ms), step_ms / 2
    return _thresholds(state, _latency(trial, state, step_ms), axons, up_to_mA, tolerance)


def _search(trial: _Trial, among: BoolArray, guess_mA: FloatArray, rung: float, step_ms: float) -> _State:
    """Return the brackets of some fibres, from amplitudes (n,) to begin with.

    Spikes that walk are taken to arrive, until the brackets are found. Where they then do not, the fibre is searched
    again with every spike followed to an end.
    """
    state = _climb(trial, among, guess_mA, rung, step_ms, thorough=False)
    found = np.flatnonzero(np.isfinite(state.high))
    if len(found):
        doubtful = found[~trial.respond(found, state.high[found], step_ms, thorough=True).active]
        if len(doubtful):
            again = _climb(trial, np.isin(np.arange(len(among)), doubtful), guess_mA, rung, step_ms, thorough=True)
            for name in _State.__dataclass_fields__:
                getattr(state, name)[doubtful] = getattr(again, name)[doubtful]
    return state


def _climb(
    trial: _Trial, among: BoolArray, guess_mA: FloatArray, rung: float, step_ms: float, *, thorough: bool
) -> _State:
    """Return the brackets of some fibres: the ladder, and bisection."""
    n = len(among)
    begin = np.minimum(guess_mA, trial.up_to_mA)
    state = _State(np.zeros(n), np.full(n, np.inf), begin * rung, np.zeros(n, bool), np.full(n, -1))
    while len(here := np.flatnonzero(among & _open(state, trial.tolerance, trial.up_to_mA))):
        trial.progress(n - len(here), n)
        amplitude = _next(state, rung, trial.up_to_mA)[here]
        if (amplitude < LEAST_SHARE * begin[here]).any():
            raise ConvergenceError("thresholds: a fibre fires without any current; look at its potential and its model")
        _note(state, here, amplitude, trial.respond(here, amplitude, step_ms, thorough=thorough))
    trial.progress(n, n)
    return state


def _without_step(trial: _Trial, coarse: _State, step_ms: float) -> _State:
    """Return the brackets at half the step, their upper ends extrapolated from both steps to none.

    What fires at the whole step and not at half of it is as the finer search has it.
    """
    found = np.isfinite(coarse.high)
    fine = _search(trial, found, coarse.high / REFINING_RUNG, REFINING_RUNG, step_ms / 2)
    both = np.isfinite(fine.high)
    high = fine.high.copy()
    high[both] += fine.high[both] - coarse.high[both]
    return replace(fine, high=high, begun=np.where(found, fine.begun, coarse.begun))


def _latency(trial: _Trial, state: _State, step_ms: float) -> FloatArray:
    """Return when each fibre fires at ``ABOVE`` times its threshold, (n,) ms; NaN where it has none."""
    latency, found = np.full(len(state.high), np.nan), np.flatnonzero(np.isfinite(state.high))
    if len(found):
        latency[found] = trial.respond(found, ABOVE * state.high[found], step_ms, thorough=False).latency_ms
    return np.where(np.isfinite(latency), latency, np.nan)


def _open(state: _State, tolerance: float, up_to_mA: float) -> BoolArray:
    """Return which fibres need another try."""
    climbed = np.isinf(state.high) & (state.low >= up_to_mA)
    return np.asarray(~climbed & ~(state.high <= state.low * (1 + tolerance)))


def _next(state: _State, rung: float, up_to_mA: float) -> FloatArray:
    """Return what to try: down to where nothing fires, up to where a spike arrives, then between the two."""
    down, up = state.tried / rung, np.minimum(state.low * rung, up_to_mA)
    between = np.sqrt(state.low * np.where(np.isinf(state.high), 0.0, state.high))
    return np.where(state.low == 0, down, np.where(np.isinf(state.high), up, between))


def _note(state: _State, here: IntArray, amplitude_mA: FloatArray, response: Response) -> None:
    """Write down what fibres did.

    On the way down a spike that arrives nowhere is left behind, and with it what was found above it: it may be blocked.
    """
    active, going_down = response.active, state.low[here] == 0
    state.tried[here] = amplitude_mA
    state.begun[here] |= ~response.silent
    low = response.silent | (~active & ~going_down)
    state.low[here[low]] = amplitude_mA[low]
    state.high[here[going_down & ~active & ~response.silent]] = np.inf
    state.high[here[active]] = amplitude_mA[active]
    state.site[here[active]] = response.site[active]


def _thresholds(
    state: _State, latency_ms: FloatArray, axons: Axons, up_to_mA: float, tolerance: float
) -> Thresholds:  # fmt: skip
    """Return what the brackets say."""
    nodes, found = axons.nodes, np.isfinite(state.high)
    cases = {
        Outcome.LEFT_OUT: nodes < LEAST_NODES,
        Outcome.AT_END: found & at_end(state.site, nodes),
        Outcome.ACTIVATED: found,
        Outcome.BLOCKED: state.begun,
    }
    return Thresholds(
        threshold_mA=np.where(found, state.high, np.nan),
        outcome=np.select(list(cases.values()), list(cases), default=Outcome.NOT_ACTIVATED),
        site_node=state.site,
        latency_ms=latency_ms,
        up_to_mA=up_to_mA,
        tolerance=tolerance,
    )
