"""Judging: language, mood, signals, intent, wishes and urgency of a post. Pure; the phrase files are read once, on first use."""
