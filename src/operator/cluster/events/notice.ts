/** What events may say: texts from a catalogue, in which only names and figures are filled in. */
export interface NoticeText {
  readonly type: 'Normal' | 'Warning';
  /** What we did or tried when it came up, in UpperCamelCase. */
  readonly action: string;
  /** With `{name}` where a value goes. */
  readonly note: string;
}

/** What is told of an object. */
export interface Notice extends NoticeText {
  readonly reason: string;
}

/** Names of objects, hosts, addresses, error codes and figures; a text with room for a secret or a story is none. */
const PLAIN = /^[\w.:/@-]{1,253}$/;

/**
 * Declares events by their reasons and returns the one way to make them:
 * `const notice = defineNotices({ Applied: { type: 'Normal', action: 'Apply', note: 'applied {object}' } })`,
 * then `notice('Applied', { object: 'Deployment/one' })`. A value that is no name or figure is left out.
 */
export function defineNotices<const Texts extends Record<string, NoticeText>>(texts: Texts) {
  return (reason: keyof Texts & string, values: Readonly<Record<string, string | number>> = {}): Notice => {
    const { type, action, note } = texts[reason] as NoticeText;
    const filled = note.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = String(values[name] ?? '');
      return PLAIN.test(value) ? value : '…';
    });
    return { reason, type, action, note: filled };
  };
}
