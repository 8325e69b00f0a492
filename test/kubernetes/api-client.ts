/** Requests to an API server, as a test makes them. */
import type { JsonObject } from '#kernel';

export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
  readonly warnings: string;
}

interface Sent {
  readonly body?: JsonObject;
  readonly type?: 'json' | 'merge-patch+json' | 'json-patch+json' | 'apply-patch+yaml';
  readonly accept?: string;
}

export interface Cluster extends AsyncDisposable {
  readonly url: string;
}

/** The body is JSON, which is YAML too. */
export async function ask({ url }: Cluster, method: string, path: string, sent: Sent = {}): Promise<Answer> {
  const { body, type = 'json', accept = 'application/json' } = sent;
  const answer = await fetch(url + path, {
    method,
    headers: { accept, 'content-type': `application/${type}`, 'user-agent': 'chatelaine-test/1.0' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return {
    status: answer.status,
    body: (await answer.json()) as JsonObject,
    warnings: answer.headers.get('warning') ?? '',
  };
}

interface Cause {
  readonly field: string;
  readonly message: string;
}

/** What a refusal is about; one without causes is about the whole. */
export function causesOf({ body }: Answer): Cause[] {
  const { details, message } = body as { details?: { causes?: Cause[] }; message?: string };
  return details?.causes ?? [{ field: '', message: message ?? '' }];
}
