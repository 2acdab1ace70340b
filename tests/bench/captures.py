"""The captures that commands are timed on."""
import subprocess
from pathlib import Path


def make_capture(name, args):
    """Returns the capture of this name. Generates it if it is missing or older than the generator."""
    generator = Path(__file__).with_name("generate")
    suffix = "" if args.scale == 1 else "-%g" % args.scale
    capture = args.folder / ("%s%s.pcap" % (name, suffix))
    if not capture.exists() or capture.stat().st_mtime < generator.stat().st_mtime:
        subprocess.run([generator, name, capture, "--scale", str(args.scale)], check=True)
    return capture
