"""Can't be imported."""

raise ImportError("this release needs something that is not there")
