/** Moments as Kubernetes writes them: RFC 3339, whole seconds, UTC (`metav1.Time`). */
export const momentOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

interface Certificate {
  readonly serial: string;
  readonly notAfter: number;
  readonly renewAt: number;
}

export const momentsOf = (certificate: Certificate | undefined) =>
  certificate && {
    ...{ serial: certificate.serial, notAfter: momentOf(certificate.notAfter), renewAt: momentOf(certificate.renewAt) },
  };
