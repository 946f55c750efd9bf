with open("log.txt", "a") as log:
    log.write(f"plain {context.current_model.name} {context.arguments.get('stage', 'none')}\n")
