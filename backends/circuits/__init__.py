"""What machines that run circuits share."""
