/** A wire between a program and its server that a test can cut, or make silent. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Connections that programs asked for, refused ones too, and what they sent. */
  readonly asked: { readonly connections: number; readonly bytes: number };
  /** Cuts every connection, and refuses new ones until `mend`. */
  cut(): void;
  /** Lets nothing through in either direction, without a word, until `mend`; new connections hang too. */
  silence(): void;
  /** Lets through what the program says, and holds back what the server answers, until `mend`. */
  mute(): void;
  /** Lets everything through again; what was held back comes first. */
  mend(): void;
  close(): Promise<void>;
}

export async function tcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const answering = new Set<Socket>();
  let state: 'open' | 'cut' | 'silent' = 'open';
  const asked = { connections: 0, bytes: 0 };
  const server = createServer((near) => {
    asked.connections++;
    near.on('data', ({ length }) => (asked.bytes += length));
    if (state === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(target.port, target.host);
    answering.add(far);
    far.on('close', () => answering.delete(far));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.on('data', (bytes) => other.write(bytes));
      if (state === 'silent') one.pause();
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    cut() {
      state = 'cut';
      destroyAll();
    },
    silence() {
      state = 'silent';
      for (const socket of sockets) socket.pause();
    },
    mute() {
      for (const socket of answering) socket.pause();
    },
    mend() {
      state = 'open';
      for (const socket of sockets) socket.resume();
    },
    close() {
      destroyAll();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
