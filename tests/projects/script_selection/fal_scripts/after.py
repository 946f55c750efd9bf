model = context.current_model
with open("log.txt", "a") as log:
    log.write(f"after {model.name} {model.status}\n")
