from .pages import (
    Pages as Pages,
)
from .releases import (
    Releases as Releases,
)
from .releases import (
    unsupported as unsupported,
)
from .settings import (
    IndexSettings as IndexSettings,
)
from .settings import (
    read_index_settings as read_index_settings,
)
