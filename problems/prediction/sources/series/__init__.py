"""Series: what was measured of somebody over time, as rows: one a person, or one a window."""
