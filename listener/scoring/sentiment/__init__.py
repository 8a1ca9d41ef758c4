"""Sentiment scorers, one a file. A file's name is its name in rules.yaml; each offers `KIND`, which makes a scorer."""
