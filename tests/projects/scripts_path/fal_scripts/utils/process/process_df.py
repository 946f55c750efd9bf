from ..my_utils import double


def process_df(df):
    return df.assign(n=double(df["n"]))
