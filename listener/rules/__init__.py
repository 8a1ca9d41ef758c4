"""The rules language: what it is (`rulebook`), how it is read (`reading`) and checked (`checking`)."""
