"""Scenes: pixels of images and gridded data, or places with coordinates; squares of land stay together."""
