"""Is for a Python that was."""

# /// wheel
# requires-python = "<3.8"
# ///
