#!/usr/bin/env python3
"""Captures of many files, sensors and days as one dataset, on the machines of an Apache Spark cluster.

    spark-submit overhear_dataset.py CAPTURE... --work FOLDER --dataset FOLDER [--shards N] [--overhear PROGRAM]

CAPTURE is a capture file, or a folder with capture files, and is read by the workers, as WORK and DATASET are written by them: all are on
storage that all machines mount. docs/scale.md describes the stages, what they cost and what limits them.

1. Each capture is split into shards by flow: a task a capture.
2. The parts of each shard, of all captures, are merged in the order of time and exported: a task a shard. A connection that spans
   captures is one connection, and `capture=shard-00003` is its partition.
3. Frames that several sensors captured are marked: the table `duplicates`.

Tasks write to names of their own and rename them when they are complete, so a task that is run again, or twice, changes nothing.
A capture whose parts are in WORK is split again if it has changed. Shards of an earlier run that this one does not have are removed from
DATASET.
"""

import argparse
import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import uuid
from urllib.parse import quote

from pyspark.sql import SparkSession
from pyspark.sql.functions import expr, regexp_extract

CAPTURE_NAME = re.compile(r"\.(pcap|pcapng|cap|dmp)(\.(gz|zst|lz4))?$|\.(pcap|pcapng|cap)\d+$")
MARK = "_SUCCESS"
# Copies of a packet at two sensors are at most this far apart.
DUPLICATE_NANOS = 50_000_000
TABLES = ["frames", "calls", "streams", "messages", "dns", "notes"]
SHARD_FOLDER = re.compile(r"capture=shard-[0-9]{5}")
# Bytes of a capture's folder and name in the name of a part, which has at most 255 with the number of the shard.
MAX_FOLDER = 150
MAX_NAME = 85


def captures_of(paths):
    """Returns the captures of paths, which may be hidden files."""
    found = []
    for path in map(pathlib.Path, paths):
        below = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [own.resolve() for own in below if not path.is_dir() or own.is_file() and CAPTURE_NAME.search(own.name)]
    if not found:
        raise SystemExit("no captures")
    return sorted(set(found))


def key_of(capture):
    """Returns the name of a capture in paths: its absolute path, so that it is the same for every run."""
    folder = str(capture.parent).rstrip("/")
    return f"{quoted(folder, MAX_FOLDER)}{quote('/', safe='')}{quoted(capture.name, MAX_NAME)}"


def quoted(text, limit):
    """Returns text with escapes as in URLs. Of a longer one, the end, after a hash of the whole: `--sensor` is often about the end."""
    whole = quote(os.fsencode(text), safe="")
    if len(whole) <= limit:
        return whole
    mark = f"{hashlib.sha256(os.fsencode(text)).hexdigest()[:16]}~"
    # Characters are removed, so that an escape is whole.
    while len(mark) + len(quote(os.fsencode(text), safe="")) > limit:
        text = text[1:]
    return mark + quote(os.fsencode(text), safe="")


