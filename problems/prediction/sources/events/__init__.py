"""Collision events, as particle physics keeps them: ROOT files, or tables, each event with a weight."""
