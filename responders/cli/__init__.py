"""The program `earnest`: one file a group of commands."""
