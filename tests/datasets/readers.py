"""Programs that read a dataset: each returns the sorted rows of its tables, with equal values for equal data."""

import shutil


class Missing(Exception):
    """A reader that is not installed."""


def plain(value):
    """Returns a value as the others have it: bytes as hexadecimal digits, and no value as None."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if type(value).__name__ == "NAType":
        return None
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "0x" + bytes(value).hex()
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist") and getattr(value, "ndim", 0) == 1:
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        return plain(value.item())
    return None if value != value else value


def rows(names, values):
    """Returns rows in an order of their own."""
    order = sorted(range(len(names)), key=lambda nth: names[nth])
    own = [[(names[nth], plain(row[nth])) for nth in order] for row in values]
    return sorted(own, key=repr)


def of_duckdb(folder, tables):
    try:
        import duckdb
    except ImportError as error:
        raise Missing(f"{error}; pip install duckdb")
    connection = duckdb.connect()
    found = {}
    for name in tables:
        relation = f"read_parquet('{folder}/{name}/*/*/*.parquet', hive_partitioning = true)"
        columns = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
        select = ", ".join(f'epoch_ns("{c[0]}")' if c[1].startswith("TIMESTAMP") else f'"{c[0]}"' for c in columns)
        values = connection.execute(f"SELECT {select} FROM {relation}").fetchall()
        found[name] = rows([c[0] for c in columns], values)
    return found


def of_polars(folder, tables):
    try:
        import polars
    except ImportError as error:
        raise Missing(f"{error}; pip install polars")
    found = {}
    for name in tables:
        frame = polars.read_parquet(f"{folder}/{name}/*/*/*.parquet", hive_partitioning=True)
        frame = frame.with_columns(polars.selectors.datetime().cast(polars.Int64))
        found[name] = rows(frame.columns, frame.rows())
    return found


def of_pyarrow(folder, tables):
    try:
        import pyarrow
        import pyarrow.dataset
    except ImportError as error:
        raise Missing(f"{error}; pip install pyarrow")
    found = {}
    for name in tables:
        partitions = pyarrow.dataset.partitioning(
            pyarrow.schema([("capture", pyarrow.string()), ("hour", pyarrow.string())]), flavor="hive"
        )
        table = pyarrow.dataset.dataset(f"{folder}/{name}", partitioning=partitions).to_table()
        assert table.schema.field("time").metadata[b"doc"], "columns have their documentation"
        cast = [table[f.name].cast("int64") if pyarrow.types.is_timestamp(f.type) else table[f.name] for f in table.schema]
        found[name] = rows(table.column_names, list(zip(*[column.to_pylist() for column in cast])))
    return found


def of_pandas(folder, tables):
    try:
        import pandas
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise Missing(f"{error}; pip install pandas pyarrow")
    found = {}
    for name in tables:
        frame = pandas.read_parquet(f"{folder}/{name}", dtype_backend="pyarrow")
        for column in frame.columns:
            if "timestamp" in str(frame[column].dtype):
                frame[column] = frame[column].astype("int64[pyarrow]")
        frame = frame.astype(object)
        found[name] = rows(list(frame.columns), list(frame.itertuples(index=False, name=None)))
    return found


def of_spark(folder, tables):
    if not shutil.which("java"):
        raise Missing("java is required: apt-get install openjdk-17-jre-headless")
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise Missing(f"{error}; pip install pyspark")
    # Spark has no times of nanoseconds.
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.legacy.parquet.nanosAsLong", "true")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.driver.memory", "600m")
        .getOrCreate()
    )
    found = {}
    for name in tables:
        frame = session.read.parquet(f"{folder}/{name}")
        found[name] = rows(frame.columns, [tuple(row) for row in frame.collect()])
    session.stop()
    return found


READERS = {"DuckDB": of_duckdb, "Polars": of_polars, "pyarrow": of_pyarrow, "pandas": of_pandas, "Spark": of_spark}
