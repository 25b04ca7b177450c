"""How values are shown: rounded, dated, counted, drawn, and free of what a terminal would obey."""
