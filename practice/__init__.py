"""A stand-in for IBM Quantum on the loopback address: to practise on, and for tests to break things with.

It speaks the REST surface that qiskit-ibm-runtime 0.51 uses, runs circuits on Aer under the calibrations
that ship with that package, injects faults on demand, and keeps an exact account. Nothing in it is hardware.
"""

from practice.calls import Call, Fault
from practice.control import Control
from practice.faults import ALL
from practice.running import DEVICES, Practice, client_settings, connect, environment, process, running
from practice.script import Rule
from practice.settings import INSTANCE, LABEL, TOKEN, Settings

__all__ = [
    "ALL",
    "DEVICES",
    "INSTANCE",
    "LABEL",
    "TOKEN",
    "Call",
    "Control",
    "Fault",
    "Practice",
    "Rule",
    "Settings",
    "client_settings",
    "connect",
    "environment",
    "process",
    "running",
]
