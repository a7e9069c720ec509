/** A real `underpaint serve` in a process of its own, and a counting relay in front of it. */
import { spawn } from 'node:child_process';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { environment, programPath } from './programs';

export interface ServeProcess {
  readonly url: string;
  /** What it logs: method, path, status and time of every request. */
  readonly lines: string[];
  /** Sends it a signal and waits until it is gone. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
}

/** Starts it on a free port of loopback and waits until it listens. */
export async function startServe(
  model: string,
  home: string,
  args: readonly string[] = [],
): Promise<ServeProcess> {
  const child = spawn(
    process.execPath,
    [programPath('cli'), 'serve', '--port', '0', '--model', model, '--device', 'cpu', ...args],
    { stdio: ['ignore', 'pipe', 'pipe'], env: environment({ UNDERPAINT_HOME: home }) },
  );
  const lines: string[] = [];
  createInterface(child.stderr).on('line', (line) => lines.push(line));
  const gone = new Promise<number | null>((settle) => child.once('close', (code) => settle(code)));
  const url = await new Promise<string>((settle, fail) => {
    createInterface(child.stdout).once('line', settle);
    void gone.then(() => fail(new Error(`serve ended: ${lines.join('\n')}`)));
  });
  return {
    url,
    lines,
    end: (signal) => {
      child.kill(signal);
      return gone;
    },
  };
}

export interface Relay {
  readonly url: string;
  connections: number;
  /** Bytes that clients have sent. */
  bytesReceived: number;
  readonly close: () => Promise<void>;
}

/**
 * Hands everything on to `target` and counts what comes in.
 * @param holdAfterBytes of an answer: the rest never arrives, so that the client stays in the middle of it
 */
export async function countingRelay(target: string, holdAfterBytes = Infinity): Promise<Relay> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    relay.connections += 1;
    const upstream = connect(Number(port), hostname);
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    socket.on('data', (chunk) => (relay.bytesReceived += chunk.length));
    let answered = 0;
    upstream.on('data', (chunk) => {
      if (answered < holdAfterBytes) socket.write(chunk);
      answered += chunk.length;
    });
    socket.pipe(upstream);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const relay: Relay = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: 0,
    bytesReceived: 0,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
  return relay;
}
