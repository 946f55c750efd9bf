model, arguments = context.current_model, context.arguments
with open("log.txt", "a") as log:
    log.write(
        f"{arguments['stage']} {model.name} {model.status} "
        f"{arguments.get('numbers')} {arguments.get('nested')}\n"
    )
