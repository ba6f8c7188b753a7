"""Where the field is solved for: on the CPU or on a GPU."""

from __future__ import annotations

from spinemodel.field._processor import Processor
from spinemodel.field._processor_cpu import Cpu
from spinemodel.volume._device import Device, choose


def processor(device: Device) -> Processor:
    """Return what does the solver's arithmetic; ``auto`` takes a GPU where there is one, and logs why it does not.

    Raises
    ------
    BackendUnavailableError
        If ``cuda`` is asked for and cannot be had.
    InputError
        If the name is unknown.

    Examples
    --------
    >>> type(processor("cpu")).__name__
    'Cpu'
    """
    if choose(device) == "cpu":
        return Cpu()
    from spinemodel.field._processor_cuda import Cuda

    return Cuda()
