"""What a method asks to have run, as data: it has an identity, can be sent, cached, replayed and shown."""

from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.local_call import LocalCall
from escalation.model.kinds.mpi_program import MpiProgram

Work = LocalCall | MpiProgram | CircuitBatch
