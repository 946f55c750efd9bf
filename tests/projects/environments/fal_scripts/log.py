with open("log.txt", "a") as log:
    log.write(f"{context.current_model.name} {context.current_model.status}\n")
