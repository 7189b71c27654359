/**
 * What the shells of both sides need of a connection.
 *
 * @module
 */

/** A stream of bytes in both directions: a TCP connection, a WebSocket. */
export interface Transport {
  /** Bytes as they come in, each piece valid until the next is asked for. Ends when the stream does. */
  readonly incoming: AsyncIterable<Uint8Array>;
  /** Resolves when the transport has taken all of the bytes; rejects when it is gone. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Says that no more will be written, and leaves the other direction open: so the other side can read to the end
   * what it was sent, whatever it is just sending.
   */
  end(): Promise<void>;
  /** Ends the stream; closing twice does nothing. */
  close(): void;
}
