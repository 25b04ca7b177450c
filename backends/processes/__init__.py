"""What machines that start processes here share."""
