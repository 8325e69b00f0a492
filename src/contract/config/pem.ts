/** Whether a certificate or key stands there itself, and not the path to it. */
export const isPem = (text: string): boolean => text.includes('-----BEGIN ');
