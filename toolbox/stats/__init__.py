"""Statistics: bounds, ROC areas, conformal sets, null controls, curves, bootstrap, splits."""
