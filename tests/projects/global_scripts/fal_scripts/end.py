statuses = {model.name: model.status for model in list_models()}
with open("log.txt", "a") as log:
    log.write(f"end {context.current_model} {statuses}\n")
