"""Where we speak: one file a network, writing only."""
