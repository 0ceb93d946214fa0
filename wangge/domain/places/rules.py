"""Tables and pure functions of places: levels, kinds of layers, codes, and who must hear of a change of grids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from wangge.kernel.words import Words

LEVELS: dict[str, Words] = {
    "province": Words("省级", "Province"),
    "city": Words("市级", "City"),
    "district": Words("区县", "District"),
    "street": Words("街道乡镇", "Street"),
    "community": Words("社区村", "Community"),
}

LAYER_KINDS: dict[str, Words] = {
    "base": Words("基础网格", "Base grids"),
    "working": Words("工作网格", "Working grids"),
    "specialised": Words("专业网格", "Specialised grids"),
    "dedicated": Words("专属网格", "Dedicated grids"),
}
STACKINGS: dict[str, Words] = {
    "1:1": Words("一对一", "One upper grid is one base grid"),
    "1:N": Words("一对多", "One upper grid is several base grids"),
    "N:1": Words("多对一", "Several upper grids divide one base grid"),
}
REASONS: dict[str, Words] = {
    "load": Words("批量载入", "Loaded"),
    "import": Words("文件导入", "Imported"),
    "create": Words("新建", "Created"),
    "redraw": Words("调整边界", "Redrawn"),
    "split": Words("拆分", "Split"),
    "merge": Words("合并", "Merged"),
    "fitted": Words("随邻格补点", "Vertex added for a neighbour"),
}

PLANNED: dict[str, Words] = {
    "waiting": Words("待生效", "Waiting"),
    "done": Words("已生效", "In effect"),
    "failed": Words("未能生效", "Could not take effect"),
    "cancelled": Words("已取消", "Cancelled"),
}
"""The states of a change that takes effect later."""


# — what changes hands when grids change —————————————————————————————————————————————————————————————————————————————————


@dataclass(frozen=True)
class GridChange:
    """A change of grids of one layer: codes before and after. A redrawn grid is in both.

    `home(lon, lat)` gives the code that will hold a point after the change (None: outside), for work that has a place.
    """

    kind: Literal["split", "merge", "redraw", "retire"]
    layer: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    home: Callable[[float, float], str | None] = field(compare=False, repr=False, default=lambda lon, lat: None)


@dataclass(frozen=True)
class Affected:
    """One sort of thing that changes hands: `key` is stable (`people.posts`), `count` how many, `sample` a few of them, `flows` how many
    go from which grid (`old`) to which (`new`).

    `choices`: what the person who changes the grids may answer (empty: nothing is asked), e.g. where the posts go.
    """

    key: str
    words: Words
    count: int
    sample: Sequence[Mapping[str, Any]] = ()
    choices: Sequence[str] = ()
    flows: Sequence[Mapping[str, Any]] = ()


class Consequence(Protocol):
    """A higher package's answer to a change of grids."""

    def preview(self, change: GridChange) -> list[Affected]:
        """What would change hands. Read only."""
        ...

    def apply(self, by: Any, change: GridChange, answers: Mapping[str, str]) -> None:
        """Re-assign it, inside the transaction of the change. `answers`: key of an `Affected` → the choice taken."""
        ...


CONSEQUENCES: list[Consequence] = []


def on_grid_change(consequence: Consequence) -> Consequence:
    """Register a higher package's consequence (once, in its AppConfig.ready). Asked in the order of registration."""
    if consequence not in CONSEQUENCES:
        CONSEQUENCES.append(consequence)
    return consequence
