"""IBM Quantum devices: rehearsed here, at a practice service, or at IBM's own service over HTTP."""
