"""Tables and pictures of reports: the same bytes for the same data, everything that is data escaped.

- `plot`: curves and staircases over two axes, as SVG
- `figures`: what Matplotlib draws, as SVG that fits into a page beside others
- `colours`: told apart with every common colour vision
- `html_tables`: small HTML tables, JSON data as nested ones
- `html_parts`: downloads, figures and long lists
"""
