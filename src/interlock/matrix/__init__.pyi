from . import definition as definition
from . import matrix_file as matrix_file
from . import probes as probes
from . import selection as selection
from .choices import (
    Choice as Choice,
)
from .choices import (
    Latest as Latest,
)
from .definition import (
    EVERYWHERE as EVERYWHERE,
)
from .definition import (
    Application as Application,
)
from .definition import (
    Control as Control,
)
from .definition import (
    Matrix as Matrix,
)
from .definition import (
    MatrixLimits as MatrixLimits,
)
from .definition import (
    Only as Only,
)
from .definition import (
    Policy as Policy,
)
from .definition import (
    Rounds as Rounds,
)
from .definition import (
    Upstream as Upstream,
)
from .definition import (
    WayOut as WayOut,
)
