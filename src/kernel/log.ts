import { pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
export type Logger = PinoLogger;

// Wherever a value of one of these names turns up in a log object, its value does not.
const SENSITIVE = ['authorization', 'cookie', 'password', 'secret', 'token', 'key', 'apiKey', 'clientSecret'];

export type LogFormat = 'json' | 'text';

/**
 * Structured logs, one JSON object a line, on standard error (standard output belongs to answers:
 * with `--stdio` it is the protocol's). Secrets have a type that does not print; the redaction here
 * is the second net, for values that arrive in foreign objects.
 */
export function createLogger(options: {
  level: LogLevel;
  /** Asked at every line: the configuration that says it is itself loaded with a log. */
  format?: () => LogFormat;
  destination?: DestinationStream;
}): Logger {
  const destination = options.destination ?? pino.destination({ dest: 2, sync: true });
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
    options.format === undefined
      ? destination
      : { write: (line) => destination.write(options.format?.() === 'text' ? textOf(line) : line) },
  );
}

/**
 * A line for people, made of the redacted JSON: time, level, message, the rest as `name=value`. Whatever
 * stands in it may be a caller's text: control characters are escaped, and what follows a line break is
 * indented, so that nobody else can start a line or write to the terminal.
 */
function textOf(line: string): string {
  const { time, level, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const fields = Object.entries(rest).map(
    ([name, value]) =>
      ` ${name}=${typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) ? value : JSON.stringify(value)}`,
  );
  const stack = (err as { stack?: string } | undefined)?.stack;
  const text = `${String(msg)}${fields.join('')}${stack === undefined ? '' : `\n${stack}`}`;
  return `${String(time).slice(11, 19)} ${String(level).toUpperCase().padEnd(5)} ${harmless(text)}\n`;
}

const harmless = (text: string): string =>
  text
    .replaceAll(/(?!\n)\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll('\n', '\n    ');

export const silentLogger: Logger = pino({ level: 'silent' });
