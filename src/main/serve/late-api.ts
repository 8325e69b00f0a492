import type { ApiHandler } from '#http';

/**
 * The API, opened by its first request: a server that only serves tools loads none of it. A failure to
 * open is told to who asked, and the next request tries again.
 */
export function lateApi(open: () => Promise<ApiHandler>): ApiHandler {
  let opening: Promise<ApiHandler> | undefined;
  return async (request, response, visit) => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    await (
      await opening
    )(request, response, visit);
  };
}
