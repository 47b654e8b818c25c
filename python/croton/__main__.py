"""Commands: python -m croton cache info | verify | clear."""
import argparse
import sys

from . import _core


def _cache(command):
    info = _core.cache_info()
    if info is None:
        print("there is no kernel cache: CROTON_CACHE_MB is 0, or no folder is known (CROTON_CACHE_DIR, HOME)")
        return 1
    if command == "clear":
        print("%d kernels deleted from %s" % (_core.cache_clear(), info["folder"]))
    elif command == "verify":
        sound, damaged = _core.cache_verify()
        print("%d kernels are sound, %d were damaged and are deleted" % (sound, damaged))
    else:
        print("folder   %s" % info["folder"])
        print("kernels  %d" % info["entries"])
        print("size     %.1f of %d MB" % (info["bytes"] / 2**20, info["limit"] >> 20))
    return 0


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m croton")
    commands = parser.add_subparsers(dest="command", required=True)
    cache = commands.add_parser("cache", help="compiled kernels on disk")
    cache.add_argument("what", choices=("info", "verify", "clear"))
    return _cache(parser.parse_args(arguments).what)


if __name__ == "__main__":
    sys.exit(main())
