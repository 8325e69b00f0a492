import type { Pages } from '#gateway';
import { signInPages, type SignInServices } from '#identity';
import type { Logger } from '#kernel';

/** The pages of signing in, made when the first of them is asked for. */
export function lateSignInPages(services: () => SignInServices, log: Logger): Pages {
  let made: Pages | undefined;
  const pages = (): Pages => (made ??= signInPages({ services: services(), log }));
  return {
    answers: (path) => path.startsWith('/console') && pages().answers(path),
    handle: (request, response, arrival) => pages().handle(request, response, arrival),
  };
}
