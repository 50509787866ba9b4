"""Found by every Python that the app starts: it joins the trial, and nothing else.

The folder is on ``PYTHONPATH``. A launcher that puts a ``sitecustomize`` of its own in front loads
the next one when it is done, which is this.
"""

import os
import sys

probes = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, probes)
try:
    from harness import member
finally:
    sys.path.remove(probes)
member.join()
del probes, member
