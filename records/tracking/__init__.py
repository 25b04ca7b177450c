"""The view that people browse, in MLflow."""
