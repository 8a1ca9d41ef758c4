"""The review screen. What it shows is made by plain functions (`sheet`, `pages`, `keys`); `app` only paints it and hears keys."""
