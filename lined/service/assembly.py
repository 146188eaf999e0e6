"""The assembly: from the configuration to what each room wants to know. No room but the service knows the
configuration.
"""

from __future__ import annotations

from collections.abc import Callable

import drivers
from lined.codes import gtin_14
from lined.config import Config, Device, Product, Report, Secret, Station
from lined.devices import DeviceSpec, parse_url
from lined.line import plant
from lined.line.stations.read import typed_device
from lined.mqtt.spec import MqttSpec, broker_address
from lined.regulator.account import Account
from lined.regulator.minute import Minute
from lined.regulator.profile import Profile
from lined.reports.delivery.rules import DeliveryRules
from lined.supply.orders.reordering import Reorder
from lined.supply.orders.rules import OrderRules
from lined.supply.stock_watch import StockRule
from lined.vocabulary.line import Role
from lined.vocabulary.scanners import Symptom

JUDGING = frozenset({Role.APPLY, Role.VERIFY, Role.PACK})
"""Roles whose stations accept what is as it should be."""


def plant_of(config: Config) -> plant.Plant:
    """Products, stations and batch rules of the line."""
    profile = config.profile
    return plant.Plant(
        line_id=config.line.id,
        timezone=config.line.timezone,
        business_place_id=config.regulator.business_place_id,
        products={gtin_14(product.gtin): _product(product, profile) for product in config.products},
        stations={station.id: _station(config, station) for station in config.stations},
        batches=_batches(config.report.utilisation, profile),
        validation=_batches(config.report.validation, profile) if config.report.validation else None,
        aggregation=_batches(config.report.aggregation, profile) if config.report.aggregation else None,
        packing={gtin_14(product.gtin): _packing(product, profile) for product in config.products},
        series_length=profile.limits.series_number_length,
        name=config.line.name,
        contact=config.line.contact,
        sscc=plant.SsccRange(config.sscc.prefix, config.sscc.first, config.sscc.last) if config.sscc else None,
        label_printers={printer.station: printer.id for printer in config.printers if printer.station is not None},
    )


def account_of(config: Config) -> Account:
    regulator = config.regulator
    return Account(
        url=regulator.url,
        tin=regulator.tin,
        business_place_id=regulator.business_place_id,
        profile=config.profile,
        api_key=_read(regulator.api_key),
        login=regulator.login,
        password=_read(regulator.password),
        requests_per_minute=regulator.requests_per_minute,
        minute=Minute.of(
            config.journal.path.resolve().parent,
            regulator.url,
            regulator.tin,
            max(config.profile.limits.requests_per_minute, regulator.requests_per_minute),
        ),
    )


def delivery_rules_of(config: Config) -> DeliveryRules:
    regulator = config.regulator
    return DeliveryRules(
        poll_ms=int(regulator.poll_s * 1000),
        poll_max_ms=max(60_000, int(regulator.poll_s * 1000)),
        in_doubt_first_ms=int(regulator.in_doubt_first_s * 1000),
        in_doubt_gap_ms=int(regulator.in_doubt_gap_s * 1000),
        search_page=config.profile.limits.search_page,
    )


def order_rules_of(config: Config) -> OrderRules:
    regulator = config.regulator
    return OrderRules(
        poll_ms=int(regulator.poll_s * 1000),
        poll_max_ms=max(60_000, int(regulator.poll_s * 1000)),
        in_doubt_first_ms=int(regulator.in_doubt_first_s * 1000),
        in_doubt_gap_ms=int(regulator.in_doubt_gap_s * 1000),
    )


def stock_rules_of(config: Config) -> dict[str, StockRule]:
    """By GTIN: of the products that have an alarm about their stock, or a re-order."""
    found = {gtin_14(product.gtin): _stock_rule(product) for product in config.products}
    return {gtin: rule for gtin, rule in found.items() if rule != StockRule()}


def _stock_rule(product: Product) -> StockRule:
    below, quantity = product.reorder_below, product.reorder_quantity
    reorder = Reorder(gtin_14(product.gtin), product.group, below, quantity) if below and quantity else None
    return StockRule(product.low_stock, product.low_stock_hours, reorder)


