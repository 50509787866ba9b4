"""Needs a package that has no wheel and can't be built."""

# /// wheel
# dependencies = ["wont-build"]
# ///
