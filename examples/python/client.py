#!/usr/bin/python3
"""A client in Python, written from docs/protocol.md and proto/space.proto alone.

    client.py HOST PORT WORKSPACE FILE

types each line of standard input into the file, which it makes if it is not there, while others edit it; at the end
it prints what the file says. It needs python3-protobuf and protoc. It keeps what is confirmed and its one change in
flight, which will do for a program that types one thing after the other. Where its connection breaks, it ends.
"""
import os, select, socket, struct, subprocess, sys, tempfile
from pathlib import Path

def compiled(folder=Path(__file__).resolve().parents[2] / "proto"):
    """The messages of space.proto, as protoc compiles them."""
    with tempfile.TemporaryDirectory() as made:
        subprocess.run(["protoc", f"-I{folder}", f"--python_out={made}", "space.proto"], check=True)
        sys.path.insert(0, made)
        import space_pb2
        return space_pb2

wire = compiled()
NAMES = {number: "".join(word.title() for word in name.split("_")) for name, number in wire.FrameType.items()}
TYPES = {name: number for number, name in NAMES.items()}

# Positions count UTF-16 code units, so texts are kept with one character for each of these: an emoji has two.
def units(text): return "".join(chr(unit) for (unit,) in struct.iter_unpack("<H", text.encode("utf-16-le")))
def joined(text): return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")

def edits(edit): return [(splice.at, splice.remove, units(splice.insert)) for splice in edit.splices]
def key(node): return f"{node.site}:{node.counter}"

# An operation is a list of (at, remove, insert): "Transforming edits".
def moved(over, ends):  # how far the splices that end there have moved what follows them
    return sum(len(insert) - remove for at, remove, insert in over if ends(at + remove))

def transform(op, over, side):
    splices = []
    for at, remove, insert in op:
        other = next((o for o in over if o[0] <= at <= o[0] + o[1]), None)
        if other is None or (other[0] == at and side == "left"):
            place = at + moved(over, lambda end: end < at)
        else:
            place = other[0] + moved(over, lambda end: end < other[0]) + len(other[2])
        splices.append((place, 0, insert))
        for i in range(at, at + remove):
            if not any(o[0] <= i < o[0] + o[1] for o in over):
                splices.append((i + moved(over, lambda end: end <= i), 1, ""))
    result = []
    for at, remove, insert in sorted(splices, key=lambda splice: splice[0]):
        if result and result[-1][0] + result[-1][1] == at:
            result[-1] = (result[-1][0], result[-1][1] + remove, result[-1][2] + insert)
        elif remove or insert:
            result.append((at, remove, insert))
    return result

def carried(position, over):
    around = next((o for o in over if o[0] <= position <= o[0] + o[1]), None)
    if around is None or around[0] == position:
        return position + moved(over, lambda end: end < position)
    return around[0] + moved(over, lambda end: end < around[0]) + len(around[2])

def applied(text, op):
    for at, remove, insert in reversed(op):
        text = text[:at] + insert + text[at + remove:]
    return text

class Frames:
    """Cuts a stream into messages: "Frames"."""
    def __init__(self): self.rest, self.parts = b"", b""

    def push(self, data):
        self.rest += data
        while len(self.rest) >= 4 and len(self.rest) >= 4 + (length := int.from_bytes(self.rest[:4], "big")):
            kind, payload, self.rest = self.rest[4], self.rest[5:4 + length], self.rest[4 + length:]
            if NAMES[kind] == "Part":
                self.parts += payload[2:]
                if not payload[1]: continue
                kind, payload, self.parts = payload[0], self.parts, b""
            yield NAMES[kind], payload if NAMES[kind] in ("Ping", "Pong") else parsed(NAMES[kind], payload)

def parsed(name, payload): return getattr(wire, name).FromString(payload)

def frame(name, payload):
    payload = payload if isinstance(payload, bytes) else payload.SerializeToString()
    return struct.pack(">IB", len(payload) + 1, TYPES[name]) + payload

