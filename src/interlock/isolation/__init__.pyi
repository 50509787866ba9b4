from . import (
    images as images,
    sandbox as sandbox,
)
from .environments import (
    Environments as Environments,
)
from .install_failures import (
    InstallFailed as InstallFailed,
)
from .sandbox import (
    Command as Command,
    Ended as Ended,
    Image as Image,
    Limits as Limits,
    Mount as Mount,
    Sandbox as Sandbox,
)
from .store import (
    Store as Store,
)
