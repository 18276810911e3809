"""How to reach a board; each opens a Link."""
