with open("log.txt", "a") as log:
    log.write(f"start {context.current_model}\n")
