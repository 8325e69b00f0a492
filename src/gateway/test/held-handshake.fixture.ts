/** A wire that keeps back the end of a handshake: what a client says after the server has answered. */
import { connect, createServer, type AddressInfo } from 'node:net';

export interface HeldHandshake {
  readonly port: number;
  /** The server has said its part, and the client's is kept back. */
  readonly held: Promise<void>;
  /** Lets it go, and everything that follows. */
  letGo(): void;
  close(): void;
}

/** For one connection to the port on loopback. */
export async function holdHandshake(port: number): Promise<HeldHandshake> {
  const held = Promise.withResolvers<void>();
  let letGo = (): void => {};
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
    far.pipe(near);
    // The ClientHello goes through; certificate and Finished come after the server's answer.
    near.once('data', (hello: Buffer) => {
      far.write(hello);
      near.pause();
      far.once('data', () => {
        near.once('readable', () => held.resolve());
        letGo = () => void near.pipe(far);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    held: held.promise,
    letGo: () => letGo(),
    close: () => void server.close(),
  };
}
