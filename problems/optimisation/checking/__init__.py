"""Feasibility and objective from the instance alone; shares no code with any solver."""
