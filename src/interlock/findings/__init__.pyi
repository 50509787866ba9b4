from . import advice as advice
from . import windows as windows
from .advice import (
    Answer as Answer,
)
from .advice import (
    Move as Move,
)
from .attribution import (
    OPEN as OPEN,
)
from .attribution import (
    WHOSE as WHOSE,
)
from .attribution import (
    Attribution as Attribution,
)
from .attribution import (
    Ratio as Ratio,
)
from .attribution import (
    attribute as attribute,
)
from .attribution import (
    ratio_of as ratio_of,
)
from .baselines import (
    LOOKS as LOOKS,
)
from .baselines import (
    Pool as Pool,
)
from .baselines import (
    counts as counts,
)
from .baselines import (
    fails_early as fails_early,
)
from .baselines import (
    places as places,
)
from .baselines import (
    plain as plain,
)
from .baselines import (
    pool as pool,
)
from .baselines import (
    present as present,
)
from .criteria import (
    EVERYTHING as EVERYTHING,
)
from .criteria import (
    Scope as Scope,
)
from .criteria import (
    everything as everything,
)
from .criteria import (
    is_amplified as is_amplified,
)
from .criteria import (
    needs_of as needs_of,
)
from .criteria import (
    scope_for as scope_for,
)
from .weighing import (
    BAD as BAD,
)
from .weighing import (
    TOGETHER as TOGETHER,
)
from .workarounds import (
    Kind as Kind,
)
from .workarounds import (
    Record as Record,
)
from .workarounds import (
    Tried as Tried,
)
from .workarounds import (
    Ways as Ways,
)
from .workarounds import (
    record as record,
)
from .workarounds import (
    records as records,
)
from .workarounds import (
    tried as tried,
)
