from . import images as images
from . import sandbox as sandbox
from .environments import (
    Environments as Environments,
)
from .install_failures import (
    InstallFailed as InstallFailed,
)
from .sandbox import (
    Command as Command,
)
from .sandbox import (
    Ended as Ended,
)
from .sandbox import (
    Image as Image,
)
from .sandbox import (
    Limits as Limits,
)
from .sandbox import (
    Mount as Mount,
)
from .sandbox import (
    Sandbox as Sandbox,
)
from .store import (
    Store as Store,
)
