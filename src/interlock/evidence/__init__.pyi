from . import classification as classification
from . import confidence as confidence
from . import dumps as dumps
from . import events as events
from . import intake as intake
from . import judge as judge
from . import measuring as measuring
from . import power as power
from .confidence import (
    LEVEL as LEVEL,
)
from .confidence import (
    Interval as Interval,
)
from .confidence import (
    Stratum as Stratum,
)
from .confidence import (
    chance as chance,
)
from .confidence import (
    exact_interval as exact_interval,
)
from .confidence import (
    rate_ratio as rate_ratio,
)
from .confidence import (
    ruled_out_rate as ruled_out_rate,
)
from .judge import (
    PRECEDENCE as PRECEDENCE,
)
