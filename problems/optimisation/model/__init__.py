"""The kinds of model, their points, and what a point costs."""
