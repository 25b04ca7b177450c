"""Numbers of a picture, each of the picture alone: nothing here is fitted over several."""
