/**
 * The values of DER that stand one after the other in `bytes`, each with its head, or undefined when the last
 * one is cut off or a length is not written as DER has it (X.690 §10.1). Content is not looked at.
 */
export function derValues(bytes: Buffer): readonly Buffer[] | undefined {
  const values: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = endOfValue(bytes, at);
    if (end === undefined || end > bytes.length) return undefined;
    values.push(bytes.subarray(at, end));
    at = end;
  }
  return values;
}

const SEQUENCE = 0x30;

/** Certificates and keys are sequences; nothing else is a value here. */
function endOfValue(bytes: Buffer, at: number): number | undefined {
  const first = bytes[at + 1];
  if (bytes[at] !== SEQUENCE || first === undefined) return undefined;
  if (first < 0x80) return at + 2 + first;
  const octets = first & 0x7f;
  if (octets === 0 || octets > 3 || at + 2 + octets > bytes.length) return undefined;
  const length = bytes.readUIntBE(at + 2, octets);
  const shortest = length < 0x80 ? 0 : Math.ceil((32 - Math.clz32(length)) / 8);
  return shortest === octets ? at + 2 + octets + length : undefined;
}

/** DER as PEM, which is what the readers of files take. */
export function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
