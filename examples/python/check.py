#!/usr/bin/python3
"""Holds client.py against the test vectors: check.py, or check.py FOLDER; fixtures/vectors/README.md describes them."""
import json, sys
from pathlib import Path
from client import Client, Frames, applied, carried, joined, transform, units, wire

def check(folder):
    vectors = {name: json.loads((Path(folder) / f"{name}.json").read_text()) for name in ("text", "session")}
    short = lambda op: [(splice["at"], splice["remove"], units(splice["insert"])) for splice in op]
    for row in vectors["text"]["transform"]:
        text, a, b, merged = units(row["text"]), short(row["a"]), short(row["b"]), units(row["merged"])
        assert transform(a, b, "left") == short(row["aOverB"]) and transform(b, a, "right") == short(row["bOverA"]), row
        assert applied(applied(text, a), short(row["bOverA"])) == merged, row
        assert applied(applied(text, b), short(row["aOverB"])) == merged, row
    for row in vectors["text"]["position"]:
        assert [carried(at, short(row["over"])) for at in range(len(row["after"]))] == row["after"], row
    clients, readers, states = {}, {}, 0
    for event in vectors["session"]["events"]:
        client, who = clients.setdefault(event["client"], Client()), event["client"]
        if event["event"] in ("connected", "cut"): continue
        [(name, message)] = readers.setdefault((who, event["event"]), Frames()).push(bytes.fromhex(event["bytes"]))
        if event["event"] == "hears": client.take(name, message)
        elif name == "Operation": client.sent(message)
        if "holds" in event:
            holds = event["holds"]
            assert client.revision == holds["revision"], event
            for node in holds["nodes"]:
                kind = wire.NodeKind.Value(node["kind"].upper())
                expected = [node["parent"], node["name"], kind, node.get("tombstone")]
                assert client.nodes[node["id"]] == expected, event
            assert len(client.nodes) == len(holds["nodes"]), event
            assert {node: joined(client.texts.get(node, "")) for node in holds["texts"]} == holds["texts"], event
            states += 1
    print(f"{len(vectors['text']['transform'])} merges and {states} states of a session are as the vectors say")

if __name__ == "__main__":
    check(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2] / "fixtures/vectors")
