"""Molecules: SMILES or SDF, standardised, described by numbers, kept together by scaffold."""
