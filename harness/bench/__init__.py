"""`make bench`: how fast the procedures are on the emulator, over the wire and in process, and how they grow.

`jobs` prepares calls that all succeed, `measuring` times them, `wire` runs them through the driver, `in_process`
straight in the engine, `__main__` prints the figures and writes them to `build/bench.json`.
"""
