import type { ThemeSettings } from '#contract';
import type { Pages } from '#gateway';
import { signInPages, type SignInElsewhere, type SignInServices } from '#identity';
import type { Logger } from '#kernel';

/** The pages of signing in, made when the first of them is asked for. */
export function lateSignInPages(
  services: () => SignInServices,
  options: {
    readonly log: Logger;
    readonly elsewhere: SignInElsewhere | undefined;
    readonly theme: ThemeSettings | undefined;
  },
): Pages {
  const { log, elsewhere, theme } = options;
  let made: Pages | undefined;
  const pages = (): Pages =>
    (made ??= signInPages({ services: services(), log, ...(elsewhere && { elsewhere }), ...(theme && { theme }) }));
  return {
    answers: (path) => path.startsWith('/console') && pages().answers(path),
    handle: (request, response, arrival) => pages().handle(request, response, arrival),
  };
}

/** Several, of which the first that knows a path answers. */
export const pagesOf = (all: readonly Pages[]): Pages => ({
  answers: (path) => all.some((one) => one.answers(path)),
  takesAnyOrigin: (path) => all.some((one) => one.takesAnyOrigin?.(path) === true),
  async handle(request, response, arrival) {
    const path = (request.url ?? '/').split('?', 1)[0] as string;
    await all.find((one) => one.answers(path))?.handle(request, response, arrival);
  },
});
