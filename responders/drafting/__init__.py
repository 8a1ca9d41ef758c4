"""Drafting: one way to find words per file. Each proposes; nothing here sends."""