def device_specs_of(config: Config) -> list[DeviceSpec]:
    """One for each device that belongs to a station."""
    specs = []
    for device in config.devices:
        station = config.station_of(device.id)
        if station is None:
            continue
        specs.append(
            DeviceSpec(
                id=device.id,
                url=parse_url(device.url),
                reply_accept=device.reply.accept_bytes,
                reply_reject=device.reply.reject_bytes,
                deadline_s=station.deadline_s,
                published=config.mqtt is not None and _is_mute(device),
            )
        )
    return specs


def settings_of(config: Config) -> dict[str, dict[str, str]]:
    """By device and symptom, what to set on it, as its driver's file names that."""
    return {
        device.id: {symptom: drivers.load(device.driver).MANUAL.remedy(symptom) for symptom in Symptom}
        for device in config.devices
    }


def mqtt_spec_of(config: Config) -> MqttSpec | None:
    """The broker; None where the line speaks to none. Devices without a reply hear their verdicts from it."""
    mqtt = config.mqtt
    if mqtt is None:
        return None
    host, port, tls = broker_address(mqtt.url)
    stations = [(device, config.station_of(device.id)) for device in config.devices if _is_mute(device)]
    return MqttSpec(
        host=host,
        port=port,
        tls=tls,
        line=config.line.id,
        root=mqtt.root,
        topics={str(name): topic for name, topic in mqtt.topics.items()},
        username=mqtt.username,
        password=_read(mqtt.password),
        ca_file=mqtt.ca_file,
        protocol=mqtt.protocol,
        published={device.id: station.deadline_s for device, station in stations if station is not None},
    )


def _is_mute(device: Device) -> bool:
    return not (device.reply.accept_bytes or device.reply.reject_bytes)


def device_ids_of(config: Config) -> list[str]:
    """Everything that reads may come from: the devices, and a name for codes typed in at each station."""
    return [device.id for device in config.devices] + [typed_device(station.id) for station in config.stations]


def binding_of(config: Config) -> dict[str, str]:
    """What a journal is bound to (docs/contract.md, Configuration)."""
    regulator = config.regulator
    return {
        "profile": config.profile.about.name,
        "url": regulator.url,
        "tin": regulator.tin,
        "business_place_id": str(regulator.business_place_id),
    }


def _batches(rules: Report, profile: Profile) -> plant.BatchRules:
    return plant.BatchRules(
        max_codes=min(rules.max_codes, profile.limits.codes_per_report),
        max_age_ms=int(rules.max_age_s * 1000),
        first_ms=int(rules.first_batch_s * 1000),
        settle_ms=int(rules.settle_s * 1000),
    )


def _packing(product: Product, profile: Profile) -> dict[str, plant.PackageRule]:
    """By level; a capacity is never more than the profile allows."""
    return {
        package.level: plant.PackageRule(
            level=package.level,
            capacity=min(package.capacity, profile.limits.children(package.level)),
            child_level=product.child_level(package),
            gtin=gtin_14(package.gtin) if package.gtin else None,
        )
        for package in product.packages
    }


def _product(product: Product, profile: Profile) -> plant.Product:
    return plant.Product(
        gtin=gtin_14(product.gtin),
        name=product.name,
        group=product.group,
        release_type=product.release_type,
        country=product.country,
        shelf_life_days=product.shelf_life_days,
        min_grade=product.min_grade,
        template=product.template,
        serial_length=product.serial_length,
        demands=profile.groups[product.group].demands,
    )


def _station(config: Config, station: Station) -> plant.Station:
    devices = [device for device in config.devices if device.id in station.devices]
    return plant.Station(
        id=station.id,
        role=station.role,
        devices=station.devices,
        applies=station.applies,
        repeat_ms={device.id: int(device.repeat_s * 1000) for device in devices},
        level=station.level or "",
        mode=station.mode if station.role == Role.PACK else "",
        confirm_ms=int(station.confirm_s * 1000),
        rejects_in_a_row=station.rejects_in_a_row if station.role in JUDGING else 0,
        name=station.name,
    )


def _read(secret: Secret | None) -> Callable[[], str] | None:
    return None if secret is None else secret.read
