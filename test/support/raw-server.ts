/** A TCP server on loopback that records exactly which bytes arrive, and answers however badly a test wants. */
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface RawRequest {
  /** Everything up to the blank line, without it. */
  readonly head: string;
  readonly body: Buffer;
}

export interface RawServer {
  readonly url: string;
  readonly requests: RawRequest[];
  /** Bytes that arrived on all connections. */
  bytesReceived: number;
  connections: number;
}

export type Script = (socket: Socket, request: RawRequest, index: number) => void;

/** Starts it for one test. `script` is called once per complete request. */
export async function rawServer(script: Script): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const state = { url: '', requests, bytesReceived: 0, connections: 0 };
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    state.connections += 1;
    sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      state.bytesReceived += chunk.length;
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = received.toString('latin1', 0, end);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (received.length < end + 4 + length) return;
      const request = { head, body: received.subarray(end + 4, end + 4 + length) };
      received = Buffer.alloc(0);
      requests.push(request);
      script(socket, request, requests.length - 1);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  return state;
}

/** One whole HTTP reply. */
export function reply(
  status: number,
  headers: Readonly<Record<string, string | number>>,
  body: Uint8Array | string,
): Buffer {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ 'content-length': bytes.length, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Said\r\n${lines.join('\r\n')}\r\n\r\n`), bytes]);
}

/** Answers the n-th request with the n-th reply; the last one for ever. */
export const answers =
  (...replies: readonly Buffer[]): Script =>
  (socket, _request, index) => {
    socket.write(replies[Math.min(index, replies.length - 1)] ?? Buffer.alloc(0));
  };
