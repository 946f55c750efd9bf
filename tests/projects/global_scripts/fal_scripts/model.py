with open("log.txt", "a") as log:
    log.write(f"model {context.current_model.name}\n")
