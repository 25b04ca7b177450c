"""How values are shown: rounded, dated, counted, and free of what a terminal would obey."""
