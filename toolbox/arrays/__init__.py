"""Arrays: the types that annotations name, and arrays as bytes."""
