import { pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
export type Logger = PinoLogger;

// Wherever a value of one of these names turns up in a log object, its value does not.
const SENSITIVE = ['authorization', 'cookie', 'password', 'secret', 'token', 'key', 'apiKey', 'clientSecret'];

export type LogFormat = 'json' | 'text';

/**
 * Structured logs, one JSON object a line, on standard error (standard output belongs to answers:
 * with `--stdio` it is the protocol's). Secrets have a type that does not print; the redaction here
 * by name is the second net, for values that arrive in foreign objects; `cover` the third, for what somebody wrote
 * into a name, a message or an error.
 */
export function createLogger(options: {
  level: LogLevel;
  /** Asked at every line: the configuration that says it is itself loaded with a log. */
  format?: () => LogFormat;
  /** What a text looks like once nothing stands in it that no log may hold. Asked for each text of each line. */
  cover?: (text: string) => string;
  destination?: DestinationStream;
}): Logger {
  const destination = options.destination ?? pino.destination({ dest: 2, sync: true });
  const { cover, format } = options;
  const shown = (line: string): string => {
    if (cover === undefined && format?.() !== 'text') return harmlessJson(line);
    const entry = coveredEntry(line, cover);
    return format?.() === 'text' ? textOf(entry) : `${harmlessJson(JSON.stringify(entry))}\n`;
  };
  return pino(
    {
      level: options.level,
      base: undefined,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SENSITIVE.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: '[redacted]',
      },
    },
    { write: (line) => destination.write(shown(line)) },
  );
}

type Entry = Record<string, unknown>;

/** A line with its texts covered, those of names and of nested values too. */
function coveredEntry(line: string, cover: ((text: string) => string) | undefined): Entry {
  const entry = JSON.parse(line) as Entry;
  return cover === undefined ? entry : (covered(entry, cover) as Entry);
}

function covered(value: unknown, cover: (text: string) => string): unknown {
  if (typeof value === 'string') return cover(value);
  if (Array.isArray(value)) return value.map((item) => covered(item, cover));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [cover(name), covered(member, cover)]));
}

/**
 * JSON leaves alone what moves a cursor (C1, U+009B among it), ends a line elsewhere (U+2028) or turns a text around:
 * whoever reads a log in a terminal would be shown something else than what stands there.
 */
const harmlessJson = (line: string): string => line.replaceAll(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, escaped);

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');

/**
 * A line for people, made of the redacted JSON: time, level, message, the rest as `name=value`. Whatever
 * stands in it may be a caller's text: control characters are escaped, and what follows a line break is
 * indented, so that nobody else can start a line or write to the terminal.
 */
function textOf({ time, level, msg, err, ...rest }: Entry): string {
  const fields = Object.entries(rest).map(
    ([name, value]) =>
      ` ${name}=${typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) ? value : JSON.stringify(value)}`,
  );
  const stack = (err as { stack?: string } | undefined)?.stack;
  const text = `${String(msg)}${fields.join('')}${stack === undefined ? '' : `\n${stack}`}`;
  return `${String(time).slice(11, 19)} ${String(level).toUpperCase().padEnd(5)} ${harmless(text)}\n`;
}

const harmless = (text: string): string => harmlessJson(text).replaceAll('\n', '\n    ');

export const silentLogger: Logger = pino({ level: 'silent' });
