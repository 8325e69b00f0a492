import { defineErrors } from '#kernel';

/** What searching for tools can fail with. */
export const searchError = defineErrors('tool search', {
  TOOLS_NOT_SERVED: {
    status: 503,
    title: 'no tools are served here',
    remedy: 'Tools are found where they are served: name a running server with `--server` or CHATELAINE_SERVER.',
  },
});
