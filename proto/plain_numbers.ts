/**
 * Makes protobufjs read 64-bit fields as plain numbers: all of ours are below 2^53, and decoding refuses others.
 * Must be imported before the generated code, which looks at this as it loads.
 *
 * @module
 */

import protobuf from "protobufjs/minimal";

protobuf.util.Long = null as unknown as typeof protobuf.util.Long;
protobuf.configure();
