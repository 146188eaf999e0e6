"""`lined order …`: codes ordered of the regulator."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lined.cli.export import ForOption, give_into, refuse_taken, tell
from lined.cli.options import AT_WORK, CONFIG, ByOption, ConfigOption, JsonOption
from lined.cli.output import console, print_facts, print_json, print_marked, print_table

if TYPE_CHECKING:
    from lined.cli.formats import Clock
    from lined.config import Config
    from lined.journal.database import Connection

POLL_S = 1.0
ENDED = frozenset({"fetched", "refused", "held", "closed"})
OrderId = Annotated[str, typer.Argument(metavar="ID", help="The order.")]


def register(app: typer.Typer) -> None:
    orders = typer.Typer(no_args_is_help=True, help="Order codes of the regulator, see them come in, close orders.")
    orders.command("new")(new)
    orders.command("list")(list_orders)
    for name, function in (("show", show), ("fetch", fetch), ("confirm", confirm), ("close", close)):
        orders.command(name)(function)
    app.add_typer(orders, name="order", rich_help_panel=AT_WORK)


def new(
    products: Annotated[
        list[str], typer.Argument(metavar="GTIN=QUANTITY…", help="What to order, all of one product group.")
    ],
    own_serials: Annotated[
        bool, typer.Option("--own-serials", help="lined makes the serial numbers; products need a serial_length.")
    ] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="Once all is fetched, other codes of the product are rejected.")
    ] = False,
    method: Annotated[
        str | None, typer.Option(metavar="WORD", help="How they are released, in the regulator's words.")
    ] = None,
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Order codes. They are fetched into the pools of their products by themselves."""
    from lined.cli.answers import done, loaded

    listed = [_product(text, own_serials) for text in products]
    body: dict[str, object] = {"products": listed, "complete": complete, **({"method": method} if method else {})}
    answer = done(loaded(config), "order-new", body, by)
    if as_json:
        print_json(answer)
        return
    console().print(f"Order {answer['id']} of {answer['quantity']:,} codes is written down.", style="green")
    console().print(f"lined order fetch {answer['id']} shows them come in.", style="dim")


def _product(text: str, own: bool) -> dict[str, object]:
    gtin, equals, quantity = text.partition("=")
    number = quantity.replace("_", "").replace(",", "")
    if not equals or not number.isascii() or not number.isdigit():
        raise typer.BadParameter(
            f"{text}: write GTIN=QUANTITY, such as 04899215122371=50000", param_hint="GTIN=QUANTITY"
        )
    return {"gtin": gtin, "quantity": int(number), **({"serials": "own"} if own else {})}


