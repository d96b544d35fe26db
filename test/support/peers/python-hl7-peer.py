"""A sender of HL7 v2 made with python3-hl7, whose parser and MLLP are its own.

python-hl7-peer.py PORT   reads one JSON object a line ({"text", "encoding"}), sends each message over one connection, and
                          prints the fields of its answer as it reads them ({"code", "id", "text"})
"""
import json
import sys

import hl7
import hl7.client

with hl7.client.MLLPClient("127.0.0.1", int(sys.argv[1])) as client:
    for line in sys.stdin:
        asked = json.loads(line)
        client.encoding = asked["encoding"]
        frame = client.send_message(hl7.parse(asked["text"]))
        answer = hl7.parse(frame.strip(b"\x0b\x1c\r").decode(asked["encoding"]))
        fields = [str(field) for field in answer.segment("MSA")]
        print(json.dumps({"code": fields[1], "id": fields[2], "text": "".join(fields[3:4])}), flush=True)
