write_to_model(ref('orders'))
