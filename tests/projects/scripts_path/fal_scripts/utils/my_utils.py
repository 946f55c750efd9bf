NOTHING = 0


def double(value):
    return value * 2