def run(words):
    """Runs overhear. Returns what it reports. A capture that is damaged is read as far as possible, which is not an error."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    report = done.stderr.strip()
    if done.returncode != 0 and not (done.returncode == 2 and re.search(r" written to ", report)):
        raise RuntimeError(f"{' '.join(words)}: exit code {done.returncode}: {report}")
    return report if done.returncode else ""


def split(capture, key, parts, settings):
    """Splits a capture into the parts of its shards, unless that is done, with the same settings, and it has not changed since."""
    target = pathlib.Path(parts) / key
    state = os.stat(capture)
    mark = json.dumps({"bytes": state.st_size, "mtime_ns": state.st_mtime_ns, "with_secrets": settings["with_secrets"]})
    if mark_of(target) == mark:
        return ""
    own = target.with_name(f".{uuid.uuid4().hex}")
    own.mkdir(parents=True)
    earlier = own.with_name(f"{own.name}-earlier")
    try:
        words = [settings["overhear"], "split", str(capture), "--by-flow", str(settings["shards"])]
        report = run(words + ["-o", str(own / f"{key}.pcapng")] + ["--with-secrets"] * settings["with_secrets"])
        (own / MARK).write_text(mark)
        rename(own, target, earlier, mark)
        return report
    finally:
        shutil.rmtree(own, ignore_errors=True)
        shutil.rmtree(earlier, ignore_errors=True)


def mark_of(target):
    """Returns the mark of a complete folder, which is of the state of the capture that it was made of."""
    try:
        return (target / MARK).read_text()
    except FileNotFoundError:
        return None


def rename(own, target, earlier, mark):
    """Renames a complete folder, and one of another state of the capture to `earlier`. If another attempt has been first, its folder
    stays: it has the same content."""
    for is_last in (False, True):
        try:
            return os.rename(own, target)
        except OSError:
            if mark_of(target) == mark:
                return
            if is_last:
                raise
        # Another attempt may have renamed it.
        with contextlib.suppress(FileNotFoundError):
            os.rename(target, earlier)


def shard_name(shard):
    return f"shard-{shard:05}"


def export(shard, keys, parts, settings):
    """Exports the parts of a shard, of the captures with these keys. Returns a report, or None if there are no parts."""
    names = (pathlib.Path(parts) / key / f"{key}_{shard:05}.pcapng" for key in sorted(keys))
    own = [str(path) for path in names if path.exists()]
    if not own:
        return None
    words = [settings["overhear"], "export", "parquet", *own, "--merge-as", shard_name(shard), "--replace", "--digest"]
    words += ["--tables", settings["tables"], "-o", settings["dataset"], "--threads", "1", *settings["options"]]
    return run(words)


def remove_other_shards(dataset, shards):
    """Removes the shards that an earlier run wrote and this one did not, from all tables."""
    kept = {f"capture={shard_name(shard)}" for shard in shards}
    for table in TABLES:
        for folder in pathlib.Path(dataset, table).glob("capture=shard-*"):
            if SHARD_FOLDER.fullmatch(folder.name) and folder.name not in kept:
                shutil.rmtree(folder)


def mark_duplicates(spark, dataset, sensor):
    """Writes the table `duplicates`: frames of which an earlier copy was captured by another sensor.

    Equal packets are counted within each sensor, as long as none follows the one before after a longer time than copies are apart: the
    second of two at one sensor is a copy of the second at another."""
    sensors = regexp_extract(expr("url_decode(file)"), sensor, 1).alias("sensor")
    frames = spark.read.parquet(f"{dataset}/frames").select("capture", "number", "time", "digest", sensors)
    frames.createOrReplaceTempView("own_frames")
    found = spark.sql(
        f"""
        WITH following AS (
          SELECT *, time - lag(time) OVER (PARTITION BY capture, digest ORDER BY number) > {DUPLICATE_NANOS} AS is_later
          FROM own_frames
        ), grouped AS (
          SELECT *, count_if(is_later) OVER (PARTITION BY capture, digest ORDER BY number) AS own_group FROM following
        ), counted AS (
          SELECT *, row_number() OVER (PARTITION BY capture, digest, own_group, sensor ORDER BY number) AS nth FROM grouped
        ), copies AS (
          SELECT *, min(number) OVER (PARTITION BY capture, digest, own_group, nth) AS duplicate_of FROM counted
        )
        SELECT capture, number, duplicate_of, sensor FROM copies WHERE number <> duplicate_of
        """
    )
    found.write.mode("overwrite").parquet(f"{dataset}/duplicates")
    return spark.read.parquet(f"{dataset}/duplicates").count()


def build(spark, paths, settings):
    """Runs all stages. Returns the reports of tasks about captures that could not be read completely."""
    captures = captures_of(paths)
    parts = str(pathlib.Path(settings["work"]) / f"parts-{settings['shards']}")
    context = spark.sparkContext
    # The largest first: the last task of a stage is then a short one.
    jobs = sorted(((str(own), key_of(own)) for own in captures), key=lambda job: -os.path.getsize(job[0]))
    context.setJobDescription("split captures by flow")
    reports = context.parallelize(jobs, len(jobs)).map(lambda job: split(*job, parts, settings)).collect()
    context.setJobDescription("export shards")
    shards = range(1, settings["shards"] + 1)
    keys = [key for _, key in jobs]
    exported = context.parallelize(shards, len(shards)).map(lambda shard: export(shard, keys, parts, settings)).collect()
    reports = [report for report in reports + exported if report]
    written = [shard for shard, report in zip(shards, exported) if report is not None]
    if not written:
        raise SystemExit("\n".join([*reports, "no frames in the captures"]))
    remove_other_shards(settings["dataset"], written)
    context.setJobDescription("mark duplicates")
    marked = mark_duplicates(spark, settings["dataset"], settings["sensor"]) if "frames" in settings["tables"] else 0
    return len(jobs), marked, reports


def session():
    """Returns the session of Spark, which has no times of nanoseconds: they are bigint."""
    builder = SparkSession.builder.appName("overhear").config("spark.sql.legacy.parquet.nanosAsLong", "true")
    return builder.getOrCreate()


def parse(words=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("captures", nargs="+", metavar="CAPTURE", help="capture file, or a folder with capture files")
    parser.add_argument("--work", required=True, help="folder of the parts of captures; a run continues what is there")
    parser.add_argument("--dataset", required=True, help="folder of the tables")
    parser.add_argument("--shards", type=int, default=64, choices=range(2, 65), metavar="N", help="2 to 64 [default: 64]")
    parser.add_argument("--tables", default=",".join(TABLES), help="tables, separated by commas")
    parser.add_argument("--overhear", default="overhear", help="path of the program on the workers")
    parser.add_argument(
        "--sensor",
        default="^(.*)/",
        metavar="REGEX",
        help="regular expression whose group is the sensor in the absolute path of a capture [default: its folder]",
    )
    parser.add_argument("--with-secrets", action="store_true", help="keep the secrets of captures in their parts, to decrypt TLS")
    parser.add_argument("--option", action="append", default=[], help="further option of overhear export, such as --option=--keylog=KEYS")
    return parser.parse_args(words)


def main(words=None):
    args = parse(words)
    settings = {key: value for key, value in vars(args).items() if key not in ("captures", "option")}
    settings |= {"options": args.option, "dataset": str(pathlib.Path(args.dataset).resolve())}
    settings["work"] = str(pathlib.Path(args.work).resolve())
    spark = session()
    captures, marked, reports = build(spark, args.captures, settings)
    for report in reports:
        print(report)
    print(f"{captures} captures in {settings['shards']} shards, {marked} duplicate frames: {settings['dataset']}")
    spark.stop()


if __name__ == "__main__":
    main()
