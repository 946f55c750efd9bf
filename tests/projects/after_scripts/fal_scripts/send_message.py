"""Sends what happened to a model; a file stands for the chat here."""

model = context.current_model
channel = model.meta["owner"]

tests = ", ".join(
    f"{test.name} of {test.column} {test.status}"
    for test in sorted(model.tests, key=lambda test: (test.column, test.name))
)
frame = ref(model.name)

with open("messages.txt", "a") as messages:
    messages.write(
        f"to {channel}: {model.name} {model.status}, columns {', '.join(model.columns)}, "
        f"{len(frame)} rows; {tests}\n"
    )
