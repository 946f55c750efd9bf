write_to_model(ref('told'))
