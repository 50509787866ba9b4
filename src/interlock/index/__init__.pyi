from .advisories import (
    Advisories as Advisories,
)
from .candidates import (
    Bar as Bar,
    Objection as Objection,
    objections_to as objections_to,
)
from .pages import (
    Pages as Pages,
)
from .releases import (
    Releases as Releases,
    unsupported as unsupported,
)
from .settings import (
    IndexSettings as IndexSettings,
    read_index_settings as read_index_settings,
    redacted as redacted,
)
from .upstream import (
    Listed as Listed,
    Upstream as Upstream,
)
from .vulnerabilities import (
    Known as Known,
    joined as joined,
)
