/**
 * What no line of the log says, whoever wrote it into a name, a message or an error: keys, tokens, cards and addresses,
 * known by sight as masks know them, and what stands where a credential does. Only what is known: a password in a
 * sentence is a word like others, and has to be kept out by whoever logs. Telephone numbers and network addresses stay:
 * times and hosts look like them.
 */
import { KNOWN, type Detector, type Found } from '../shaping/detect/index.ts';
import { maskText } from '../shaping/mask/mask-text.ts';
import type { TextRule } from '../shaping/mask/rules.ts';

/** Where a credential stands: after its scheme (RFC 9110 §11.4), in a form or an address (RFC 3986 §3.2.1), in JSON. */
const NAMES =
  'access_token|refresh_token|id_token|subject_token|actor_token|client_secret|client_assertion|code_verifier|api[-_]?key|password|passwd|pwd|secret|authorization|cookie';
const PLACES: readonly RegExp[] = [
  /\b(?:bearer|basic|dpop) ([\w.~+/=-]{8,})/dgi,
  new RegExp(`\\b(?:${NAMES})=([^\\s&"'<>;,]{3,})`, 'dgi'),
  new RegExp(`"(?:${NAMES})"\\s{0,4}:\\s{0,4}"((?:[^"\\\\]|\\\\.)+)`, 'dgi'),
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{0,128}:([^\s/@]{1,256})@/dgi,
];

/** A key that a limit of length cut off: too short to be one, and too much of one to be said. */
const CUT_OFF =
  /(?:\bchk_|\bsk-|\b[sr]k_(?:live|test)_|\bgh[pousr]_|\bgithub_pat_|\bgl[a-z]{2,3}t-|\bxox[a-z]-|\bA[KSB]IA|\bAIza|\bnpm_|\bpypi-|\bhf_|\bSG\.|\beyJ)[\w.-]{4,}(?=…?$)/;

const cutOff: Detector = {
  find(text) {
    const match = CUT_OFF.exec(text.slice(-LONGEST_CUT));
    if (match === null) return [];
    const start = match.index + Math.max(0, text.length - LONGEST_CUT);
    return [{ start, end: start + match[0].length }];
  },
};
const LONGEST_CUT = 512;

const placed: Detector = {
  find: (text) =>
    PLACES.flatMap((place) =>
      [...text.matchAll(place)].flatMap(({ indices }): Found[] => {
        const [, value] = indices ?? [];
        return value === undefined ? [] : [{ start: value[0], end: value[1] }];
      }),
    ),
};

const RULES: readonly TextRule[] = [
  KNOWN['private-key'],
  KNOWN['api-key'],
  placed,
  cutOff,
  KNOWN.card,
  KNOWN.iban,
  KNOWN.email,
].map((detector) => ({ mask: 'log', how: 'redact', detector }));

/** Longer texts are no line of a log: what is beyond is not looked at, and not said either. */
const LONGEST = 20_000;

/** The text with everything of that kind covered. */
export function coverLogText(text: string): string {
  const said = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return maskText(said, RULES, () => '', new Map());
}
