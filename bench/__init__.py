"""Benchmarks that print the engine beside what it is measured against.

Figures are medians of runs that take turns (A B A B ...), so that a machine whose
speed drifts slows both sides alike. Quote the ratios.
"""
