import { reveal } from '#kernel';
import type { AuditExportSettings, AuditRecord } from '#contract';
import { toCef } from '../export/cef.ts';
import { encodeRecordLine } from '../export/ndjson.ts';
import { toOcsf } from '../export/ocsf.ts';
import { refusedByOtlp, toOtlp } from '../export/otlp.ts';
import { syslogMessage, toSyslog, type SyslogOrigin } from '../export/syslog.ts';
import type { Sink } from './delivery.ts';
import type { RecordItem } from './feed.ts';
import { HttpSink } from './http-sink.ts';
import { SyslogSink } from './syslog-sink.ts';

/** What messages say of us. */
export interface ExportOrigin extends SyslogOrigin {
  readonly version: string;
}

/**
 * Where records go, in which format. `open` gives the record with its personal fields; it is asked
 * only where the settings say that they leave with it.
 */
export function openExport(
  settings: AuditExportSettings,
  origin: ExportOrigin,
  open: (record: AuditRecord) => Promise<AuditRecord>,
): Sink<RecordItem> {
  const sink = sinkOf(settings, origin);
  return settings.personal === 'opened' ? new Opening(sink, open) : sink;
}

function sinkOf(settings: AuditExportSettings, origin: ExportOrigin): Sink<RecordItem> {
  switch (settings.format) {
    case 'ndjson':
      return posted(settings, 'application/x-ndjson', (items) => lines(items.map(encodeRecordLine)));
    case 'ocsf':
      return posted(settings, 'application/x-ndjson', (items) =>
        lines(items.map(({ record }) => JSON.stringify(toOcsf(record)))),
      );
    case 'otlp': {
      const resource = { serviceName: 'chatelaine', serviceVersion: origin.version };
      const encode = (items: readonly RecordItem[]): string =>
        JSON.stringify(
          toOtlp(
            items.map(({ record }) => record),
            resource,
          ),
        );
      return posted(settings, 'application/json', encode, refusedByOtlp);
    }
    case 'cef':
      return new SyslogSink({ ...settings, encode: ({ record }) => cefMessage(record, origin) });
    case 'syslog':
      return new SyslogSink({ ...settings, encode: ({ record }) => toSyslog(record, origin) });
  }
}

function posted(
  { url, tls, token }: Extract<AuditExportSettings, { url: string }>,
  contentType: string,
  encode: (items: readonly RecordItem[]) => string,
  refusedIn?: (answer: string) => number,
): Sink<RecordItem> {
  return new HttpSink({
    url,
    tls,
    encode: (items) => ({
      body: encode(items),
      headers: { 'content-type': contentType, ...(token && { authorization: `Bearer ${reveal(token)}` }) },
    }),
    ...(refusedIn && { refusedIn }),
  });
}

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');

/** CEF travels as the text of a syslog message. */
const cefMessage = (record: AuditRecord, origin: ExportOrigin): string =>
  syslogMessage(
    { severity: NOTICE, time: record.time, type: record.type, data: '-' },
    origin,
    toCef(record, origin.version),
  );

/** RFC 5424 §6.2.1; CEF has a severity of its own. */
const NOTICE = 5;

/** Puts back what is personal, piece by piece, just before it goes. */
class Opening implements Sink<RecordItem> {
  readonly #sink: Sink<RecordItem>;
  readonly #open: (record: AuditRecord) => Promise<AuditRecord>;

  constructor(sink: Sink<RecordItem>, open: (record: AuditRecord) => Promise<AuditRecord>) {
    this.#sink = sink;
    this.#open = open;
  }

  get confirmsReadingOnly(): boolean {
    return this.#sink.confirmsReadingOnly;
  }

  async send(items: readonly RecordItem[]): Promise<number> {
    const opened = await Promise.all(items.map(async (item) => ({ ...item, record: await this.#open(item.record) })));
    return await this.#sink.send(opened);
  }

  close(): Promise<void> {
    return this.#sink.close();
  }
}
