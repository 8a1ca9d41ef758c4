"""Where we hear: one file a network, reading only."""
