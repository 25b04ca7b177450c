"""What the simulators of a site can hold: beyond that, a circuit needs a device."""

import logging

from escalation.inputs.settings import Settings
from escalation.model.errors import first_line
from escalation.ports.registry import backends, resolve

_log = logging.getLogger(__name__)


def simulable_log2(settings: Settings) -> float | None:
    """Base-2 logarithm of the amplitudes that the largest of all known simulators holds; None without any.

    One that cannot say, because what it needs is not installed, counts as none.

    Raises:
        BadInput: on a bad value among a simulator's settings.
    """
    found = []
    for name, descriptor in backends().items():
        if descriptor.simulates:
            try:
                found.append(float(resolve(descriptor.simulates)(settings)))
            except ImportError as error:
                _log.warning("backend %s cannot say what it simulates: %s", name, first_line(error))
    return max(found, default=None)
