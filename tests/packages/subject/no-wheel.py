"""Has a wheel, for another system."""

# /// wheel
# tag = "py3-none-win_amd64"
# ///
