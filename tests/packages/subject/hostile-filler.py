"""Leaves a large file where temporary ones go, or as much of it as there is room for."""

import tempfile

from partner import Library


class Subject(Library):
    def stop(self):
        with tempfile.NamedTemporaryFile(prefix="hostile-filler-", delete=False) as file:
            try:
                for _ in range(48):
                    file.write(b"x" * (1 << 20))
            except OSError:
                pass
