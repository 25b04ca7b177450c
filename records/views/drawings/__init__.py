"""Pictures of what ran: circuits, and the qubits of a device with their errors."""
