"""What is asked of rows: how an outcome is read, what predictions of it look like, how they are judged."""
