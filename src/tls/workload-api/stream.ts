import { Client, credentials, Metadata, status, type StatusObject } from '@grpc/grpc-js';
import type { WorkloadEndpoint } from '#contract';
import { EMPTY_REQUEST, FETCH_X509_SVID, SECURITY_HEADER } from './protocol.ts';

/** Why a stream ended. */
export interface StreamEnd {
  /**
   * `denied`: there is no identity for this process. `final`: it would be told the same again, whatever it does.
   * `away`: anything else.
   */
  readonly kind: 'denied' | 'final' | 'away';
  /** One sentence without a full stop. */
  readonly detail: string;
}

/** In milliseconds. No chance in it: there is one endpoint a machine, and it is not a crowd that comes back. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;

const CHANNEL = {
  'grpc.max_receive_message_length': 4 * 1024 * 1024,
  // Private keys come this way: not by a proxy that the environment names.
  'grpc.enable_http_proxy': 0,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  // A new attempt is a new connection, at the moment that is decided here.
  'grpc.use_local_subchannel_pool': 1,
} as const;

/**
 * Keeps the stream of X.509-SVIDs open (SPIFFE_Workload_API §4.2): connects, hands on each message as it came,
 * and begins again when the stream ends, at once after one that brought something and ever more slowly
 * otherwise. After `final` it does not (SPIFFE_Workload_Endpoint, appendix A).
 */
export function keepStream(options: {
  endpoint: WorkloadEndpoint;
  message: (bytes: Buffer) => void;
  ended: (end: StreamEnd) => void;
}): { close(): void } {
  const target = targetOf(options.endpoint);
  let isClosed = false;
  let fruitless = 0;
  let timer: NodeJS.Timeout | undefined;
  let client: Client;

  function connect(): void {
    client = new Client(target, credentials.createInsecure(), CHANNEL);
    const metadata = new Metadata();
    metadata.set(...SECURITY_HEADER);
    // Read by its reader and not in here, where an unreadable message would be the end of the stream.
    const asIs = (bytes: Buffer): Buffer => bytes;
    const stream = client.makeServerStreamRequest(FETCH_X509_SVID, asIs, asIs, EMPTY_REQUEST, metadata);
    stream.on('data', (bytes: Buffer) => {
      fruitless = 0;
      if (!isClosed) options.message(bytes);
    });
    // `status` follows, and says the same.
    stream.on('error', () => undefined);
    stream.on('status', (end: StatusObject) => {
      client.close();
      if (isClosed) return;
      const told = endOf(end);
      options.ended(told);
      if (told.kind === 'final') return;
      timer = setTimeout(connect, Math.min(FIRST_WAIT_MS * 2 ** fruitless++, LONGEST_WAIT_MS));
    });
  }

  connect();
  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
      client.close();
    },
  };
}

function targetOf(endpoint: WorkloadEndpoint): string {
  if (endpoint.scheme === 'unix') return `unix:${endpoint.path}`;
  const { address, port } = endpoint;
  return address.includes(':') ? `ipv6:[${address}]:${port}` : `ipv4:${address}:${port}`;
}

function endOf({ code, details }: StatusObject): StreamEnd {
  const said = details === '' ? '' : ` (${details})`;
  switch (code) {
    case status.OK:
      return { kind: 'away', detail: 'it ended the stream' };
    case status.PERMISSION_DENIED:
      return { kind: 'denied', detail: `it has no identity for this process${said}` };
    case status.INVALID_ARGUMENT:
    case status.UNIMPLEMENTED:
      return { kind: 'final', detail: `it does not answer such requests: ${status[code]}${said}` };
    default:
      return { kind: 'away', detail: `it does not answer: ${status[code]}${said}` };
  }
}
