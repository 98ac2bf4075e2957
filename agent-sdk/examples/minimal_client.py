#!/usr/bin/python3
"""A whole Lifesign client in another language: ZeroMQ and MessagePack are all it takes. See docs/protocol.md.

minimal_client.py AGENT [INGEST EVENTS QUERY [SECONDS]]"""
import os
import sys
import time

import msgpack
import zmq

agent = sys.argv[1] if len(sys.argv) > 1 else sys.exit(__doc__)
ports = sys.argv[2:5] if len(sys.argv) > 4 else [f"tcp://127.0.0.1:{port}" for port in (7400, 7401, 7403)]
seconds = float(sys.argv[5]) if len(sys.argv) > 5 else 2.0
BEATS, REGISTER, RECORDED = 1, 2, 2
run = int.from_bytes(os.urandom(8), "big") >> 1
context = zmq.Context()


def dealer(endpoint):
    socket = context.socket(zmq.DEALER)
    socket.set(zmq.IMMEDIATE, 1)
    socket.set(zmq.LINGER, 200)
    socket.set(zmq.HEARTBEAT_IVL, 2_000)
    socket.set(zmq.RCVTIMEO, 10_000)
    socket.set(zmq.SNDTIMEO, 10_000)
    socket.connect(endpoint)
    return socket


def ingest(socket, kind, corr, body):
    socket.send_multipart([msgpack.packb([1, kind, corr, RECORDED, {"deadline_ms": 5000}]), msgpack.packb(body)])
    reply = msgpack.unpackb(socket.recv())  # [version, code, corr, first_seq, time, detail]
    if reply[1] != "recorded" or reply[2] != corr:
        sys.exit(f"not recorded: {reply}")
    print("recorded", {"seq": reply[3], "time": reply[4]})


broker, recorder = dealer(ports[0]), dealer(ports[2])
events = context.socket(zmq.SUB)
events.set(zmq.LINGER, 0)
events.connect(ports[1])
for topic in (f"agent.ready/{agent}/", f"agent.registered/{agent}/", "tick//"):
    events.subscribe(topic)

ingest(broker, REGISTER, 1, [{"agent_id": agent, "run": run, "labels": {"language": "python"}, "interval_ms": 10_000}])
ingest(broker, BEATS, 2, [[agent, run, 1, {"activity": "busy", "progress": 1}]])

end = time.monotonic() + seconds
while (left := end - time.monotonic()) > 0:
    if events.poll(int(left * 1000)):
        topic, event = events.recv_multipart()
        print("event", topic.decode(), msgpack.unpackb(event))

recorder.send_multipart([msgpack.packb([1, "agent", 3]), msgpack.packb({"agent_id": agent})])
(_, code, _), result = map(msgpack.unpackb, recorder.recv_multipart())
print(code, result)
sys.exit(code != "ok")
