"""``python -m interlock``."""

from interlock.console import main

raise SystemExit(main())
