"""From the cart to the parcel: carts, vouchers, checkout, payments, orders."""
