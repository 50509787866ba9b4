"""Can be imported, and has nothing of what is tested."""
