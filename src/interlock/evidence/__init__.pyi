from . import (
    classification as classification,
    confidence as confidence,
    events as events,
    judge as judge,
    power as power,
)
from .confidence import (
    LEVEL as LEVEL,
    Interval as Interval,
    Stratum as Stratum,
    chance as chance,
    exact_interval as exact_interval,
    rate_ratio as rate_ratio,
)
from .judge import (
    PRECEDENCE as PRECEDENCE,
    Classify as Classify,
)