class Client:
    """What is confirmed at a revision, and the edits of the one change in flight: "What a client keeps"."""
    def __init__(self):
        self.site, self.revision, self.nodes, self.texts = 0, 0, {}, {}
        self.in_flight, self.cursor, self.file = {}, 0, None

    def sent(self, operation):
        self.in_flight = {key(edit.node): edits(edit) for edit in operation.change.edits}

    def view(self, node): return applied(self.texts.get(node, ""), self.in_flight.get(node, []))

    def take(self, name, message):
        if name == "Welcome":
            self.site = message.site
            if not message.resumed: self.nodes, self.texts = {}, {}
        elif name == "SyncDocument":
            for node in message.nodes:
                removed = key(node.tombstone) if node.HasField("tombstone") else None
                self.nodes[key(node.id)] = [key(node.parent), node.name, node.kind, removed]
            for content in message.contents:
                self.texts[key(content.node)] = self.texts.get(key(content.node), "") + units(content.text)
            self.revision = message.revision
        elif name == "Entry":
            for edit in message.change.edits:
                node, theirs = key(edit.node), edits(edit)
                mine, side = self.in_flight.get(node, []), "left" if self.site < message.site else "right"
                self.in_flight[node] = transform(mine, theirs, side)
                if node == self.file:
                    shown = transform(theirs, mine, "right" if side == "left" else "left")
                    self.cursor = carried(self.cursor, shown)
                self.texts[node] = applied(self.texts.get(node, ""), theirs)
            self.confirm(message.revision, message.change.steps)
        elif name == "Acknowledge":
            self.texts.update({node: self.view(node) for node in self.in_flight})
            self.in_flight = {}
            self.confirm(message.revision, message.steps)
        elif name == "Refuse":
            self.in_flight = {}

    def confirm(self, revision, steps):
        assert revision == self.revision + 1, f"revision {revision} follows {self.revision}"
        self.revision = revision
        for step in steps:  # resolved: "Tree steps"
            what, node = step.WhichOneof("what"), key(step.node)
            if what == "create": self.nodes[node] = [key(step.create.parent), step.create.name, step.create.kind, None]
            if what == "move": self.nodes[node][0] = key(step.move.parent)
            if what == "rename": self.nodes[node][1] = step.rename.name
            if what == "remove": self.nodes[node][3] = key(step.remove.tombstone)
            if what == "restore": self.nodes[node][3] = None

def run(host, port, workspace, file):
    connection, frames, client = socket.create_connection((host, int(port))), Frames(), Client()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    hello = wire.Hello(version=1, workspace=workspace, participant=wire.Participant(name="Python", kind=wire.AGENT))
    connection.sendall(frame("Hello", hello))
    seq, there, typed, ended, waiting = 0, False, b"", False, False
    while not (ended and client.file and not typed and not waiting):
        if there and not waiting and (b"\n" in typed or client.file is None):
            operation = wire.Operation(seq=seq + 1, base=client.revision)
            client.file = client.file or next((id for id, node in client.nodes.items()
                                               if node == ["0:0", file, wire.TEXT, None]), None)
            if client.file is None:
                client.file = f"{client.site}:1"
                create = wire.Step.Create(parent=wire.Id(), name=file, kind=wire.TEXT)
                operation.change.steps.add(node=wire.Id(site=client.site, counter=1), create=create)
            elif b"\n" in typed:
                line, typed = typed[:typed.index(b"\n") + 1].decode(), typed[typed.index(b"\n") + 1:]
                site, counter = map(int, client.file.split(":"))
                edit = operation.change.edits.add(node=wire.Id(site=site, counter=counter))
                edit.splices.add(at=client.cursor, insert=line)
                client.cursor += len(units(line))
            if operation.HasField("change"):
                connection.sendall(frame("Operation", operation))
                client.sent(operation)
                seq, waiting = seq + 1, True
        ready = select.select([connection] + ([] if ended else [sys.stdin]), [], [])[0]
        if sys.stdin in ready:
            data = os.read(0, 65536)
            typed, ended = typed + data, not data
            if ended and typed and not typed.endswith(b"\n"): typed += b"\n"
        data = connection.recv(65536) if connection in ready else b""
        if connection in ready and not data: sys.exit("the connection is gone")
        for name, message in frames.push(data):
            if name == "Ping": connection.sendall(frame("Pong", message))
            if name in ("Close", "Refuse"): sys.exit(f"{message.code}: {message.message}")
            there = there or (name == "SyncDocument" and message.last)
            waiting = waiting and name != "Acknowledge"
            client.take(name, message)
    connection.sendall(frame("Close", wire.Close(code="bye")))
    sys.stdout.buffer.write(joined(client.view(client.file)).encode())

if __name__ == "__main__":
    run(*sys.argv[1:])
