import type { AuditAnchorSettings } from '#contract';
import type { Clock } from '#kernel';
import { checkpointLine, type SignedCheckpoint } from '../checkpoint/checkpoint.ts';
import type { Sink } from '../delivery/delivery.ts';
import { HttpSink } from '../delivery/http-sink.ts';
import { SyslogSink } from '../delivery/syslog-sink.ts';
import { syslogMessage, type SyslogOrigin } from '../export/syslog.ts';
import { canonicalJson } from '../record/canonical-json.ts';
import { CHECKPOINT_TYPE } from '../record/own-types.ts';
import { FileAnchor } from './file-anchor.ts';
import { SIGNATURE_HEADER, signWebhook } from './webhook-signature.ts';

/** RFC 5424 §6.2.1. */
const NOTICE = 5;

/** Where checkpoints are kept out of the host's reach. */
export function openAnchor(settings: AuditAnchorSettings, clock: Clock, origin: SyslogOrigin): Sink<SignedCheckpoint> {
  switch (settings.type) {
    case 'file':
      return new FileAnchor(settings.path);
    case 'syslog':
      return new SyslogSink({
        ...settings,
        encode: (checkpoint) =>
          syslogMessage(
            { severity: NOTICE, time: checkpoint.body.time, type: CHECKPOINT_TYPE, data: '-' },
            origin,
            checkpointLine(checkpoint),
          ),
      });
    case 'webhook':
      return new OneByOne(
        new HttpSink({
          url: settings.url,
          tls: settings.tls,
          encode: ([checkpoint]) => {
            const body = canonicalJson(checkpoint);
            const signature = signWebhook(body, settings.secret, clock.now());
            return { body, headers: { 'content-type': 'application/json', [SIGNATURE_HEADER]: signature } };
          },
        }),
      );
  }
}

/** A body is one checkpoint. */
class OneByOne<Item> implements Sink<Item> {
  readonly #sink: Sink<Item>;

  constructor(sink: Sink<Item>) {
    this.#sink = sink;
  }

  get confirmsReadingOnly(): boolean {
    return this.#sink.confirmsReadingOnly;
  }

  async send(items: readonly Item[]): Promise<number> {
    let refused = 0;
    for (const item of items) refused += await this.#sink.send([item]);
    return refused;
  }

  close(): Promise<void> {
    return this.#sink.close();
  }
}
