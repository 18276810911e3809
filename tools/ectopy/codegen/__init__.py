"""Plans to C text: contexts in Python, layout in Jinja2."""
