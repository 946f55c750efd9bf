with open("freshness.txt", "a") as told:
    for source in list_sources():
        if source.freshness:
            told.write(f"{source.unique_id.split('.')[-1]} {source.freshness.status}\n")
