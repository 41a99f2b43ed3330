"""Charts as pure geometry: values in, shapes out. The templates only write the shapes down.

Each function returns a `Chart` with a wide and a narrow drawing (a phone's text must not shrink)
and the table of the same values. The title is the answer; the subtitle is measure and period.
"""

from .bars import Bar, bar_chart, column_chart
from .drawing import Chart, Drawing
from .lines import Series, line_chart
from .maps import Place, WardMap, ward_map
from .radar import Reach, radar_chart
from .stacks import Part, Stack, stacked_chart
from .waterfall import Step, Total, waterfall_chart

__all__ = [
    "Bar",
    "Chart",
    "Drawing",
    "Part",
    "Place",
    "Reach",
    "Series",
    "Stack",
    "Step",
    "Total",
    "WardMap",
    "bar_chart",
    "column_chart",
    "line_chart",
    "radar_chart",
    "stacked_chart",
    "ward_map",
    "waterfall_chart",
]
