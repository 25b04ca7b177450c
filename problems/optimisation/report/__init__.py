"""Answers in words, files and pictures."""
