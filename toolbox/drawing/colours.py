"""Colours told apart with every common colour vision (Okabe and Ito 2008, Color Universal Design)."""

BLUE, VERMILION = "#0072B2", "#D55E00"
GREY = "#595959"
"""Of what stands behind: it has a contrast of 7 to white."""
