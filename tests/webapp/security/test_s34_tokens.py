"""S34: links that open something cannot be made up, bent, taken for another, or found in the database."""

from flask import Flask
from itsdangerous import URLSafeSerializer

from tests.factories import ShopClient
from webapp.extensions import db
from webapp.store.models import Model
from webapp.store.orders import OrderRow
from webapp.viewbuilders.links import alert_token, order_token


def test_s34_a_link_of_one_kind_opens_nothing_of_another(app: Flask, client: ShopClient, order: OrderRow) -> None:
    right, other = order_token(order.order_id), alert_token(order.order_id)
    assert client.get(f"/checkout/pay/{right}").status_code == 200
    assert client.get(f"/checkout/pay/{other}").status_code == 404
    assert client.get(f"/alerts/stop/{right}").status_code == 404


def test_s34_a_bent_link_opens_nothing(app: Flask, client: ShopClient, order: OrderRow) -> None:
    right = order_token(order.order_id)
    payload, _dot, signature = right.partition(".")
    strange = URLSafeSerializer("another secret of forty characters or so", salt="order-link").dumps(order.order_id)
    swapped = signature[1:] + signature[0]
    for token in (f"{payload}.", payload, f"{payload}.{swapped}", f"{payload}x.{signature}", str(strange)):
        assert client.get(f"/checkout/pay/{token}").status_code == 404, token


def test_s34_a_copy_of_the_database_opens_no_order(app: Flask, order: OrderRow) -> None:
    token = order_token(order.order_id)
    with db.engine.connect() as connection:
        rows = [str(row) for table in Model.metadata.sorted_tables for row in connection.execute(table.select())]
    assert rows
    assert not any(token in row or token.partition(".")[2] in row for row in rows)
