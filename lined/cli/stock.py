"""`lined pool stock`: codes left of each product, how fast they are used, and for how long they last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lined.cli.options import CONFIG, ConfigOption, JsonOption
from lined.cli.output import console, print_json, print_table

if TYPE_CHECKING:
    from lined.journal.database import Connection


def show(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Show what is left of each product's codes, how fast they are used, and for how long they last."""
    from lined.cli.answers import answered, loaded

    found = loaded(config)

    def offline(connection: Connection) -> Any:
        import time

        from lined.api.stock import stock_list
        from lined.journal.views import stock
        from lined.web.shifts import shift_began_ms

        now_ms = time.time_ns() // 1_000_000
        began_ms = shift_began_ms(now_ms, found.line.shift_starts, found.line.zone)
        return stock_list(stock.stock(connection, now_ms, began_ms))

    answer, _ = answered(found, "/api/v1/stock", offline)
    if as_json:
        print_json(answer)
        return
    to = console()
    columns = ["GTIN", "codes", "left", "used in the last hour", "in this shift", "hours left", "order"]
    print_table(to, "", columns, (_row(one) for one in answer["items"]))
    if not answer["items"]:
        to.print("No code pool is loaded.")


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    sums = (f"{one[key]:,}" for key in ("codes", "left", "used_last_hour", "used_this_shift"))
    hours = "–" if one["hours_left"] is None else f"{one['hours_left']:,.1f}"
    return (one["gtin"], *sums, hours, one["order"] or "")
