"""PBS: jobs of OpenPBS or PBS Professional, by its command line."""
