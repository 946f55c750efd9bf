with open("freshness.txt", "a") as told:
    for source in list_sources():
        if source.freshness:
            told.write(f"{source.table_name} {source.freshness.status}\n")
