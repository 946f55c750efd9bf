"""The share of each order in the whole."""

orders = ref("orders")
orders["share"] = orders["total"] / orders["total"].sum()
write_to_model(orders[["id", "share"]])
