import { defineErrors } from '#kernel';

/** What can be wrong with how the pages are to look. */
export const pageError = defineErrors('pages', {
  THEME_LOGO_UNUSABLE: {
    status: 500,
    title: 'the logo of the pages cannot be used',
    remedy: 'Name an SVG or PNG file of at most 64 KiB that the server may read.',
  },
});
