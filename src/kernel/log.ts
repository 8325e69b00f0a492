import { pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
export type Logger = PinoLogger;

// Wherever a value of one of these names turns up in a log object, its value does not.
const SENSITIVE = ['authorization', 'cookie', 'password', 'secret', 'token', 'key', 'apiKey', 'clientSecret'];

/**
 * Structured logs, one JSON object a line, on standard error (standard output belongs to answers:
 * with `--stdio` it is the protocol's). Secrets have a type that does not print; the redaction here
 * is the second net, for values that arrive in foreign objects.
 */
export function createLogger(options: { level: LogLevel; destination?: DestinationStream }): Logger {
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
    options.destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

export const silentLogger: Logger = pino({ level: 'silent' });
