"""IBM Quantum devices: calibrated rehearsals now, hardware over HTTP later."""
