with open("log.txt", "a") as log:
    log.write(f"before {context.current_model.name}\n")
