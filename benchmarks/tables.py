#!/usr/bin/env python3
"""Makes the tables of docs/benchmarks.md: runs lifesign-bench for each row several times, one run at a time, and prints
Markdown. A cell is the median, with the least and the most behind it. Run it on a machine that does nothing else.

    benchmarks/tables.py [--bench build/release/bin/lifesign-bench] [--runs 3] [TABLE ...]
"""
import argparse
import json
import statistics
import subprocess
import sys


def case(title, arguments):
    return title, arguments.split()


TABLES = {
    "throughput": [
        case("16 in a message, 100 connections", "--agents 10000 --connections 100 --batch 16 --duration 8s --raw"),
        case("1, 100 connections", "--agents 10000 --connections 100 --duration 8s --raw"),
        case("1, 10 connections", "--agents 10000 --connections 10 --duration 8s --raw"),
        case("1, 1,000 connections", "--agents 10000 --connections 1000 --duration 8s --raw"),
        case("16, 1,000 connections", "--agents 100000 --connections 1000 --batch 16 --interval 30s --duration 8s --raw"),
    ],
    "latency": [
        case("half load, 16 in a message", "--agents 10000 --connections 100 --batch 16 --rate 750000 --duration 10s"),
        case("half load, 1 in a message", "--agents 10000 --connections 100 --rate 200000 --duration 10s"),
        case("160,000 beats/s, 16 in a message",
             "--agents 10000 --connections 100 --batch 16 --rate 160000 --jitter 50ms --interval 1s --die 0.05"),
        case("10,000 beats/s, 1 in a message",
             "--agents 10000 --connections 100 --rate interval --jitter 100ms --interval 1s --die 0.05"),
    ],
    "lateness": [
        case(f"{agents:,} agents", f"--agents {agents} --connections 100 --batch {batch} --rate interval --interval 4s "
             "--jitter 200ms --die 0.05 --warmup 5s --duration 20s")
        for agents, batch in ((1_000, 1), (10_000, 1), (100_000, 16), (400_000, 16))
    ],
    "agents": [
        case(f"{agents:,} agents", f"--agents {agents} --connections 100 --batch {batch} --interval 5m --warmup 5s "
             "--duration 8s")
        for agents, batch in ((1_000, 10), (10_000, 16), (100_000, 16), (1_000_000, 16))
    ],
    "connections": [
        case(f"{connections:,} connections",
             f"--agents 100000 --connections {connections} --batch 16 --interval 30s --warmup 3s --duration 8s")
        for connections in (1, 10, 100, 1_000, 5_000)
    ],
    "steady-connections": [
        case(f"{connections:,} connections", f"--agents 100000 --connections {connections} --batch 16 --interval 30s "
             "--rate 100000 --warmup 3s --duration 8s")
        for connections in (1, 10, 100, 1_000, 5_000)
    ],
}


def mib(run, process):
    return next(p["peak_rss_bytes"] for p in run["processes"] if p["name"] == process) / 2**20


def cpu(run, process):
    return next(p["cpu_s_per_million_beats"] for p in run["processes"] if p["name"] == process)


# Title, how to read it from a run, how to print it. What a run did not measure is left out.
COLUMNS = [
    ("recorded/s", lambda r: r["recorded_per_s"], "{:,.0f}"),
    ("of raw ZeroMQ", lambda r: r["ratio"]["recorded_to_zmq"], "{:.2f}"),
    ("of raw LMDB", lambda r: r["ratio"]["recorded_to_lmdb"], "{:.2f}"),
    ("raw ZeroMQ, beats/s", lambda r: r["raw"]["zmq_beats_per_s"], "{:,.0f}"),
    ("raw LMDB, beats/s", lambda r: r["raw"]["lmdb_beats_per_s"], "{:,.0f}"),
    ("ack p50 ms", lambda r: r["ack_ms"]["p50"], "{:.1f}"),
    ("ack p99 ms", lambda r: r["ack_ms"]["p99"], "{:.1f}"),
    ("end to end p50 ms", lambda r: r["e2e_ms"]["p50"], "{:.1f}"),
    ("end to end p99 ms", lambda r: r["e2e_ms"]["p99"], "{:.1f}"),
    ("deaths", lambda r: r["deaths"] or None, "{:,.0f}"),
    ("reported", lambda r: r["deaths_reported"] if r["deaths"] else None, "{:,.0f}"),
    ("lateness p50 ms", lambda r: r["lateness_ms"]["p50"], "{:.1f}"),
    ("lateness p99 ms", lambda r: r["lateness_ms"]["p99"], "{:.1f}"),
    ("lateness max ms", lambda r: r["lateness_ms"]["max"], "{:.1f}"),
    ("false timeouts", lambda r: r["false_timeouts"], "{:.0f}"),
] + [
    (f"{process}, CPU s a million", lambda r, p=process: cpu(r, p), "{:.2f}")
    for process in ("broker", "recorder", "watchdog", "lifesign-bench")
] + [
    (f"{process} MiB", lambda r, p=process: mib(r, p), "{:.0f}") for process in ("broker", "recorder", "watchdog")
]


def cell(runs, read, form):
    try:
        values = [read(run) for run in runs]
    except (KeyError, TypeError):
        return None
    if any(value is None for value in values):
        return None
    middle, least, most = (form.format(f(values)) for f in (statistics.median, min, max))
    return middle if least == most else f"{middle} ({least} to {most})"


def run_case(bench, title, arguments, count):
    runs = []
    for number in range(count):
        print(f"{title}: run {number + 1} of {count}: {bench} {' '.join(arguments)}", file=sys.stderr, flush=True)
        done = subprocess.run([bench, *arguments, "--json"], stdout=subprocess.PIPE, check=True)
        run = json.loads(done.stdout)
        if not run["sent"] == run["acked"] == run["recorded"] == run["received"]:
            print(f"  sent {run['sent']}, acked {run['acked']}, recorded {run['recorded']}, received {run['received']}",
                  file=sys.stderr)
        runs.append(run)
    return runs


def print_table(cases, results):
    print("| | " + " | ".join(title for title, _ in cases) + " |")
    print("|---|" + "---|" * len(cases))
    for name, read, form in COLUMNS:
        cells = [cell(runs, read, form) for runs in results]
        if any(cells):
            print(f"| {name} | " + " | ".join(c or "" for c in cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default="build/release/bin/lifesign-bench")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(TABLES) + "; all of them when none is named")
    options = parser.parse_args()
    for name in options.tables or TABLES:
        if name not in TABLES:
            parser.error(f"there is no table {name}; there are {', '.join(TABLES)}")
        results = [run_case(options.bench, title, arguments, options.runs) for title, arguments in TABLES[name]]
        print(f"\n{name}, {options.runs} runs each\n")
        print_table(TABLES[name], results)


if __name__ == "__main__":
    main()
