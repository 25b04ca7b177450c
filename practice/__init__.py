"""A stand-in for IBM Quantum on the loopback address: to practise on, and for tests to break things with.

It speaks the REST surface that qiskit-ibm-runtime 0.51 uses, runs circuits on Aer under the calibrations
that ship with that package, injects faults on demand, and keeps an exact account. Nothing in it is hardware.
"""

from practice.calls import Fault, ServiceCall
from practice.control import PracticeControl
from practice.faults import ALL
from practice.running import DEVICES, Practice, client_settings, connect, environment, process, running
from practice.script import FaultRule
from practice.settings import INSTANCE, LABEL, TOKEN, PracticeSettings

__all__ = [
    "ALL",
    "DEVICES",
    "INSTANCE",
    "LABEL",
    "TOKEN",
    "Fault",
    "FaultRule",
    "Practice",
    "PracticeControl",
    "PracticeSettings",
    "ServiceCall",
    "client_settings",
    "connect",
    "environment",
    "process",
    "running",
]
