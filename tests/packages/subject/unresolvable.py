"""Needs a package that nobody published."""

# /// wheel
# dependencies = ["nobody-published-this"]
# ///
