"""Fitting a whole model on a log: settings that suit it, sources, the order and the star forecast."""
