"""Measuring: how well posts that people labelled are judged. Pure; `earnest eval` and bench/judgement.py ask the same functions."""
