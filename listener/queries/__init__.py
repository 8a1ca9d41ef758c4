"""Queries as people know them from search boxes: read, understood, looked for in a post, and put into a network's own words. Pure."""
