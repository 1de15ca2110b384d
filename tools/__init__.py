"""Things an agent can do: a calculator, looking again at pictures and video, and any typed function of yours."""

from .calculator import calculator
from .content import to_content
from .functions import FunctionTool, Returned, as_tool
from .look import Evidence, media_shelf, watch_video, zoom_image

__all__ = [
    "Evidence",
    "FunctionTool",
    "Returned",
    "as_tool",
    "calculator",
    "media_shelf",
    "to_content",
    "watch_video",
    "zoom_image",
]
