"""Models as bytes without pickle: the same model gives the same bytes, and reading them runs nothing.

- `archive`: named bytes in one deterministic zip
- `skops_file`: scikit-learn estimators, of types that are trusted
- `forest`: a random forest as the nodes of its trees in plain arrays
- `boosters`: XGBoost's boosters as UBJSON
"""
