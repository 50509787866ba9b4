from . import signatures as signatures
from . import table as table
from .control_results import (
    campaigns_in as campaigns_in,
)
from .control_results import (
    write_controls as write_controls,
)
from .ledger import (
    CampaignRecord as CampaignRecord,
)
from .ledger import (
    Ledger as Ledger,
)
from .table import (
    Results as Results,
)
from .table import (
    in_order as in_order,
)
from .table import (
    read_results as read_results,
)
from .table import (
    text_key as text_key,
)
