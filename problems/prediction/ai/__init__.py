"""Boosted trees and forests, tuned and explained."""