def list_orders(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    after: Annotated[str | None, typer.Option(metavar="ID", help="Go on after this order.")] = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """List orders of codes, newest first."""
    from lined.cli.answers import answered, loaded
    from lined.cli.formats import Clock

    found = loaded(config)

    def offline(connection: Connection) -> Any:
        import json

        from lined.api.orders import order_page
        from lined.vocabulary.ids import row_number

        return json.loads(order_page(connection, found.profile.limits.order_life_days, limit, row_number(after or "")))

    page, _ = answered(found, "/api/v1/orders", offline, limit=limit, after=after)
    if as_json:
        print_json(page)
        return
    to, clock = console(), Clock(found)
    print_table(
        to, "", ["order", "state", "codes", "fetched", "ordered", "ends"], (_row(one, clock) for one in page["items"])
    )
    print_marked(to, "!", "yellow", [(one["id"], one["problem"]) for one in page["items"] if one["problem"]])
    if not page["items"]:
        to.print("Nothing was ordered yet.")
    if page["next"] is not None:
        to.print(f"More: --after {page['next']}", style="dim")


def show(order: OrderId, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Show one order: its products, its history, what can be done."""
    from lined.cli.answers import loaded
    from lined.cli.formats import Clock

    found = loaded(config)
    story = _story(found, order)
    if as_json:
        print_json(story)
    else:
        _tell(story, Clock(found))


def fetch(
    order: OrderId,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", dir_okay=False, help="Then give its codes out into this file."),
    ] = None,
    name: ForOption = None,
    gtin: Annotated[
        str | None, typer.Option("--gtin", metavar="GTIN", help="With --to: of an order of several products.")
    ] = None,
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Watch an order until all of it is fetched, or it needs a person (exit 1). With --to its codes go into a file, as
    by `lined pool export`.
    """
    from lined.cli.answers import loaded

    found = loaded(config)
    if to is not None:
        refuse_taken(to)
    story = _watched(found, order, quiet=as_json)
    if not as_json:
        text = f"Order {story['id']} is {story['state']}: {story['fetched']:,} of {story['quantity']:,} codes are here."
        console().print(text, style="green" if story["state"] == "fetched" else "red")
        if story["problem"]:
            console().print(story["problem"])
    if to is not None and story["state"] == "fetched":
        asked = {"gtin": _one_product(story, gtin), "order": story["id"], "name": name or to.name}
        roll = give_into(found, asked, to, by)
        if as_json:
            story = {**story, "roll": roll}
        else:
            tell(roll, to, as_json=False)
    if as_json:
        print_json(story)
    if story["state"] != "fetched":
        raise typer.Exit(1)


def _one_product(story: dict[str, Any], gtin: str | None) -> str:
    """The product whose codes go into the file."""
    ordered = [str(one["gtin"]) for one in story["products"]]
    if gtin is None and len(ordered) > 1:
        raise typer.BadParameter(f"one of {', '.join(ordered)}: a file holds one product's", param_hint="--gtin")
    return gtin or ordered[0]


def _watched(found: Config, order: str, *, quiet: bool) -> dict[str, Any]:
    """The order once it has ended, or needs a person."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    to = console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=to, disable=quiet or not to.is_terminal) as progress:
        bars: dict[str, Any] = {}
        while True:
            story = _story(found, order)
            for one in story["products"]:
                if one["gtin"] not in bars:
                    bars[one["gtin"]] = progress.add_task(one["gtin"], total=one["quantity"])
                progress.update(bars[one["gtin"]], completed=one["fetched"])
            if story["state"] in ENDED:
                return story
            time.sleep(POLL_S)


def confirm(
    order: OrderId,
    what: Annotated[
        Literal["not-received", "look-again"] | None,
        typer.Argument(metavar="WHAT", help="not-received: it is ordered again; look-again: what did not add up."),
    ] = None,
    number: Annotated[
        str | None, typer.Option(metavar="ID", help="The regulator's id of it, as the personal account shows it.")
    ] = None,
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Say what became of a held order."""
    body: dict[str, object] = {**({"confirm": what} if what else {}), **({"number": number} if number else {})}
    _decided(config, "order-confirm", body, by, order, as_json=as_json)


def close(
    order: OrderId,
    cancel_unfetched: Annotated[
        bool, typer.Option("--cancel-unfetched", help="Codes that were not fetched are lost for good: that is meant.")
    ] = False,
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Close an order at the regulator. What was not fetched is cancelled."""
    body: dict[str, object] = {"confirm": "cancel-unfetched"} if cancel_unfetched else {}
    _decided(config, "order-close", body, by, order, as_json=as_json)


def _decided(config: Any, name: str, body: dict[str, object], by: str | None, order: str, *, as_json: bool) -> None:
    from lined.cli.answers import done, loaded

    answer = done(loaded(config), name, body, by, order)
    if as_json:
        print_json(answer)
    else:
        console().print(f"Order {answer['id']} is {answer['state']}.", style="green")


def _story(found: Config, order: str) -> dict[str, Any]:
    from urllib.parse import quote

    from lined.cli.answers import answered

    def offline(connection: Connection) -> Any:
        from lined.api.orders import order_story
        from lined.vocabulary.errors import NotFound
        from lined.vocabulary.ids import row_number

        number = row_number(order)
        story = None if number is None else order_story(connection, found.profile.limits.order_life_days, number)
        if story is None:
            raise NotFound("unknown-order", f"There is no order {order!r}.")
        return story

    story, _ = answered(found, f"/api/v1/orders/{quote(order, safe='')}", offline)
    return dict(story)


def _row(one: dict[str, Any], clock: Clock) -> tuple[object, ...]:
    sums = (f"{one['quantity']:,}", f"{one['fetched']:,}")
    return (one["id"], one["state"], *sums, clock.at(one["asked_at"]), clock.at(one["ends_at"]))


def _tell(story: dict[str, Any], clock: Clock) -> None:
    to = console()
    facts = [
        ("order", story["id"]),
        ("state", story["state"]),
        ("number", story["number"] or "none yet"),
        ("mark in it", story["mark"]),
        ("ordered", " by ".join(filter(None, (clock.at(story["asked_at"]), story["asked_by"])))),
        ("ends", clock.at(story["ends_at"], "not placed yet")),
        ("codes", f"{story['fetched']:,} of {story['quantity']:,} are here"),
        ("problem", story["problem"] or "none"),
    ]
    print_facts(to, facts)
    columns = ["GTIN", "state", "ordered", "given out", "fetched", "problem"]
    print_table(to, "", columns, (_product_row(one) for one in story["products"]))
    events = [(clock.at(one["at"]), one["after"], one["why"] or "") for one in story["events"]]
    print_table(to, "", ["when", "state", "why"], events)
    if story["state"] == "held":
        how = "look-again" if story["number"] else "not-received (or --number ID)"
        to.print(f"It waits for you: lined order confirm {story['id']} {how}, or lined order close {story['id']}")


def _product_row(one: dict[str, Any]) -> tuple[object, ...]:
    numbers = (f"{one[key]:,}" for key in ("quantity", "given_out", "fetched"))
    return (one["gtin"], one["state"], *numbers, one["problem"] or "")
